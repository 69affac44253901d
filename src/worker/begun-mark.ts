/**
 * How many of the tasks that a worker was sent it has begun, told in a way that outlives it: a worker that is killed says no goodbye,
 * and what it had not begun may run elsewhere.
 *
 *   thread:    the worker counts in a word of memory that both have
 *   process:   the worker writes one byte for each task into a pipe; the host counts them when the worker has ended,
 *              and now and then before, so that the pipe never fills
 *
 * Tasks begin in the order they were sent, so their number says which.
 */

import { readSync, writeSync } from 'node:fs';
import { type Pipe, capacityOf, closeEnd, dontBlock, hold, openPipe } from '../platform/index.ts';

/** The worker's side. */
export interface BegunMark {
  /** To be called when a task is taken up, before anything of it runs. */
  begin(): void;
}

/** The host's side. */
export interface BegunCount {
  /** Tasks begun so far, modulo 2³²; null if nobody can tell. Exact when the worker has ended. */
  count(): number | null;
}

/** Where nothing can be told. */
export const noMark: BegunMark = { begin: () => {} };
export const noCount: BegunCount = { count: () => null };

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

export class WordCount implements BegunCount {
  /** To be given to the worker. */
  readonly word: Uint32Array = new Uint32Array(new SharedArrayBuffer(4));

  count(): number {
    return Atomics.load(this.word, 0);
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
      writeSync(this.#descriptor, one);
    } catch {
      // The host did not read for long; it sees that the pipe was full and believes it no more.
      this.#isFull = true;
    }
  }
}

/** A page at either end of the pipe may be used in part. */
const slack = 2 * 4096;
const wanted = 65_536;
const scratch = new Uint8Array(wanted);

export class PipeCount implements BegunCount {
  /** To be given to the worker. */
  readonly childEnd: number;
  readonly #readEnd: number;
  readonly #holder: { destroy(): void };
  #count: number | null = 0;
  #isChildEndOpen = true;
  #isClosed = false;

  /** @throws if native calls are missing, or the system's pipes are too small */
  constructor(pipe: Pipe = openPipe()) {
    this.childEnd = pipe.writeEnd;
    this.#readEnd = pipe.readEnd;
    this.#holder = hold(pipe.readEnd);
    try {
      dontBlock(pipe.readEnd);
      dontBlock(pipe.writeEnd);
      if (capacityOf(pipe.readEnd) < wanted) throw new Error('the system gives small pipes only');
    } catch (error) {
      this.close();
      throw error;
    }
  }

  count(): number | null {
    if (this.#count !== null && !this.#isClosed) {
      const read = this.#read();
      this.#count = read > wanted - slack ? null : (this.#count + read) >>> 0;
    }
    return this.#count;
  }

  /** The worker was started, and has an end of its own. */
  started(): void {
    if (!this.#isChildEndOpen) return;
    this.#isChildEndOpen = false;
    closeEnd(this.childEnd);
  }

  /** The worker has ended; `count` goes on to tell. */
  close(): void {
    if (this.#isClosed) return;
    this.started();
    this.count();
    this.#isClosed = true;
    this.#holder.destroy();
  }

  #read(): number {
    try {
      return readSync(this.#readEnd, scratch);
    } catch {
      return 0; // nothing there
    }
  }
}
