/**
 * The additional promises of the memory of threads: the system cannot tell which threads live, and nothing of it keeps a program alive by
 * itself.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { arrayMemory, markEnded, newArraySeed } from '#src/memory/heap/array-memory.js';
import type { Identity } from '#src/memory/heap/memory.js';
import { identityOf, slotFields, slotOf } from '#src/memory/threads/slots.js';
import { until } from '../until.ts';

const door = JSON.stringify(import.meta.resolve('#src/memory/heap/array-memory.js'));
async function node(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  return stdout.trim();
}

const options = { timeout: 60_000 };

test('threads that end with the one that started them count as dead, and others as alive', options, async () => {
  const seed = newArraySeed();
  const memory = arrayMemory(seed);
  // Each writes its identity into the slot of its depth; the last sleeps.
  const program = `
    const { threadId, Worker, workerData } = require('node:worker_threads');
    import(${door}).then(({ arrayMemory }) => {
      const { seed, depth, startedBy, slotSize, slotsBegin, tid, processStart } = workerData;
      const memory = arrayMemory(seed, startedBy);
      const slot = slotsBegin + depth * slotSize;
      const words = memory.segment(0);
      words[slot + processStart] = memory.identity().processStart;
      Atomics.store(words, slot + tid, memory.identity().tid);
      if (depth < 3) new Worker(workerData.program, { eval: true, workerData: { ...workerData, depth: depth + 1, startedBy: threadId } });
      else for (;;) memory.sleep(40, 0, Infinity);
    });`;
  const [slotsBegin, slotSize] = [slotOf(0), slotOf(1) - slotOf(0)];
  const given = { program, seed, startedBy: 0, slotsBegin, slotSize, tid: slotFields.tid, processStart: slotFields.processStart };
  const other = new Worker(program, { eval: true, workerData: { ...given, depth: 10 } });
  const worker = new Worker(program, { eval: true, workerData: { ...given, depth: 1 } });
  const who = (slot: number): Identity => identityOf(memory, slot);
  await until(() => [1, 2, 3, 10].every((slot) => who(slot).tid !== 0));
  assert.ok([1, 2, 3, 10].every((slot) => memory.isAlive(who(slot), true)));
  const id = worker.threadId;
  await worker.terminate();
  markEnded(memory, id);
  assert.deepEqual(
    [1, 2, 3, 10].map((slot) => memory.isAlive(who(slot), true)),
    [false, false, false, true],
  );
  // The slot of a dead one goes to another.
  memory.segment(0)[slotOf(2) + slotFields.tid] = 1;
  assert.equal(memory.isAlive(who(2), true), true);
  await other.terminate();
});

test('a program that waits for a ring goes on, and one that does not wait ends', options, async () => {
  const ringer = `
    import { workerData } from 'node:worker_threads';
    import { arrayMemory } from ${door};
    const memory = arrayMemory(workerData);
    while (Atomics.load(memory.segment(0), 8) === 0) memory.sleep(32, 0, Infinity);
    Atomics.store(memory.segment(0), 9, 1);
    memory.ring(undefined, undefined, 36);`;
  const run = (hold: string): Promise<string> =>
    node(`
      import { Worker } from 'node:worker_threads';
      import { arrayMemory, newArraySeed } from ${door};
      const seed = newArraySeed();
      const memory = arrayMemory(seed);
      const bell = memory.openBell(36, () => { console.log('heard'); bell.close(); });
      bell.ref();
      ${hold}
      // The other rings when this loop has turned some times, which it does only if it is held.
      let ticks = 0;
      const ticking = setInterval(() => {
        ticks += 1;
        if (ticks < 5) return;
        clearInterval(ticking);
        Atomics.store(memory.segment(0), 8, 1);
        memory.wake(32, 1);
      }, 1).unref();
      process.on('exit', () => console.log('ends'));`);
  const start = `new Worker(${JSON.stringify(ringer)}, { eval: true, workerData: seed }).unref();`;
  assert.equal(await run(start), 'heard\nends');
  assert.equal(await run(`${start} bell.unref();`), 'ends');
});

test('a program ends while its threads sleep, or after it slept', options, async () => {
  const sleeper = `
    import { workerData } from 'node:worker_threads';
    import { arrayMemory } from ${door};
    const memory = arrayMemory(workerData);
    Atomics.store(memory.segment(0), 9, 1);
    for (;;) memory.sleep(40, 0, Infinity);`;
  const output = await node(`
    import { Worker } from 'node:worker_threads';
    import { arrayMemory, newArraySeed } from ${door};
    const seed = newArraySeed();
    const memory = arrayMemory(seed);
    new Worker(${JSON.stringify(sleeper)}, { eval: true, workerData: seed });
    while (Atomics.load(memory.segment(0), 9) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    memory.sleep(40, 0, Infinity);
    console.log('ends');
    process.exit(0);`);
  assert.equal(output, 'ends');
});

test('a ring at a thread that is just being ended does not harm the ringer', options, async () => {
  const seed = newArraySeed();
  const memory = arrayMemory(seed);
  const program = `
    const { workerData, parentPort } = require('node:worker_threads');
    import(${door}).then(({ arrayMemory }) => { arrayMemory(workerData).openBell(36, () => {}).ref(); parentPort.postMessage(0); });`;
  for (let i = 0; i < 10; i++) {
    const worker = new Worker(program, { eval: true, workerData: seed });
    await once(worker, 'message');
    const state = { hasEnded: false };
    const end = worker.terminate().then(() => (state.hasEnded = true));
    while (!state.hasEnded) {
      for (let ring = 0; ring < 100; ring++) {
        Atomics.store(memory.segment(0), 9, 1);
        memory.ring(memory.identity(), { descriptor: 0, inode: 0 }, 36);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await end;
  }
});
