/**
 * The chunks of one map on their way to the pool. The pool gets one for each of its slots, and one more that waits for the slot, so that a
 * worker goes on before the map receives its results. Later chunks can be held back while results pile up in front of a slow consumer.
 *
 *   sealed ---------------------> waiting --submit--> in the pool --outcomes--> ended
 *   tried again, or given back -----^ in front, in the order of the items
 *   tried again after a backoff ------submitLater------> in the pool
 *
 * In series, one is in the pool at a time, and what is tried again comes before those behind it.
 */

import type { ChunkJob } from '../jobs/chunk-job.ts';
import { Fifo } from '../../fifo.ts';
import type { TaskPool } from '../task-pool.ts';

interface Waiting {
  readonly job: ChunkJob;
  /** Index in the map of its first item. */
  readonly index: number;
}

export class ChunkQueue {
  readonly #pool: TaskPool;
  readonly #sealed: Fifo<Waiting> = new Fifo();
  /** Chunks that have been in the pool before; all of them stand before what is sealed. */
  readonly #returned: Waiting[] = [];
  /** Chunks in the pool, without those that wait for their backoff there. */
  #submitted = 0;
  readonly #later: Set<ChunkJob> = new Set();
  readonly #isSerial: boolean;
  #isSubmitting = false;

  constructor(pool: TaskPool, isSerial: boolean) {
    this.#pool = pool;
    this.#isSerial = isSerial;
  }

  /** Tasks that the pool runs at a time. */
  get slots(): number {
    const { maxWorkers, tasksPerWorker } = this.#pool.options;
    return maxWorkers * tasksPerWorker;
  }

  /** Chunks that wait. */
  get length(): number {
    return this.#returned.length + this.#sealed.length;
  }

  add(job: ChunkJob, index: number): void {
    this.#sealed.push({ job, index });
  }

  addReturned(job: ChunkJob, index: number): void {
    let at = this.#returned.length;
    while (at > 0 && this.#returned[at - 1]!.index > index) at--;
    this.#returned.splice(at, 0, { job, index });
  }

  /** Submits a chunk that takes no place until `delay` milliseconds are over, and is not held back then. */
  submitLater(job: ChunkJob, delay: number): void {
    this.#later.add(job);
    this.#pool.submit(job, true, delay);
  }

  /** A chunk has left the pool. */
  ended(job: ChunkJob): void {
    if (!this.#later.delete(job)) this.#submitted--;
  }

  /**
   * Submits what the pool has places for; all, if it takes no more and refuses them.
   *
   * @param isAhead chunks may wait in the pool for a slot
   * @param mayGo whether the chunk that begins with this item may be submitted
   */
  submit(isAhead: boolean, mayGo: (index: number) => boolean): void {
    // A chunk that is refused reports that while it is submitted.
    if (this.#isSubmitting) return;
    this.#isSubmitting = true;
    const places = isAhead ? 2 * this.slots : this.slots;
    try {
      for (let next = this.#first; next !== undefined && !this.#mustWait; next = this.#first) {
        if (!this.#pool.isClosed && !(this.#submitted < places && mayGo(next.index))) break;
        this.#submitFirst();
      }
    } finally {
      this.#isSubmitting = false;
    }
  }

  /** The pool is about to be shut down, and takes all that is here: now, or one after another. */
  submitAll(): void {
    if (this.#isSerial) for (const { job } of [...this.#returned, ...this.#sealed]) job.isTaken = true;
    while (this.length > 0 && !this.#mustWait) this.#submitFirst();
  }

  /** One is in the pool that the others come after. */
  get #mustWait(): boolean {
    return this.#isSerial && this.#submitted + this.#later.size > 0;
  }

  clear(): void {
    this.#sealed.clear();
    this.#returned.length = 0;
  }

  get #first(): Waiting | undefined {
    return this.#returned[0] ?? this.#sealed.first;
  }

  #submitFirst(): void {
    const { job } = (this.#returned.shift() ?? this.#sealed.shift())!;
    this.#submitted++;
    // A map waits at the queueLimit: it has no more chunks in the pool than two for each slot.
    this.#pool.submit(job, true);
  }
}
