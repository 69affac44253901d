/** When a Sync wait has taken long enough. By the clock of the memory, which a test of the model moves. */

import { theAgent } from '../threads/agent.ts';

export class Deadline {
  readonly #end: number;
  readonly #isEndless: boolean;

  /**
   * Never early: the clock counts whole milliseconds, and the first of them had begun.
   *
   * @param timeout milliseconds from now; Infinity is never
   */
  constructor(timeout: number) {
    // A 32-bit clock that wraps around measures up to 24 days. Longer timeouts count as infinite.
    this.#isEndless = timeout >= 0x7fff_ffff;
    this.#end = this.#isEndless ? 0 : timeout === 0 ? theAgent().memory.now() : (theAgent().memory.now() + Math.ceil(timeout) + 1) | 0;
  }

  /** In milliseconds; 0 when it is over. */
  left(): number {
    if (this.#isEndless) return Infinity;
    return Math.max(0, (this.#end - theAgent().memory.now()) | 0);
  }
}
