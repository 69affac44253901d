/** Killing: in every state, by every caller, and what is left. */

import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import test from 'node:test';
import { type Coroutine, getCurrent, Greenlet, GreenletExit, joinAll, Queue, sleep, spawn, until } from 'heddle/coroutine';
import { replay } from 'heddle/testing';
import { InvalidStateError, TimeoutError } from 'heddle';
import { runProgram } from '../program.js';

const isExit = (value: unknown): boolean => value instanceof GreenletExit;

const forever = function* (): Coroutine<void> {
  yield* sleep(1e6);
};

test('a greenlet that is killed before it begins never runs', async () => {
  const said: string[] = [];
  const started = spawn(() => said.push('ran'));
  const fresh = new Greenlet(() => said.push('ran'));
  for (const g of [started, fresh]) {
    const killed = g.kill();
    assert.deepEqual([g.dead, g.successful(), isExit(g.value)], [true, true, true]);
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await killed;
    g.start();
  }
  await sleep(1);
  assert.deepEqual(said, []);
});

test('a kill is thrown where the greenlet waits, and finally runs', async () => {
  const said: string[] = [];
  const g = spawn(function* () {
    try {
      try {
        yield* sleep(1e6);
      } catch (error) {
        said.push(`caught ${(error as Error).name}`);
        throw error;
      }
    } finally {
      yield* sleep(1);
      said.push('cleaned');
    }
  });
  await sleep(0);
  const killed = g.kill();
  assert.equal(g.dead, false);
  await killed;
  assert.equal(g.dead, true);
  assert.deepEqual(said, ['caught GreenletExit', 'cleaned']);
  assert.ok(isExit(await g));
  assert.equal(g.exception, undefined);
});

test('a kill with an error of its own is a failure, and is not printed', async () => {
  const mine = new Error('mine');
  const g = spawn(forever);
  await sleep(0);
  await g.kill(mine);
  assert.deepEqual([g.successful(), g.exception], [false, mine]);
  await assert.rejects(g, (error) => error === mine);

  class Custom extends Error {}
  const byClass = spawn(forever);
  await byClass.kill(Custom);
  assert.ok(byClass.exception instanceof Custom);
  // A value that is not an error fails the greenlet, not the caller of `kill`.
  const odd = spawn(forever);
  await sleep(0);
  await odd.kill('text');
  assert.match(String(odd.exception), /expected error to be an Error, got 'text'/);

  const { stderr } = await runProgram(`
    const g = h.spawn(function* () { yield* h.sleep(1e6) });
    await h.sleep(0);
    await g.kill(new Error('known to the killer'));
  `);
  assert.equal(stderr, '');
});

test('a second kill is thrown after the first was survived', async () => {
  const said: string[] = [];
  const g = spawn(function* () {
    for (let i = 0; i < 2; i += 1) {
      try {
        yield* sleep(1e6);
      } catch {
        said.push(`survived ${i}`);
      }
    }
    return 'ended by itself';
  });
  await sleep(0);
  const first = g.kill();
  g.kill();
  await sleep(1);
  assert.deepEqual(said, ['survived 0'], 'two kills before it could run are one');
  assert.equal(g.dead, false);
  await Promise.all([g.kill(), first]);
  assert.deepEqual(said, ['survived 0', 'survived 1']);
  assert.equal(g.value, 'ended by itself');
  await g.kill();
});

test('a waiter for a kill resumes when it has ended', async () => {
  const undying = spawn(function* () {
    let isOver = false;
    while (!isOver) {
      try {
        yield* sleep(1e6);
      } catch (error) {
        isOver = (error as Error).message === 'really';
      }
    }
  });
  await sleep(0);
  await assert.rejects(undying.kill(undefined, { timeout: 1 }), TimeoutError);
  await assert.rejects(undying.kill(undefined, 0), TimeoutError);
  assert.equal(undying.dead, false);
  await undying.kill(new Error('really'));
  assert.equal(undying.dead, true);
});

