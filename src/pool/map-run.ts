/**
 * One `map` under way: takes items from the source, sends them in chunks, hands out outcomes.
 *
 *   source --pull--> chunk being filled --seal--> jobs in the pool --reports--> batches --take--> consumer
 *          `---------------- at most bufferSize items between these two ends ----------------'
 *
 * It moves when there is a reason: the consumer took something, a worker reported, an async source delivered.
 */

import { types } from 'node:util';
import { type Border, type Capsule, Encoder, type Packet } from '../codec/index.ts';
import type { Outcome } from '../worker/index.ts';
import { type CallSite, joinStacks } from './call-site.ts';
import { ChunkJob } from './chunk-job.ts';
import { ChunkSize } from './chunk-size.ts';
import type { Job } from './job.ts';
import type { Pulled, Source } from './source.ts';

/** What a map needs of its pool. */
export interface JobBoard {
  readonly border: Border;
  readonly maxWorkers: number;
  nextId(): number;
  submit(job: Job): void;
  cancel(job: Job): void;
  /** Whether one more job would begin at once, or when a worker has started. */
  hasRoom(): boolean;
  /** Calls back once, when there is room. */
  onRoom(callback: () => void): void;
}

export interface MapRunOptions {
  readonly source: Source;
  readonly capsule: Capsule;
  /** Each item is a list of arguments. */
  readonly isSpread: boolean;
  readonly chunkSize: number | undefined;
  readonly bufferSize: number | undefined;
  readonly isUnordered: boolean;
  readonly site: CallSite;
}

export interface ItemOutcome extends Outcome {
  /** Which item, counted from 0. */
  readonly index: number;
}

/** Items that travel together, and what became of them so far, in their order. */
class Batch {
  readonly firstIndex: number;
  readonly outcomes: Outcome[] = [];
  count: number;
  taken = 0;
  isListed = false;
  job: ChunkJob | undefined;

  constructor(firstIndex: number, count: number) {
    this.firstIndex = firstIndex;
    this.count = count;
  }
}

/** Filling a chunk from a slow source stops after so many milliseconds, to look after what else there is. */
const patience = 5;

export class MapRun {
  readonly #board: JobBoard;
  readonly #options: MapRunOptions;
  readonly #chunkSize: ChunkSize;
  /** Batches with outcomes to take: all in order, or those that have some. */
  readonly #batches: Fifo<Batch> = new Fifo();
  readonly #open: Set<Batch> = new Set();
  readonly #waiters: Fifo<(result: IteratorResult<ItemOutcome, undefined>) => void> = new Fifo();
  #encoder: Encoder | undefined;
  /** Items in the chunk that is being filled. */
  #filling = 0;
  /** Index of the first of them. */
  #fillStart = 0;
  /** Items taken from the source. */
  #pulled = 0;
  /** Of those, how many the consumer has not taken. */
  #held = 0;
  #isPulling = false;
  #isPumping = false;
  #isSourceDone = false;
  #isClosed = false;
  #timer: NodeJS.Immediate | undefined;

  constructor(board: JobBoard, options: MapRunOptions) {
    this.#board = board;
    this.#options = options;
    this.#chunkSize = new ChunkSize(options.chunkSize);
    this.#pump();
  }

