/**
 * A thread, and a process, is killed at every step of the heap that has a name. The others go on at once, everything fits together, and what the dead
 * one held comes back.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { arrayMemory, markEnded, newArraySeed } from '#src/memory/heap/array-memory.js';
import { checkHeader, pageSize } from '#src/memory/heap/heap-header.js';
import { Heap } from '#src/memory/heap/heap.js';
import type { Memory } from '#src/memory/index.js';
import { createNativeMemory, nativeMemoryMissing } from '#src/memory/heap/native-memory.js';
import { Pages } from '#src/memory/heap/pages.js';
import { tagOf } from '#src/memory/heap/tag.js';
import { checkHeap } from './check-heap.ts';
import { killAt, PlainWorld, stepsOf } from './heap/plain-memory.ts';
import { agentOn, namedSteps, workload } from './workload.ts';

const long = process.env['HEDDLE_LONG'] !== undefined;
const noNative = nativeMemoryMissing();
const victim = fileURLToPath(new URL('./victim.js', import.meta.url));

/** A heap, and what becomes of it when it is not needed any more. */
interface Made {
  readonly memory: Memory;
  readonly workerData?: Record<string, unknown>;
  readonly close: () => void;
}

function makeNative(): Made & { readonly descriptor: number } {
  const { memory, descriptor, address } = createNativeMemory();
  const close = (): void => {
    memory.discard(0, new Pages(memory).end * pageSize);
    closeSync(descriptor);
  };
  return { memory, descriptor, close, workerData: { descriptor, address } };
}

function makeArray(): Made {
  const seed = newArraySeed();
  return { memory: arrayMemory(seed), workerData: { seed }, close: () => {} };
}

function makePlain(): Made & { readonly world: PlainWorld } {
  const world = new PlainWorld();
  return { world, memory: world.memory(), close: () => {} };
}

/** The steps of the workload, in order, beside a witness. */
function stepsOn({ memory, close }: Made): string[] {
  assert.ok(new Witness(memory));
  const steps = stepsOf(() => workload(memory));
  close();
  return steps;
}

/** [name, which time] of the moments of a kill: of each name the first, the first and the last, or all. */
function moments(steps: readonly string[], which: 'first' | 'firstAndLast' | 'all'): [name: string, time: number][] {
  const counts = new Map<string, number>();
  const every = steps.map((name): [string, number] => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return [name, counts.get(name)!];
  });
  if (which === 'all') return every;
  return every.filter(([name, time]) => time === 1 || (which === 'firstAndLast' && time === counts.get(name)));
}

/** A thread that was there before, and what it finds afterwards. */
class Witness {
  readonly #heap: Heap;
  readonly #memory: Memory;
  readonly #mine: { ref: number; words: Int32Array; at: number };
  readonly #before: number;

  constructor(memory: Memory) {
    checkHeader(memory);
    this.#memory = memory;
    this.#heap = new Heap(agentOn(memory));
    this.#mine = this.#heap.allocate(tagOf(18), 100);
    this.#mine.words.fill(5, this.#mine.at + 2, this.#mine.at + 100);
    this.#heap.collect();
    this.#before = checkHeap(memory).used;
  }

  look(after: string): void {
    try {
      const position = (this.#heap.allocate(tagOf(19), 100), this.#heap.listedAt);
      const large = (this.#heap.allocate(tagOf(19), 50_000), this.#heap.listedAt);
      checkHeap(this.#memory);
      this.#heap.drop(position);
      this.#heap.drop(large);
      this.#heap.collect();
      assert.equal(checkHeap(this.#memory).used, this.#before);
      assert.equal(this.#heap.statistics().threads, 1);
      assert.ok(this.#mine.words.subarray(this.#mine.at + 2, this.#mine.at + 100).every((word) => word === 5));
    } catch (error) {
      throw new Error(`after a death at ${after}`, { cause: error });
    }
  }
}

test('each named step is made by the workload', () => {
  const steps = stepsOn(makePlain());
  assert.deepEqual(
    namedSteps().filter((name) => !steps.includes(name)),
    [],
  );
});

test('a heap is right after a death at any of its steps', () => {
  for (const [name, time] of moments(stepsOn(makePlain()), long ? 'all' : 'firstAndLast')) {
    const { world, memory } = makePlain();
    const witness = new Witness(world.memory());
    let left = time;
    assert.ok(
      killAt(
        (step) => step === name && (left -= 1) === 0,
        () => workload(memory),
      ),
      `${name} ${time} was not met`,
    );
    world.end(memory);
    witness.look(`${name} ${time}`);
  }
});

test('a heap is right after a process was killed at any of its steps', { skip: noNative }, async () => {
  for (const [name, time] of moments(stepsOn(makeNative()), long ? 'firstAndLast' : 'first')) {
    const { memory, descriptor, close } = makeNative();
    const witness = new Witness(memory);
    const child = spawn(process.execPath, [victim, name, String(time)], { stdio: ['ignore', 'inherit', 'inherit', descriptor] });
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    assert.equal(signal, 'SIGKILL', `${name} ${time} was not met: exit code ${code}`);
    witness.look(`${name} ${time}`);
    close();
  }
});

async function killThreads(make: () => Made): Promise<void> {
  for (const [name, time] of moments(stepsOn(make()), long ? 'firstAndLast' : 'first')) {
    const { memory, workerData, close } = make();
    const witness = new Witness(memory);
    const stopped = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(victim, { workerData: { ...workerData, name, time, stopped } });
    const { threadId } = worker;
    const exit = once(worker, 'exit');
    await Promise.race([once(worker, 'message'), exit]);
    assert.equal(stopped[0], 1, `${name} ${time} was not met`);
    await worker.terminate();
    markEnded(memory, threadId);
    witness.look(`${name} ${time}`);
    close();
  }
}

test('a heap is right after a thread was terminated at any of its steps', { skip: noNative }, async () => {
  await killThreads(makeNative);
});

test('without native calls, a heap is right after a thread was terminated at any of its steps', async () => {
  await killThreads(makeArray);
});
