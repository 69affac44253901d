/** Notices which workers have had nothing to do for long. One timer for all, which keeps no program alive. */

import { later } from './timers.ts';

export class IdleWatch {
  readonly #timeout: number;
  readonly #isOver: (worker: number) => void;
  /** Since when each has been idle, the longest first. */
  readonly #since: Map<number, number> = new Map();
  #timer: NodeJS.Timeout | undefined;

  /** @param timeout milliseconds; `Infinity`: never */
  constructor(timeout: number, isOver: (worker: number) => void) {
    this.#timeout = timeout;
    this.#isOver = isOver;
  }

  add(worker: number): void {
    if (this.#timeout === Infinity) return;
    this.#since.delete(worker);
    this.#since.set(worker, performance.now());
    this.#timer ??= this.#wait(this.#timeout);
  }

  delete(worker: number): void {
    this.#since.delete(worker);
  }

  /** Leaves nothing behind. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#since.clear();
  }

  #wait(ms: number): NodeJS.Timeout {
    return later(ms, () => this.#look()).unref();
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [worker, since] of this.#since) {
      // Timers may come a little early.
      const rest = this.#timeout - (now - since);
      if (rest > 1) {
        this.#timer ??= this.#wait(rest);
        return;
      }
      this.#since.delete(worker);
      this.#isOver(worker);
    }
  }
}
