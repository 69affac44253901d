/** Random histories of a few threads on one heap, and their model: the holders of each block, and its content. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Block, blockAt } from '#src/memory/index.js';
import { Sweep } from '#src/memory/collect/sweep.js';
import { tagOf } from '#src/memory/heap/tag.js';
import { checkHeap } from './check-heap.ts';
import { type PlainThread, PlainWorld } from './heap/plain-memory.ts';

export type Action =
  | { do: 'allocate'; who: number; words: number }
  | { do: 'free'; who: number; which: number }
  | { do: 'drop'; who: number; which: number }
  | { do: 'chain'; who: number; which: number; words: number }
  | { do: 'give'; who: number; which: number; to: number }
  | { do: 'die'; who: number }
  | { do: 'collect'; who: number }
  | { do: 'sweep'; who: number; units: number };

const who = fc.nat(2);
const which = fc.nat();
const words = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 2, max: 300 }) },
  { weight: 2, arbitrary: fc.integer({ min: 2, max: 10_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(16384, 20_000, 400_000) },
);

export const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('allocate' as const), who, words }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('free' as const), who, which }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('drop' as const), who, which }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('chain' as const), who, which, words }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('give' as const), who, which, to: who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('collect' as const), who }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('sweep' as const), who, units: fc.integer({ min: 1, max: 40 }) }) },
);

interface Held {
  readonly block: Block;
  readonly words: number;
  /** The value of all its words but the first two. */
  readonly mark: number;
  /** Entries of this thread's ledger. */
  readonly position: number;
  readonly chain: Held[];
}

export class RandomHeap {
  readonly world: PlainWorld = new PlainWorld(16);
  readonly threads: PlainThread[] = [this.world.thread(), this.world.thread(), this.world.thread()];
  readonly held: Held[][] = [[], [], []];
  #marks = 0;
  /** One that is going on, unless its thread has died. */
  #sweep: { readonly by: PlainThread; readonly of: Sweep } | undefined;

  #fill(held: Held): Held {
    const { block, words: count, mark } = held;
    block.words.fill(mark, block.at + 2, block.at + count);
    return held;
  }

  #allocate(thread: PlainThread, count: number): Held {
    const block = thread.heap.allocate(tagOf(9), count);
    assert.ok(
      block.words.subarray(block.at + 1, block.at + count).every((word) => word === 0),
      'a block has something in it',
    );
    return this.#fill({ block, words: count, mark: (this.#marks += 1), position: thread.heap.listedAt, chain: [] });
  }

  do(action: Action): void {
    const thread = this.threads[action.who]!;
    const mine = this.held[action.who]!;
    const { heap } = thread;
    switch (action.do) {
      case 'allocate':
        mine.push(this.#allocate(thread, action.words));
        return;
      case 'die':
        thread.die();
        this.replace(action.who);
        return;
      case 'collect':
        // Otherwise it would wait for the sweep of another thread.
        if (!this.#isSweeping() || this.#sweep!.by === thread) heap.collect();
        return;
      case 'sweep':
        if (!this.#isSweeping()) this.#beginSweep(thread);
        else if (this.#sweep!.by === thread) this.#slice(action.units);
        return;
      default:
        this.#handle(action);
    }
  }

  #isSweeping(): boolean {
    return this.#sweep !== undefined && this.threads.includes(this.#sweep.by) && this.#sweep.of.isOn;
  }

  #beginSweep(by: PlainThread): void {
    const { memory, pages, slabs, id } = by.heap;
    this.#sweep = { by, of: new Sweep(memory, pages, slabs, id) };
    by.heap.guarded(() => {
      by.heap.clearSlots(false);
      this.#sweep!.of.begin();
    });
  }

  #slice(units: number): void {
    const { by, of } = this.#sweep!;
    if (by.heap.guarded(() => of.slice(units))) this.#sweep = undefined;
  }

  /** Acts on an object that it holds. */
  #handle(action: Extract<Action, { which: number }>): void {
    const thread = this.threads[action.who]!;
    const mine = this.held[action.who]!;
    const { heap } = thread;
    if (mine.length === 0) return;
    const index = action.which % mine.length;
    const held = mine[index]!;
    switch (action.do) {
      case 'free': {
        // Only the sole holder may.
        if (this.held.some((others, other) => other !== action.who && others.some(({ block }) => block.ref === held.block.ref))) return;
        if (mine.filter(({ block }) => block.ref === held.block.ref).length > 1) return;
        mine.splice(index, 1);
        heap.guarded(() => {
          heap.unlist(held.position);
          heap.free(held.block.ref);
          for (const { block } of held.chain) heap.free(block.ref);
        });
        return;
      }
      case 'drop':
        mine.splice(index, 1);
        heap.drop(held.position);
        return;
      case 'chain': {
        const next = this.#allocate(thread, action.words);
        const last = held.chain.at(-1) ?? held;
        held.chain.push(next);
        last.block.words[last.block.at + 1] = next.block.ref;
        heap.guarded(() => heap.unlist(next.position));
        return;
      }
      case 'give': {
        const other = this.threads[action.to]!;
        const position = other.heap.guarded(() => {
          other.heap.makeRoom(1);
          return other.heap.list(held.block.ref);
        });
        this.held[action.to]!.push({ ...held, position });
        return;
      }
    }
  }

  /** Another thread in place of one that has died. */
  replace(index: number): void {
    this.threads[index] = this.world.thread();
    this.held[index] = [];
  }

  /** All that is held is there, and as it was written. */
  check(): void {
    const { reached } = checkHeap(this.threads[0]!.memory);
    for (const held of this.held.flat()) {
      for (const { block, words: count, mark } of [held, ...held.chain]) {
        assert.ok(reached.has(block.ref));
        const { words: now, at } = blockAt(this.threads[0]!.memory, block.ref);
        assert.equal(now, block.words);
        assert.ok(
          now.subarray(at + 2, at + count).every((word) => word === mark),
          `another thread wrote into block ${block.ref}`,
        );
      }
    }
  }

  /** When nothing is held, no memory is used. */
  end(): void {
    for (const thread of this.threads.slice(1)) thread.die();
    const { heap, memory } = this.threads[0]!;
    for (const { position } of this.held[0]!) heap.drop(position);
    heap.collect();
    assert.equal(checkHeap(memory).used, 0);
    assert.equal(heap.statistics().threads, 1);
  }
}
