/**
 * One of many that hammer a heap at once: a thread, or a process. It allocates, frees, chains, packs and opens parcels at random, writes into what it
 * holds and looks whether that is still there. It goes on until it is told to stop, or is killed.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { type Block, become, type Memory } from '#src/memory/index.js';
import { arrayMemory } from '#src/memory/heap/array-memory.js';
import { theHeap } from '#src/memory/heap/heap.js';
import { joinNativeMemory } from '#src/memory/heap/native-memory.js';
import { kinds, tagOf } from '#src/memory/heap/tag.js';
import { type EndGate, setEndGates } from '#src/undisturbed.js';
import { agentOn } from './workload.ts';

interface Orders {
  readonly seed?: SharedArrayBuffer;
  readonly descriptor: number;
  readonly address: number;
}

/** The heap's blocks of this kind: word 2 is 1 when all must stop, word 3 counts rounds, word 4 faults. */
export const controlTag: number = tagOf(21);

interface Held {
  readonly block: Block;
  readonly words: number;
  readonly mark: number;
  readonly position: number;
  readonly chain: Block | undefined;
}

function hammer(memory: Memory, controlRef: number): void {
  become(agentOn(memory));
  const heap = theHeap();
  const control = { words: memory.segment(0), at: controlRef * 4 };
  const held: Held[] = [];
  let marks = heap.id;
  const pick = (n: number): number => Math.floor(Math.random() * n);
  while (Atomics.load(control.words, control.at + 2) === 0) {
    const action = pick(10);
    if (held.length < 200 && action < 5) {
      const words = pick(20) === 0 ? 5000 + pick(20_000) : 10 + pick(200);
      const mark = (marks = (marks * 31 + 7) | 0);
      const block = heap.allocate(tagOf(20), words);
      const position = heap.listedAt;
      for (let i = 1; i < words; i += 1) if (block.words[block.at + i] !== 0) Atomics.add(control.words, control.at + 4, 1);
      let chain: Block | undefined;
      if (action === 0) {
        chain = heap.allocate(tagOf(kinds.owned), 20);
        const its = heap.listedAt;
        chain.words[chain.at + 2] = mark;
        Atomics.store(block.words, block.at + 1, chain.ref);
        heap.guarded(() => heap.unlist(its));
      }
      block.words.fill(mark, block.at + 2, block.at + words);
      held.push({ block, words, mark, position, chain });
    } else if (held.length > 0) {
      const [one] = held.splice(pick(held.length), 1) as [Held];
      const { block, words, mark, position, chain } = one;
      let isRight = chain === undefined || chain.words[chain.at + 2] === mark;
      for (let i = 2; i < words; i += 1) if (block.words[block.at + i] !== mark) isRight = false;
      if (!isRight) Atomics.add(control.words, control.at + 4, 1);
      if (action < 8) heap.drop(position);
      else {
        heap.guarded(() => {
          heap.unlist(position);
          heap.free(block.ref);
          if (chain !== undefined) heap.free(chain.ref);
        });
      }
    } else if (pick(20) === 0) heap.collect();
    Atomics.add(control.words, control.at + 3, 1);
  }
}

const orders = workerData as (Orders & { control: number; endGates: readonly EndGate[] }) | null;
if (orders !== null) {
  setEndGates(orders.endGates);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads, not a window
  parentPort!.postMessage('begun');
  const memory = orders.seed === undefined ? joinNativeMemory(orders).memory : arrayMemory(orders.seed, 0);
  hammer(memory, orders.control);
} else if (process.argv[2] === 'hammer') {
  hammer(joinNativeMemory({ descriptor: 3 }).memory, Number(process.argv[3]));
}
