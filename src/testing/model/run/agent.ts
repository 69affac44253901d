/** Who a thread of the model is, for the code that it runs: made afresh whenever its body is run. */

import { type Agent, type AsyncWait, type AsyncWaits, type Blocks, leastWords, type Memory } from '../../../memory/index.ts';
import { ModelBlocks } from './heap.ts';

export class ModelWaits implements AsyncWaits {
  readonly #waits = new Set<AsyncWait>();
  /** Somebody wants a step as if the bell had been rung. */
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
  /** The memory is the heap's if the test has given so many words. */
  readonly blocks: Blocks | undefined;

  constructor(id: number, memory: Memory) {
    this.id = id;
    this.memory = memory;
    if (memory.segment(0).length < leastWords) this.blocks = new ModelBlocks(memory);
  }
}
