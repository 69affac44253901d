/** A thread is ended whenever that may be, but not while koffi describes a function: that aborts the process. */

import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ThreadPoolExecutor } from '#src/index.js';
import { closeEndGate, type EndGate, endGatesBelow, setEndGates, undisturbed } from '#src/undisturbed.js';
import { features, openDoorbell } from '#src/platform/index.js';

/** Describes functions without end. */
async function describe(): Promise<void> {
  const { createRequire } = await import('node:module');
  const koffi = createRequire(import.meta.url)('koffi') as { load(path: null): { func(...of: unknown[]): unknown } };
  setImmediate(() => {
    for (;;) undisturbed(() => koffi.load(null).func('getppid', 'int', []));
  });
}

async function inAnother(fn: () => Promise<void>): Promise<void> {
  const inner = new ThreadPoolExecutor({ maxWorkers: 1 });
  await inner.submit(fn);
}

for (const [name, depth] of [
  ['', 0],
  [', below another one that is ended', 1],
] as const) {
  test(`a thread is ended in the middle of koffi's work${name}`, { skip: features().native ?? false }, async () => {
    for (let i = 0; i < 8; i++) {
      const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
      await (depth === 0 ? pool.submit(describe) : pool.submit(inAnother, describe));
      await pool.killWorkers();
    }
  });
}

/** Opens bells without end. */
async function openBells(opened: Int32Array): Promise<void> {
  setImmediate(() => {
    for (;;) {
      openDoorbell(() => {}).close();
      Atomics.add(opened, 0, 1);
    }
  });
}

const pipes = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('pipe:');
    } catch {
      return false; // of the listing itself
    }
  }).length;

test('a bell stays open when its thread is ended while it opens it', { skip: features().native ?? false }, async () => {
  await using warm = new ThreadPoolExecutor({ maxWorkers: 1 });
  await warm.submit(() => openDoorbell(() => {}).close());
  // The loop of the worker closes the pipe in a later turn than that of the outcome.
  await warm.submit(() => new Promise((resolve) => setImmediate(setImmediate, resolve)));
  const before = pipes();
  for (let i = 0; i < 12; i++) {
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const opened = new Int32Array(new SharedArrayBuffer(4));
    await pool.submit(openBells, opened);
    while (Atomics.load(opened, 0) < 10) await new Promise(setImmediate);
    await pool.killWorkers();
  }
  assert.equal(pipes(), before);
});

test('work begins and ends where the thread is not ended', () => {
  setEndGates(endGatesBelow());
  assert.equal(
    undisturbed(() => undisturbed(() => 7)),
    7,
  );
  assert.throws(
    () =>
      undisturbed(() => {
        throw new RangeError('mine');
      }),
    RangeError,
  );
  setEndGates([]);
});

test('the terminating thread waits for the work, and the ending one begins no other', async () => {
  const [gate] = endGatesBelow();
  const seen = new Int32Array(new SharedArrayBuffer(8));
  const door = import.meta.resolve('#src/undisturbed.js');
  const code = `
    import { workerData } from 'node:worker_threads';
    import { setEndGates, undisturbed } from '${door}';
    const { gate, seen } = workerData;
    setEndGates([gate]);
    undisturbed(() => {
      Atomics.store(seen, 0, 1);
      Atomics.notify(seen, 0);
      while (Atomics.load(gate, 1) === 0);
      Atomics.add(seen, 1, 1);
    });
    undisturbed(() => Atomics.add(seen, 1, 1));`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    workerData: { gate: gate satisfies EndGate, seen },
  });
  while (Atomics.load(seen, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  closeEndGate(gate);
  assert.equal(Atomics.load(seen, 1), 1);
  await worker.terminate();
  assert.equal(Atomics.load(seen, 1), 1);
});
