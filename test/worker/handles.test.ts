/** Shared objects where native calls are missing, on one side or on both, and what a worker's end leaves of them. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { collect, heapStatistics, Word } from '#src/lowlevel/index.js';
import { Lock, ThreadPoolExecutor } from '#src/index.js';
import { features } from '#src/platform/index.js';
import { Parcels } from '#src/worker/link/parcels.js';
import { FrameKind, frame } from '#src/worker/link/frame.js';

const run = promisify(execFile);
const without = { ...process.env, HEDDLE_PLATFORM: 'none', NODE_TEST_CONTEXT: undefined };

async function program(text: string): Promise<unknown> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', text], { env: without });
  return JSON.parse(stdout);
}

test('without native calls a process gets handles that are not there', async () => {
  const found = await program(`
    import { ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';
    import { Word } from 'heddle/lowlevel';
    const word = new Word(1);
    const told = (error) => [error.name, error.message, error.cause?.code];
    const threads = new ThreadPoolExecutor({ maxWorkers: 1 });
    const there = await threads.submit(() => word.add(1));
    const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
    const refused = [];
    for (const call of [() => processes.submit((one) => one, { deep: [word] }), () => processes.submit(() => word.load()), () => processes.submit((a, b) => b, 0, word)])
      refused.push(await call().then(() => 'sent', told));
    console.log(JSON.stringify({ there, here: word.load(), refused, alive: await processes.submit(() => 'alive') }));
    await Promise.all([threads.shutdown(), processes.shutdown()]);
  `);
  const { refused, ...rest } = found as { refused: [name: string, message: string, code: string][] };
  assert.deepEqual(rest, { there: 1, here: 2, alive: 'alive' });
  const paths = ['args[0].deep[0]', ' → word', 'args[1]'];
  for (const [i, [name, message, code]] of refused.entries()) {
    assert.deepEqual([name, code], ['SerializationError', 'ERR_HEDDLE_UNSUPPORTED_PLATFORM']);
    assert.ok(message.endsWith(`${paths[i]}: a Word cannot cross to a process: HEDDLE_PLATFORM=none switches native calls off`), message);
  }
});

const native = features().sharedHeap ?? false;

test('a child with native calls gives its host, that has none, handles that are not there', { skip: native }, async () => {
  const found = await program(`
    import { ProcessPoolExecutor } from 'heddle';
    import { Word } from 'heddle/lowlevel';
    const pool = new ProcessPoolExecutor({ maxWorkers: 1, env: { ...process.env, HEDDLE_PLATFORM: undefined } });
    const refused = await pool.submit(() => ({ made: new Word() })).then(() => 'sent', ({ message }) => message);
    const own = await pool.submit(async () => {
      const { ProcessPoolExecutor: Processes } = await import('heddle');
      const inner = new Processes({ maxWorkers: 1 });
      const word = new Word(5);
      const added = await inner.submit((one) => one.add(1), word);
      await inner.shutdown();
      return [added, word.load()];
    });
    console.log(JSON.stringify({ refused, own }));
    await pool.shutdown();
  `);
  assert.deepEqual(found, { refused: 'result.made: a Word cannot cross to its host: its host shares no memory with it', own: [5, 6] });
});

test('handles between threads need native calls', async () => {
  const suite = fileURLToPath(new URL('../pool/handles.test.js', import.meta.url));
  const { stdout } = await run(process.execPath, ['--test-reporter=tap', suite], { env: without });
  assert.match(stdout, /^# fail 0$/m);
  assert.ok(Number(/^# pass (\d+)$/m.exec(stdout)![1]) > 8, stdout);
});

for (const [name, env] of [
  ['with', process.env],
  ['without', without],
] as const) {
  test(`${name} native calls: what a terminated thread held stays taken`, async () => {
    const text = `
      import { Lock, OwnerDied, ThreadPoolExecutor } from 'heddle';
      const lock = new Lock();
      const pool = new ThreadPoolExecutor({ maxWorkers: 1, name: 'holder' });
      const waiting = pool.submit(async () => {
        lock.acquireSync();
        await new Promise((resolve) => setTimeout(resolve, 1e9));
      }).catch(() => {});
      while (!lock.locked()) await new Promise((resolve) => setTimeout(resolve, 1));
      const { pid, name } = lock.owner;
      const taking = lock.acquire().then(() => 'taken', (error) => (error instanceof OwnerDied ? error.owner.name : String(error)));
      await pool.killWorkers();
      await waiting;
      console.log(JSON.stringify([pid === process.pid, name, await taking, lock.owner.name]));
    `;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', text], {
      env: { ...env, NODE_TEST_CONTEXT: undefined },
    });
    assert.deepEqual(JSON.parse(stdout), [true, 'holder', 'holder', 'MainProcess']);
  });
}

test('the objects of a frame that waits for its modules are let go, or those of a task that was cancelled are kept', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const word = new Word(3);
  const busy = pool.submit((one: Word) => void one.wait(3), word);
  const cancelled = [1, 2, 3].map(() => pool.submit((one: Word) => one.load(), new Word()));
  for (const one of cancelled) one.cancel();
  await Promise.allSettled(cancelled);
  word.store(4);
  word.notify();
  await busy;
  assert.equal(heapStatistics().parcels, 0);
});

test('a frame whose parcel cannot be made is not sent, or its receiver does not know', async () => {
  const [host, worker] = [new Parcels(false), new Parcels(false)];
  const word = new Word();
  const f = frame(FrameKind.Task, { handles: Array.from({ length: 2 ** 21 }, () => word) });
  assert.equal(host.pack(f), false);
  assert.equal(heapStatistics().parcels, 0);
  const arrived = frame(FrameKind.Task, { parcel: f.parcel });
  await new Promise<void>((resolve) => worker.receive(arrived, () => resolve()));
  assert.match(arrived.lost!.message, /no room/);
  host.unpack(f);
  assert.equal(f.parcel, 0);
  assert.ok(collect() >= 0 && !new Lock().locked());
});