test('a greenlet that kills itself ends', async () => {
  const said: string[] = [];
  const self = spawn(function* () {
    try {
      getCurrent().kill();
      said.push('went on');
    } finally {
      yield* sleep(0);
      said.push('cleaned');
    }
  });
  const async = spawn(async () => {
    try {
      getCurrent().kill();
      said.push('went on');
    } finally {
      said.push('cleaned');
    }
  });
  const later = spawn(async () => {
    await sleep(0);
    getCurrent().kill(new Error('late'));
  });
  const plain = spawn(() => getCurrent().kill());
  assert.ok(isExit(await self));
  assert.ok(isExit(await async));
  assert.ok(isExit(await plain));
  await assert.rejects(later, /late/);
  assert.deepEqual(said, ['cleaned', 'cleaned']);
  assert.throws(() => getCurrent().kill(), InvalidStateError);
});

test('a kill while others join wakes them', async () => {
  const g = spawn(forever);
  const joiners = [
    spawn(() => g.join()),
    spawn(function* () {
      return yield* g.join();
    }),
  ];
  const getter = spawn(function* () {
    return yield* g.get();
  });
  await sleep(1);
  await g.kill();
  assert.deepEqual(await Promise.all(joiners), [true, true]);
  assert.ok(isExit(await getter));
});

test('a kill from a link callback, its own or another one, is safe', async () => {
  const other = spawn(forever);
  const g = spawn(() => 'value');
  const seen: unknown[] = [];
  g.link((ended) => {
    ended.kill();
    seen.push(ended.value);
    other.kill();
  });
  assert.equal(await g, 'value');
  await other.join();
  assert.deepEqual(seen, ['value']);
});

test('a kill of a waiter for a greenlet leaves that greenlet alone', async () => {
  const inner = spawn(function* () {
    yield* sleep(3);
    return 'alive';
  });
  const outer = spawn(function* () {
    yield* inner;
  });
  await sleep(0);
  await outer.kill();
  assert.equal(await inner, 'alive');
  assert.equal(inner.hasLinks, false);
});

test('a killed wait takes nothing: a timer, a fetch', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  let reason: unknown;
  const g = spawn(function* () {
    yield* until((signal) => {
      signal.addEventListener('abort', () => (reason = signal.reason));
      return fetch(url, { signal });
    });
  });
  const [socket] = (await once(server, 'connection')) as [import('node:net').Socket];
  const closed = once(socket, 'close');
  await g.kill();
  await closed;
  assert.ok(reason instanceof GreenletExit);
  server.close();
  await once(server, 'close');
});

test('an async function is told of its kill, and its waits end', async () => {
  const said: string[] = [];
  const g = spawn(async () => {
    const { signal } = getCurrent();
    signal.addEventListener('abort', () => said.push(`aborted: ${(signal.reason as Error).name}`));
    try {
      await sleep(1e6);
    } catch (error) {
      said.push((error as Error).name);
      throw error;
    } finally {
      // Work that it begins after its end is its own.
      await sleep(1);
      said.push(`cleaned by ${getCurrent() === g ? 'itself' : 'another'}`);
    }
  });
  await sleep(1);
  g.kill();
  assert.equal(g.dead, true);
  assert.equal(g.signal.aborted, true);
  while (said.length < 3) await sleep(1);
  assert.deepEqual(said.toSorted(), ['GreenletExit', 'aborted: GreenletExit', 'cleaned by itself']);
});

test('an async function that awaits a foreign promise when it is killed ends at its next wait', async () => {
  const said: string[] = [];
  let resolve: (() => void) | undefined;
  const g = spawn(async () => {
    try {
      await new Promise<void>((done) => (resolve = done));
      said.push('goes on');
      await sleep(1e6);
    } catch (error) {
      said.push((error as Error).name);
      // Once is enough.
      await sleep(1);
      said.push('cleaned');
    }
  });
  await sleep(0);
  await g.kill();
  resolve?.();
  while (said.length < 3) await sleep(1);
  assert.deepEqual(said, ['goes on', 'GreenletExit', 'cleaned']);
});

