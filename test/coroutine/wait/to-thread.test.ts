/** toThread: calls in other threads, the end of abandoned calls, and modules that are loaded at the first use. */

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { currentTask } from '#src/index.js';
import { GreenletExit, iwait, killAll, spawn, Timeout, toThread, wait } from '#src/coroutine/index.js';
import { endThreads } from '#src/coroutine/wait/to-thread.js';
import { runProgram } from '../program.js';

after(endThreads);

class Refused extends Error {
  readonly answer: number;

  constructor(message: string, answer: number) {
    super(message);
    this.answer = answer;
  }
}

/** Counts what happens in threads. */
const shared = new Int32Array(new SharedArrayBuffer(8));

function until(condition: () => boolean): Promise<void> {
  return condition() ? Promise.resolve() : delay(1).then(() => until(condition));
}

test('a function runs in a thread, with what it captured and its arguments', async () => {
  const offset = 100;
  const g = spawn(function* () {
    const [sum, thread] = yield* toThread((a: number, b: number) => [a + b + offset, threadId] as const, 1, 2);
    return [sum, thread === threadId];
  });
  assert.deepEqual(await g, [103, false]);
  assert.equal(await toThread(async (text: string) => text.toUpperCase(), 'async'), 'ASYNC');
});

test('the event loop goes on meanwhile, and several run at once', async () => {
  const block = (): number => {
    Atomics.add(shared, 0, 1);
    Atomics.wait(shared, 1, 0, 10_000);
    return 1;
  };
  const blocked = [toThread(block), toThread(block)];
  await until(() => Atomics.load(shared, 0) > 0);
  Atomics.store(shared, 1, 1);
  Atomics.notify(shared, 1);
  assert.deepEqual(await Promise.all(blocked), [1, 1]);
});

test('errors keep their class, their fields and both stacks', async () => {
  function refuses(): never {
    throw new Refused('no', 42);
  }
  const g = spawn(function* caller() {
    yield* toThread(refuses);
  });
  const error = await g.catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Refused);
  assert.deepEqual([error.message, error.answer], ['no', 42]);
  assert.match(error.stack ?? '', /at refuses .*to-thread\.test.*\n {2}submitted from:\n {4}at caller .*to-thread\.test/);
});

test('what cannot cross, or is no function, is refused', async () => {
  assert.throws(() => toThread(5 as any), new TypeError('expected fn to be a function, got 5'));
  await assert.rejects(
    toThread((text: unknown) => text, new WeakMap()),
    /args\[0\]/,
  );
});

test('a kill ends what runs, and what has not begun never does', async () => {
  const begun = new Int32Array(new SharedArrayBuffer(4));
  const forEver = (): void => {
    Atomics.add(begun, 0, 1);
    for (;;);
  };
  const greenlets = Array.from({ length: 64 }, () =>
    spawn(function* () {
      yield* toThread(forEver);
    }),
  );
  await until(() => Atomics.load(begun, 0) > 0);
  await killAll(greenlets);
  for (const one of greenlets) assert.ok((one.value as unknown) instanceof GreenletExit);
  assert.equal(await toThread(() => 'the pool goes on'), 'the pool goes on');
  await endThreads();
  // One in each thread: what has begun may count itself after the kill.
  assert.ok(Atomics.load(begun, 0) <= availableParallelism());
});

test('a function that listens is told by its signal, and ends by itself', async () => {
  const told = new Int32Array(new SharedArrayBuffer(8));
  const listens = async (): Promise<void> => {
    const { signal } = currentTask()!;
    Atomics.store(told, 0, 1);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    Atomics.store(told, 1, 1);
  };
  const g = spawn(async () => {
    await toThread(listens);
  });
  await until(() => Atomics.load(told, 0) === 1);
  await g.kill();
  await until(() => Atomics.load(told, 1) === 1);
});

test('a time-out ends it', async () => {
  const forEver = (): void => {
    for (;;);
  };
  assert.equal(await Timeout.run({ timeout: 50, value: 'late' }, () => toThread(forEver)), 'late');
});

test('it is one of many things that can be waited for', async () => {
  const results: number[] = [];
  const operations = [toThread(() => 1), toThread(() => 2)];
  for await (const one of iwait(operations)) results.push(await one);
  assert.deepEqual(
    results.toSorted((a, b) => a - b),
    [1, 2],
  );
  assert.equal((await wait([toThread(() => 3), new Promise(() => {})], { count: 1 })).length, 1);
});

test('importing the coroutines loads no pool; the first call does, and the program ends by itself', async () => {
  const { stdout, stderr, code } = await runProgram(`
    import { Session } from 'node:inspector';
    const session = new Session();
    session.connect();
    const loaded = [];
    session.on('Debugger.scriptParsed', ({ params }) => loaded.push(params.url));
    session.post('Debugger.enable');
    const isAbove = () => loaded.some((url) => url.includes('/dist/pool-'));
    const before = [loaded.some((url) => url.includes('/dist/coroutine-')), isAbove()];
    const result = await h.toThread((x) => x * 2, 21);
    const after = isAbove();
    session.disconnect();
    console.log(...before, result, after);
  `);
  assert.deepEqual([stdout, stderr, code], ['true false 42 true\n', '', 0]);
});

test('an unhandled error ends the program, and names the caller, the first time as well', async () => {
  const { stderr, code } = await runProgram(`
    function fails() { throw new RangeError('in the thread') }
    async function calls() { await h.toThread(fails) }
    await calls();
  `);
  assert.equal(code, 1);
  assert.match(stderr, /RangeError: in the thread\n {4}at fails .*\n {2}submitted from:\n {4}at calls /);
});
