/** How many tasks a worker has begun (`begun-mark.ts`), from the host's side. The worker does without what this needs of the platform. */

import { readSync } from 'node:fs';
import { capacityOf, closeEnd, dontBlock, hold, openHeld } from '../../platform/index.ts';

/** The host's side. */
export interface BegunCount {
  /** Tasks begun so far, modulo 2³²; `null` if that is unknown. Exact when the worker has ended. */
  count(): number | null;
}

/** Where nothing can be told. */
export const noCount: BegunCount = { count: () => null };

export class WordCount implements BegunCount {
  /** To be given to the worker. */
  readonly word: Uint32Array = new Uint32Array(new SharedArrayBuffer(4));

  count(): number {
    return Atomics.load(this.word, 0);
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
  constructor() {
    const [pipe, holder] = openHeld((opened) => [opened, hold(opened.readEnd)] as const);
    this.childEnd = pipe.writeEnd;
    this.#readEnd = pipe.readEnd;
    this.#holder = holder;
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
