/**
 * How many of the tasks that a worker was sent it has begun, told in a way that outlives it: a worker that is killed says no goodbye,
 * and what it had not begun may run elsewhere.
 *
 *   thread:    the worker counts in a word of memory that both have
 *   process:   the worker writes one byte for each task into a pipe; the host counts them when the worker has ended,
 *              and now and then before, so that the pipe never fills
 *
 * Tasks begin in the order they were sent, so their number says which. This is the worker's side; `begun-count.ts` is the host's.
 */

import { fs } from '../../builtins.ts';

/** The worker's side. */
export interface BegunMark {
  /** To be called when a task is taken up, before anything of it runs. */
  begin(): void;
}

/** Where nothing can be told. */
export const noMark: BegunMark = { begin: () => {} };

// ---- threads

export class WordMark implements BegunMark {
  readonly #word: Uint32Array;

  constructor(word: Uint32Array) {
    this.#word = word;
  }

  begin(): void {
    Atomics.add(this.#word, 0, 1);
  }
}

// ---- processes

const one = new Uint8Array([1]);

export class PipeMark implements BegunMark {
  readonly #descriptor: number;
  #isFull = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  begin(): void {
    if (this.#isFull) return;
    try {
      fs().writeSync(this.#descriptor, one);
    } catch {
      // The host did not read for long; it sees that the pipe was full and believes it no more.
      this.#isFull = true;
    }
  }
}
