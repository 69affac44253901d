/** Memory in this thread alone, and threads on it that live and die as a test says: they are agents that the test acts as, one at a time. */

import { type Agent, become, type Identity, type Memory } from '#src/memory/index.js';
import { checkHeader } from '#src/memory/heap/heap-header.js';
import { type Heap, theHeap } from '#src/memory/heap/heap.js';
import { segmentSize } from '#src/memory/heap/memory.js';
import { claimSlot } from '#src/memory/threads/slot-claim.js';
import { listenToSteps } from '#src/memory/heap/step.js';

/** Thrown at a step to end a thread there; nothing of its own happens afterwards. */
export class Killed extends Error {}

export class PlainWorld {
  readonly segments: Int32Array[] = [new Int32Array(segmentSize / 4)];
  readonly #dead = new Set<number>();
  /** No more segments than these. */
  limit: number;
  /** Bytes that were given back. */
  discarded = 0;
  sleeps = 0;
  /** In milliseconds. */
  clock = 0;
  #tids = 0;
  /** The work of other threads during a sleep. */
  whileAsleep: (() => void) | undefined;

  constructor(limit: number = 64) {
    this.limit = limit;
  }

  /** The memory as one thread sees it. */
  memory(): Memory {
    const identity: Identity = { pid: 1, tid: (this.#tids += 1), processStart: 0, threadStart: 0 };
    return {
      kind: 'native',
      crossesProcesses: false,
      segment: (number) => {
        const words = this.segments[number];
        if (words === undefined) throw new RangeError(`segment ${number} of ${this.segments.length}`);
        return words;
      },
      bytes: (place, length) => new Uint8Array(this.segments[Math.floor(place / segmentSize)]!.buffer, place % segmentSize, length),
      grow: (bytes) => {
        const needed = Math.ceil(bytes / segmentSize);
        if (needed > this.limit) throw new Error(`at most ${this.limit} segments`);
        while (this.segments.length < needed) this.segments.push(new Int32Array(segmentSize / 4));
      },
      discard: (from, bytes) => {
        this.discarded += bytes;
        for (let at = from; at < from + bytes; ) {
          const end = Math.min(from + bytes, (Math.floor(at / segmentSize) + 1) * segmentSize);
          const begin = (at % segmentSize) / 4;
          this.segments[Math.floor(at / segmentSize)]!.fill(0, begin, begin + (end - at) / 4);
          at = end;
        }
        return true;
      },
      sleep: () => {
        this.sleeps += 1;
        if (this.sleeps > 1000) throw new Error('the sleep has no end');
        this.whileAsleep?.();
      },
      wake: () => {},
      now: () => this.clock,
      identity: () => identity,
      isAlive: (who) => !this.#dead.has(who.tid) && who.threadStart !== who.tid,
      openBell: () => ({ address: { descriptor: 0, inode: 0 }, ref() {}, unref() {}, close() {} }),
      ring: () => true,
    };
  }

  /** A new thread, with a slot. */
  thread(): PlainThread {
    const memory = this.memory();
    checkHeader(memory);
    try {
      const { id } = claimSlot(memory);
      return new PlainThread(this, memory, id);
    } catch (error) {
      if (error instanceof Killed) this.end(memory);
      throw error;
    }
  }

  end(memory: Memory): void {
    this.#dead.add(memory.identity().tid);
  }
}

export class PlainThread {
  readonly #world: PlainWorld;
  readonly memory: Memory;
  readonly agent: Agent;
  readonly heap: Heap;

  constructor(world: PlainWorld, memory: Memory, id: number) {
    this.#world = world;
    this.memory = memory;
    const waits = Object.assign(new Set<never>(), { kick: () => {} });
    this.agent = { id, memory, waits };
    become(this.agent);
    this.heap = theHeap();
  }

  die(): void {
    this.#world.end(this.memory);
  }
}

/**
 * Runs something and ends it at one of its steps.
 *
 * @param isThere says at which; it is asked before each
 * @returns whether it was ended there
 */
export function killAt(isThere: (step: string) => boolean, body: () => void): boolean {
  let isKilled = false;
  listenToSteps((step) => {
    // Also where the guard would be left in a `finally`: a thread that is killed leaves nothing.
    if (isKilled || isThere(step)) {
      isKilled = true;
      throw new Killed(step);
    }
  });
  try {
    body();
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  } finally {
    listenToSteps(undefined);
  }
  return isKilled;
}

/** The steps that something makes, in order. */
export function stepsOf(body: () => void): string[] {
  const steps: string[] = [];
  listenToSteps((step) => void steps.push(step));
  try {
    body();
  } finally {
    listenToSteps(undefined);
  }
  return steps;
}
