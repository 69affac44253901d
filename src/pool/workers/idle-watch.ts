/** Notices which workers have had nothing to do for long. One timer for all, which keeps no program alive. */

import { later } from '../jobs/timers.ts';

/** A worker, as far as it is looked at here. */
export interface Resting {
  readonly id: number;
  /** Since when it has nothing to do (`performance.now()`); 0: it has something. */
  restsSince: number;
}

export class IdleWatch {
  readonly #timeout: number;
  readonly #workers: () => Iterable<Resting>;
  readonly #isOver: (worker: number) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param timeout milliseconds; `Infinity`: never */
  constructor(timeout: number, workers: () => Iterable<Resting>, isOver: (worker: number) => void) {
    this.#timeout = timeout;
    this.#workers = workers;
    this.#isOver = isOver;
  }

  /** Records that the worker is idle from now on. */
  rests(worker: Resting): void {
    if (this.#timeout === Infinity) return;
    worker.restsSince = performance.now();
    this.#timer ??= this.#wait(this.#timeout);
  }

  /** Leaves nothing behind. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(ms: number): NodeJS.Timeout {
    return later(ms, () => this.#look()).unref();
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    const over: Resting[] = [];
    let next = Infinity;
    for (const worker of this.#workers()) {
      if (worker.restsSince === 0) continue;
      // Timers may come a little early.
      const rest = this.#timeout - (now - worker.restsSince);
      if (rest > 1) next = Math.min(next, rest);
      else over.push(worker);
    }
    if (next !== Infinity) this.#timer = this.#wait(next);
    // The longest first.
    for (const worker of over.sort((a, b) => a.restsSince - b.restsSince)) {
      worker.restsSince = 0;
      this.#isOver(worker.id);
    }
  }
}
