/** until: foreign promises, the abort after the last waiter has left, and errors that come too late. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { TimeoutError } from 'heddle';
import { GreenletExit, killAll, sleep, spawn, Timeout, until } from 'heddle/coroutine';

const LONG = 60_000;

/** The outcome of a greenlet that waits for it, thrown or not. */
async function outcome(source: Parameters<typeof until>[0]): Promise<unknown> {
  const g = spawn(function* () {
    return yield* until(source);
  });
  await g.join();
  return g.exception ?? g.value;
}

test('a promise, or a function that returns one, gives its value or its error', async () => {
  const error = new Error('no');
  // oxlint-disable-next-line unicorn/no-thenable -- not all that can be awaited are promises
  const thenable = { then: (onValue: (value: string) => void) => onValue('of a thenable') } as PromiseLike<string>;
  assert.equal(await outcome(Promise.resolve('value')), 'value');
  assert.equal(await outcome(() => delay(1, 'later')), 'later');
  assert.equal(await outcome(thenable), 'of a thenable');
  assert.equal(await outcome(Promise.reject(error)), error);
  assert.equal(await outcome(() => Promise.reject(error)), error);
});

test('what the function throws is the error of the wait', async () => {
  const error = new Error('at once');
  const operation = until(() => {
    throw error;
  });
  await assert.rejects(operation, error);
  assert.equal(
    await outcome(() => {
      throw error;
    }),
    error,
  );
  const noThenable = (await outcome(() => 5 as any)) as Error;
  assert.equal(noThenable.message, 'expected what the function of until() returns to be a promise, got 5');
  const broken = {
    // oxlint-disable-next-line unicorn/no-thenable -- and not all of them work
    then: () => {
      throw error;
    },
  };
  assert.equal(await outcome(() => broken as any), error);
});

test('what is no promise is refused at the call', () => {
  assert.throws(() => until(5 as any), new TypeError('expected promise to be a promise, or a function that returns one, got 5'));
  assert.throws(() => until(undefined as any), TypeError);
  assert.throws(() => until(Promise.resolve(), -1), RangeError);
});

test('an operation is itself', () => {
  const operation = sleep(0);
  assert.equal(until(operation), operation);
});

test('items of an async iterable come one after another', async () => {
  async function* letters(): AsyncGenerator<string> {
    yield 'a';
    await delay(1);
    yield 'b';
  }
  const g = spawn(function* () {
    const iterator = letters();
    let text = '';
    for (let next = yield* until(iterator.next()); next.done !== true; next = yield* until(iterator.next())) text += next.value;
    return text;
  });
  assert.equal(await g, 'ab');
});

test('when the last waiter leaves the signal is aborted with the reason, once, and nothing else is heard', async () => {
  const reasons: unknown[] = [];
  const asks = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason);
        // Too late for every waiter: the rejection must not end the program either.
        setImmediate(() => reject(new Error('late')));
      });
    });
  const killed = spawn(function* () {
    yield* until(asks);
  });
  const error = new Error('a kill');
  const late = spawn(function* () {
    using _ = Timeout.startNew(1);
    yield* until(asks);
  });
  const asyncOne = spawn(async () => {
    await until(asks);
  });
  await sleep();
  await killed.kill(error);
  await killAll([asyncOne]);
  const thrownOut = await late.catch((timeout: unknown) => timeout);
  await delay(5);
  assert.equal(reasons.length, 3);
  assert.deepEqual([reasons[0] === error, reasons[1] instanceof GreenletExit, reasons[2] === thrownOut], [true, true, true]);
});

test('a signal is not aborted when the wait came to its end', async () => {
  let signal: AbortSignal | undefined;
  const g = spawn(function* () {
    yield* until(async (given) => {
      signal = given;
    });
    yield* sleep(LONG);
  });
  await sleep(1);
  await g.kill();
  assert.equal(signal?.aborted, false);
});

test('a time-out and a signal end the wait, and abort what was asked', async () => {
  const aborted: unknown[] = [];
  const asks = (signal: AbortSignal): Promise<never> =>
    new Promise(() => signal.addEventListener('abort', () => aborted.push(signal.reason)));
  const late = await until(asks, 1).catch((error: unknown) => error);
  assert.ok(late instanceof TimeoutError);
  assert.equal(late.message, 'a promise took longer than it was given');
  const controller = new AbortController();
  const waits = until(asks, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(waits, new Error('enough'));
  assert.deepEqual(aborted, [late, new Error('enough')]);
  await assert.rejects(until(new Promise(() => {}), { timeout: 0 }), TimeoutError);
  assert.equal(await until(Promise.resolve(1), LONG), 1);
});

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test('a fetch of a killed greenlet is aborted: the server sees its client go', async () => {
  const gone: Promise<unknown>[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/quick') {
      response.end('quick');
      return;
    }
    request.on('error', () => {});
    gone.push(new Promise((resolve) => request.on('close', resolve)));
    void waits.kill();
  });
  const url = await listen(server);
  const quick = spawn(function* () {
    const response = yield* until((signal) => fetch(`${url}quick`, { signal }));
    return yield* until(response.text());
  });
  const waits = spawn(function* () {
    return (yield* until((signal) => fetch(url, { signal }))).status;
  });
  assert.equal(await quick, 'quick');
  await waits.join();
  assert.ok((waits.value as unknown) instanceof GreenletExit);
  await Promise.all(gone);
  assert.equal(gone.length, 1);
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
