/** The agent of a model thread, for the code that it runs: made afresh for each run of its body. */

import { type Agent, type AsyncWait, type AsyncWaits, type Blocks, leastWords, type Memory } from '../../../memory/index.ts';
import { ModelBlocks } from './heap.ts';

export class ModelWaits implements AsyncWaits {
  readonly #waits = new Set<AsyncWait>();
  /** True if a step was requested as if the bell had been rung. */
  isKicked = false;

  add(wait: AsyncWait): void {
    this.#waits.add(wait);
  }

  delete(wait: AsyncWait): void {
    this.#waits.delete(wait);
  }

  kick(): void {
    this.isKicked = true;
  }

  [Symbol.iterator](): Iterator<AsyncWait> {
    return this.#waits.values();
  }
}

export class ModelAgent implements Agent {
  readonly id: number;
  readonly memory: Memory;
  readonly waits: ModelWaits = new ModelWaits();
  /** The memory is the heap's if the test has given enough words. */
  readonly blocks: Blocks | undefined;

  constructor(id: number, memory: Memory) {
    this.id = id;
    this.memory = memory;
    if (memory.segment(0).length < leastWords) this.blocks = new ModelBlocks(memory);
  }
}