  #take(): ItemOutcome | undefined {
    const batch = this.#batches.first;
    if (batch === undefined || batch.taken === batch.outcomes.length) return undefined;
    const outcome = batch.outcomes[batch.taken]!;
    // Nothing that was handed out is kept.
    batch.outcomes[batch.taken] = undefined as never;
    const index = batch.firstIndex + batch.taken++;
    if (batch.taken === batch.count) {
      this.#batches.shift();
      this.#open.delete(batch);
    } else if (this.#options.isUnordered && batch.taken === batch.outcomes.length) {
      this.#batches.shift();
      batch.isListed = false;
    }
    this.#held--;
    return { index, ok: outcome.ok, value: outcome.value };
  }

  /** The next outcome if it is there and nobody waits for it already. */
  poll(): ItemOutcome | undefined {
    const outcome = this.#waiters.length === 0 ? this.#take() : undefined;
    if (outcome !== undefined) this.#pump();
    return outcome;
  }

  next(): Promise<IteratorResult<ItemOutcome, undefined>> {
    const outcome = this.poll();
    if (outcome !== undefined) return Promise.resolve({ done: false, value: outcome });
    if (this.#isOver()) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Closes the source and cancels what was not begun. What workers have begun goes on and is not looked at. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearImmediate(this.#timer);
    for (const { job } of this.#open) if (job !== undefined) this.#board.cancel(job);
    this.#open.clear();
    this.#batches.clear();
    while (this.#waiters.length > 0) this.#waiters.shift()!({ done: true, value: undefined });
    const closed = this.#options.source.close();
    // An async source that is asked for an item right now may take as long as it likes over it.
    if (this.#isPulling) closed.catch(() => {});
    else await closed;
  }

  #isOver(): boolean {
    return this.#isClosed || (this.#isSourceDone && this.#held === 0);
  }

  // ---- from the source to the workers

  get #bufferSize(): number {
    return this.#options.bufferSize ?? 4 * this.#board.maxWorkers * this.#chunkSize.value;
  }

  /** Items of the next chunk: no more than lets every worker have two chunks within the buffer. */
  get #wanted(): number {
    const share = Math.floor(this.#bufferSize / (2 * this.#board.maxWorkers));
    return this.#chunkSize.isFixed
      ? Math.min(this.#chunkSize.value, this.#bufferSize)
      : Math.max(1, Math.min(this.#chunkSize.value, share));
  }

  #pump(): void {
    if (this.#isPumping || this.#isPulling || this.#isSourceDone || this.#isClosed) return;
    this.#isPumping = true;
    const since = performance.now();
    try {
      while (this.#mayPull()) {
        const pulled = this.#options.source.next();
        if ('then' in pulled) {
          this.#await(pulled);
          break;
        }
        this.#accept(pulled);
        if (performance.now() - since > patience && !this.#isSourceDone) {
          // The source may be slower than the workers: they must be listened to between its items.
          this.#timer ??= setImmediate(() => {
            this.#timer = undefined;
            this.#pump();
          });
          break;
        }
      }
    } catch (error) {
      this.#sourceFailed(error);
    }
    this.#isPumping = false;
    this.#sealIfUseful();
    this.#deliver();
  }

  /** A chunk that waits for the source goes as it is when a worker is free for it, or when the buffer has no room for more. */
  #sealIfUseful(): void {
    if (this.#filling === 0) return;
    if (this.#board.hasRoom() || this.#held >= this.#bufferSize) this.#seal();
    else this.#board.onRoom(this.#onRoom);
  }

  readonly #onRoom = (): void => {
    if (!this.#isClosed) this.#sealIfUseful();
  };

  /** There is room for an item, and if a chunk is begun, for all of it; or a worker has nothing to do. */
  #mayPull(): boolean {
    if (this.#isSourceDone || this.#isClosed || this.#timer !== undefined) return false;
    const room = this.#bufferSize - this.#held;
    return room > 0 && (this.#filling > 0 || room >= this.#wanted || this.#board.hasRoom());
  }

  #await(pulled: Promise<Pulled>): void {
    this.#isPulling = true;
    pulled.then(
      (result) => {
        this.#isPulling = false;
        if (this.#isClosed) return;
        this.#accept(result);
        this.#pump();
        this.#deliver();
      },
      (error: unknown) => {
        this.#isPulling = false;
        if (!this.#isClosed) this.#sourceFailed(error);
      },
    );
  }

  #accept(pulled: Pulled): void {
    if (pulled.done === true) {
      this.#sourceEnded();
      return this.#seal();
    }
    const index = this.#pulled++;
    this.#held++;
    // The packet is kept until its chunk is done: if a worker is lost, another gets it.
    const encoder = (this.#encoder ??= new Encoder({ border: this.#board.border, keep: true }));
    try {
      encoder.add(pulled.value, `items[${index}]`);
    } catch (error) {
      this.#seal();
      return this.#addSettled(index, { ok: false, value: error });
    }
    if (this.#filling++ === 0) this.#fillStart = index;
    if (this.#filling >= this.#wanted || this.#chunkSize.isHeavy(encoder.size)) this.#seal();
  }

  /** Of several iterables the shortest has ended; the others are told. */
  #sourceEnded(): void {
    this.#isSourceDone = true;
    this.#options.source.close().catch(() => {});
  }

  /** An error of the source stands where its next item would have been. */
  #sourceFailed(error: unknown): void {
    this.#sourceEnded();
    this.#seal();
    this.#held++;
    this.#addSettled(this.#pulled++, { ok: false, value: error });
    this.#deliver();
  }

  #addSettled(index: number, outcome: Outcome): void {
    const batch = new Batch(index, 1);
    batch.outcomes.push(outcome);
    batch.isListed = true;
    this.#batches.push(batch);
    this.#open.add(batch);
  }

  /** Sends the chunk that is being filled. */
  #seal(): void {
    const count = this.#filling;
    const encoder = this.#encoder;
    if (count === 0 || encoder === undefined) return;
    this.#filling = 0;
    this.#encoder = undefined;
    const packet = encoder.finish();
    this.#chunkSize.weighed(count, weight(packet));
    const batch = new Batch(this.#fillStart, count);
    this.#open.add(batch);
    if (!this.#options.isUnordered) this.#batches.push(batch);
    batch.job = new ChunkJob(
      { id: this.#board.nextId(), capsule: this.#options.capsule, packet, count, isSpread: this.#options.isSpread },
      { outcomes: (outcomes, ms) => this.#reported(batch, outcomes, ms) },
    );
    this.#board.submit(batch.job);
  }

  // ---- from the workers to the consumer

  #reported(batch: Batch, outcomes: readonly Outcome[], ms: number | undefined): void {
    if (this.#isClosed) return;
    if (ms !== undefined) this.#chunkSize.measured(outcomes.length, ms);
    for (const outcome of outcomes) {
      if (!outcome.ok) joinStacks(outcome.value, this.#options.site);
      batch.outcomes.push(outcome);
    }
    if (this.#options.isUnordered && !batch.isListed && batch.taken < batch.outcomes.length) {
      batch.isListed = true;
      this.#batches.push(batch);
    }
    this.#deliver();
    this.#pump();
  }

  #deliver(): void {
    let isMoved = false;
    while (this.#waiters.length > 0) {
      const outcome = this.#take();
      if (outcome === undefined) {
        if (!this.#isOver()) break;
        this.#waiters.shift()!({ done: true, value: undefined });
      } else {
        isMoved = true;
        this.#waiters.shift()!({ done: false, value: outcome });
      }
    }
    if (isMoved) this.#pump();
  }
}

/** Bytes of a packet, with the buffers that travel beside them. */
function weight(packet: Packet): number {
  let bytes = packet.bytes.byteLength;
  for (const attachment of packet.attachments) if (types.isArrayBuffer(attachment)) bytes += attachment.byteLength;
  return bytes;
}

/** First in, first out, without moving the rest. */
class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (this.length === 0) return undefined;
    this.#items[this.#head++] = undefined as never;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