test('an async function that is killed after its wait is over, but before it resumes, ends', async () => {
  // Found by explore(): the kill comes between the end of the wait and the call back of its promise.
  const said: string[] = [];
  await replay(async () => {
    const queue = new Queue<number>();
    const g = spawn(async () => {
      try {
        for (;;) said.push(`got ${await queue.get()}`);
      } catch (error) {
        said.push((error as Error).name);
      }
    });
    await sleep(1);
    queue.putNowait(1);
    g.kill();
    await sleep(1);
    queue.putNowait(2);
    await sleep(1);
    assert.equal(queue.qsize(), 1);
  }, '');
  assert.deepEqual(said, ['got 1', 'GreenletExit']);
});

test('an item survives a greenlet whose function only returns the wait for it', async () => {
  const queue = new Queue<string>();
  const waiting = spawn(() => queue.get());
  await sleep(0);
  spawn(() => {
    queue.putNowait('item');
    waiting.kill();
  });
  await waiting.join();
  assert.equal(queue.qsize(), 1);
  const quick = spawn(() => queue.get());
  spawn(() => quick.kill());
  assert.equal(await quick, 'item');
});

test('an async function that kills itself is not told once more by its next wait', async () => {
  const said: string[] = [];
  spawn(async () => {
    await sleep(0);
    try {
      getCurrent().kill();
    } finally {
      await sleep(1).then(
        () => said.push('cleaned'),
        () => said.push('told again'),
      );
    }
  });
  while (said.length === 0) await sleep(1);
  assert.deepEqual(said, ['cleaned']);
});

test('an operation that is not awaited outlives its async greenlet', async () => {
  let left: ReturnType<typeof sleep> | undefined;
  const g = spawn(async () => {
    left = sleep(2);
    await sleep(1e6);
  });
  await sleep(1);
  await g.kill();
  await left;
});

test('an error of an async function after its kill is reported, not thrown', async () => {
  const { stderr, code } = await runProgram(`
    const late = h.spawn(async () => { try { await h.sleep(1e6) } catch { throw new Error('late failure') } });
    const same = h.spawn(async () => { await h.sleep(1e6) });
    const value = h.spawn(async () => { try { await h.sleep(1e6) } catch { return 'late value' } });
    const aborted = h.spawn(() => new Promise((_, reject) => {
      const { signal } = h.getCurrent();
      signal.addEventListener('abort', () => reject(signal.reason));
    }));
    await h.sleep(1);
    for (const g of [late, same, value, aborted]) await g.kill();
  `);
  assert.equal(stderr.match(/late failure/g)?.length, 1, stderr);
  assert.match(stderr, /failed after it was killed/);
  assert.equal(stderr.match(/heddle:/g)?.length, 1, stderr);
  assert.equal(code, 0);
});

test('a kill in the moment that its wait is over is not lost', async () => {
  for (const order of ['kill first', 'wake first']) {
    let wake: (() => void) | undefined;
    const promise = new Promise<void>((resolve) => (wake = resolve));
    const g = spawn(function* () {
      yield* until(promise);
      yield* sleep(0);
      return 'survived';
    });
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await sleep(1);
    if (order === 'kill first') g.kill();
    wake?.();
    // oxlint-disable-next-line no-await-in-loop -- the promise settles the operation, the greenlet is ready
    await promise;
    g.kill();
    // oxlint-disable-next-line no-await-in-loop -- one after another
    assert.ok(isExit(await g), order);
  }
});

test('a hundred thousand killed greenlets leave nothing', async () => {
  const gs = Array.from({ length: 100_000 }, () => spawn(forever));
  await sleep(20);
  for (const g of gs) g.kill();
  await joinAll(gs);
  assert.ok(gs.every((g) => g.dead && isExit(g.value)));
});
