/**
 * One `map` under way: takes items from the source, sends them in chunks, hands out outcomes.
 *
 *   source --pull--> chunk being filled --seal--> queue --submit--> jobs in the pool --reports--> outcomes --take--> consumer
 *          `----------- at most bufferSize items, and some 16 MiB, between these two ends -----------'
 *
 * It moves when there is a reason: the consumer took something, a worker reported, an async source delivered. The call itself reads a
 * sync source as far as the buffer goes.
 *
 * Two rules keep the bytes of items and outcomes within bounds. While outcomes that wait for the consumer have 16 MiB, no chunk is
 * submitted, unless its first item is the one that the consumer waits for. While items and outcomes together have 16 MiB, none is
 * read, unless a worker has nothing to do. So a map holds 16 MiB, and what its workers have in hand.
 */

import { expected } from '../check.ts';
import { type Capsule, Encoder, hasReducers } from '../codec/index.ts';
import { clearImmediate, setImmediate } from '../real-timers.ts';
import type { Outcome } from '../worker/index.ts';
import { AbortWatch } from './abort-watch.ts';
import { Batch, moved } from './batch.ts';
import { hideOwnFrames } from '../stack-frames.ts';
import { type CallSite, joinStacks } from '../codec/index.ts';
import type { AsyncResource } from './caller-context.ts';
import { type Chunk, ChunkJob, type ItemEnd } from './chunk-job.ts';
import { ChunkQueue } from './chunk-queue.ts';
import { ChunkSize } from './chunk-size.ts';
import { Fifo } from './fifo.ts';
import { accepts, backoffAfter } from './job.ts';
import type { MapProgress } from './map-progress.ts';
import { type ItemOutcome, OutcomeStore } from './outcome-store.ts';
import type { Pulled, Source } from './source.ts';
import { type TaskSettings, isAbortable } from './task-options.ts';
import type { WorkerPool } from './worker-pool.ts';
import { TypeError } from '../refusals.ts';

export interface MapRunOptions {
  readonly source: Source;
  readonly capsule: Capsule;
  /** Each item is a list of arguments. */
  readonly isSpread: boolean;
  readonly chunkSize: number | undefined;
  readonly bufferSize: number | undefined;
  readonly isUnordered: boolean;
  /** Of each item; the signal is the whole map's. */
  readonly settings: TaskSettings;
  readonly progress: MapProgress | undefined;
  /** The caller's: its source, and what encoding its items runs, run there. */
  readonly context: AsyncResource;
  readonly site: CallSite;
  /** The executor, which must not be thought dropped while its map goes on. */
  readonly owner: unknown;
}

interface Waiter {
  resolve(result: IteratorResult<ItemOutcome, undefined>): void;
  reject(reason: unknown): void;
}

/** Reading from a slow source stops after 5 ms, to look after what else there is; except during the call of `map`. */
const readingMs = 5;
/** Bytes of items, and of outcomes, that a map holds. */
const maxBytes = 16 * 1024 * 1024;

/** Which maps a signal aborts. It may outlive them: one that nobody takes to its end is not kept, nor the pool it belongs to. */
let aborts: AbortWatch<WeakRef<MapRun>>;
const abandoned = new FinalizationRegistry<() => void>((forget) => forget());

/** Returns what ends the watch; it must not know the map itself. */
function watchFor(signal: AbortSignal, run: WeakRef<MapRun>): () => void {
  aborts.watch(signal, run);
  return () => aborts.forget(signal, run);
}

export class MapRun {
  readonly #pool: WorkerPool;
  readonly #options: MapRunOptions;
  readonly #chunkSize: ChunkSize;
  readonly #results: OutcomeStore;
  readonly #queue: ChunkQueue;
  /** Chunks that have items without an outcome. */
  readonly #jobs: Set<ChunkJob> = new Set();
  readonly #jobSettings: TaskSettings;
  readonly #waiters: Fifo<Waiter> = new Fifo();
  #encoder: Encoder | undefined;
  /** Items in the chunk that is being filled. */
  #filling = 0;
  /** Index of the first of them. */
  #fillStart = 0;
  /** Items taken from the source. */
  #pulled = 0;
  /** Of those, how many the consumer has not taken. */
  #held = 0;
  /** Bytes of the items in chunks that have no outcome. */
  #itemBytes = 0;
  /** An item is read and put into the chunk. */
  #isEncoding = false;
  /** The pool was shut down meanwhile: the chunk counts as there before. */
  #isTaken = false;
  #isPulling = false;
  #isPumping = false;
  #isSourceDone = false;
  #isClosed = false;
  #timer: NodeJS.Immediate | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  /** Ends the watch for the signal. */
  #forget: (() => void) | undefined;
  /** The pool no longer asks it to submit what it holds back. */
  #unhold: (() => void) | undefined;

  static {
    aborts = new AbortWatch((ref, reason) => {
      const run = ref.deref();
      if (run !== undefined) run.#abort(reason);
    });
  }

  constructor(pool: WorkerPool, options: MapRunOptions) {
    this.#pool = pool;
    this.#options = options;
    this.#chunkSize = new ChunkSize(options.chunkSize);
    this.#results = new OutcomeStore(options.isUnordered);
    this.#queue = new ChunkQueue(pool, this.#isSerial);
    // The signal is the map's, and attempts are made item by item.
    this.#jobSettings = { ...options.settings, signal: undefined, retries: 0 };
    const { signal } = options.settings;
    if (signal?.aborted === true) this.#abort(signal.reason);
    else {
      if (signal !== undefined) {
        this.#forget = watchFor(signal, new WeakRef(this));
        abandoned.register(this, this.#forget);
      }
      // Before the source and its items are read: they may shut the pool down.
      this.#unhold = pool.holdsBack(new WeakRef(this));
      abandoned.register(this, this.#unhold);
      this.#pump(true);
    }
  }

  #take(): ItemOutcome | undefined {
    const outcome = this.#results.take();
    if (outcome === undefined) return undefined;
    this.#held--;
    if (this.isOver) this.#over();
    return outcome;
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
    const aborted = this.#aborted;
    this.#aborted = undefined;
    if (aborted !== undefined) return Promise.reject(aborted.reason);
    if (this.isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Closes the source and cancels what was not begun. Items that workers have begun go on and are not looked at. */
  close(): Promise<void> {
    return this.#close((job) => this.#pool.curtail(job));
  }

  /** The whole map is not wanted any more: the next to be asked for, or who waits for it, gets the reason. */
  #abort(reason: unknown): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#aborted = { reason };
    else waiter.reject(reason);
    this.#close((job) => this.#pool.abort(job, reason)).catch(() => {});
  }

  async #close(end: (job: ChunkJob) => void): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#over();
    clearImmediate(this.#timer);
    for (const job of this.#jobs) {
      end(job);
      // The pool may not have it yet.
      job.release();
    }
    this.#jobs.clear();
    this.#queue.clear();
    this.#results.clear();
    while (this.#waiters.length > 0) this.#waiters.shift()!.resolve({ done: true, value: undefined });
    const closed = this.#closeSource();
    // An async source that is asked for an item right now may take as long as it likes over it.
    if (this.#isPulling) closed.catch(() => {});
    else await closed;
  }

  #closeSource(): Promise<void> {
    const { source, context } = this.#options;
    return context.runInAsyncScope(source.close, source);
  }

  /** True if nothing is left to be taken. */
  get isOver(): boolean {
    return this.#isClosed || (this.#isSourceDone && this.#held === 0);
  }

  /** Nothing more will come: nothing is to be left behind. */
  #over(): void {
    this.#forget?.();
    this.#unhold?.();
    this.#options.progress?.end();
  }

  // ---- from the source to the workers

  get #bufferSize(): number {
    return this.#options.bufferSize ?? 4 * this.#queue.slots * this.#chunkSize.value;
  }

  /** Items of one key that may be tried again run one by one: an item that fails comes before those behind it. */
  get #isSerial(): boolean {
    const { key, retries } = this.#options.settings;
    return key !== undefined && retries > 0;
  }

  /** Items of the next chunk: no more than lets every slot have two chunks within the buffer. */
  get #wanted(): number {
    if (this.#isSerial) return 1;
    const share = Math.min(Math.floor(this.#bufferSize / (2 * this.#queue.slots)), this.#pool.options.maxTasksPerChild);
    return this.#chunkSize.isFixed
      ? Math.min(this.#chunkSize.value, this.#bufferSize)
      : Math.max(1, Math.min(this.#chunkSize.value, share));
  }

  /** The source may be asked: that runs in the caller's context. @param isCall during the call of `map` */
  #pump(isCall: boolean = false): void {
    this.#submit();
    if (this.#isPumping || this.#isPulling || this.#isSourceDone || this.#isClosed) return;
    if (this.#mayPull(isCall)) this.#options.context.runInAsyncScope(this.#pumpNow, this, isCall);
    else this.#pumpNow(isCall);
  }

  #pumpNow(isCall: boolean): void {
    this.#isPumping = true;
    const since = performance.now();
    try {
      while (this.#mayPull(isCall)) {
        const pulled = this.#options.source.next();
        if ('then' in pulled) {
          this.#await(pulled);
          break;
        }
        this.#accept(pulled);
        if (!isCall && performance.now() - since > readingMs && !this.#isSourceDone) {
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

  /** Submits all that was read, however much results pile up. The pool is about to be shut down. */
  submitAll(): void {
    if (this.#isClosed) return;
    // It may be code of an item that shuts down: the chunk follows when that item is in it.
    if (this.#isEncoding) this.#isTaken = true;
    else this.#seal();
    this.#queue.submitAll();
  }

  #submit(): void {
    if (this.#queue.length === 0 || this.#isClosed) return;
    // Chunks wait in the pool only if their results, as big as the last ones, would not be too much.
    this.#queue.submit(this.#held * this.#chunkSize.resultBytes < maxBytes, this.#mayGo);
  }

  /** Results have not piled up; or the consumer waits for this item. */
  readonly #mayGo = (index: number): boolean => this.#results.bytes < maxBytes || index === this.#results.head;

  /**
   * A chunk that waits for the source goes as it is when a worker is free for it, or when the buffer has no room for more. Of a size that was given
   * it waits only where others decide when an item comes: what goes together is not to depend on how fast the source was read.
   */
  #sealIfUseful(): void {
    if (this.#filling === 0) return;
    const goesOn = this.#timer !== undefined && this.#chunkSize.isFixed && !this.#pool.isClosed;
    const isFull = this.#held >= this.#bufferSize || !this.#hasBytes;
    if (goesOn && !isFull) return;
    if (this.#pool.hasRoom || this.#pool.isClosed || isFull) this.#seal();
    else this.#pool.onRoom(this.#onRoom);
  }

  readonly #onRoom = (): void => {
    if (!this.#isClosed && !this.#isEncoding) this.#sealIfUseful();
  };

  /** There is room for an item, and if a chunk is begun, for all of it; or a worker has nothing to do. */
  #mayPull(isCall: boolean): boolean {
    if (this.#isSourceDone || this.#isClosed || this.#timer !== undefined) return false;
    const room = this.#bufferSize - this.#held;
    return room > 0 && this.#hasBytes && (isCall || this.#filling > 0 || room >= this.#wanted || this.#pool.hasRoom);
  }

  /** Another item may be read, by the bytes of those that are held. */
  get #hasBytes(): boolean {
    if (this.#held === 0) return true;
    const results = this.#results.bytes;
    if (results >= maxBytes) return false;
    if (results + this.#itemBytes + (this.#encoder?.weight ?? 0) < maxBytes) return true;
    return this.#filling === 0 && this.#queue.length === 0 && this.#pool.hasRoom;
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
    const encoder = (this.#encoder ??= new Encoder({ border: this.#pool.border, keep: true }));
    this.#isEncoding = true;
    try {
      if (this.#options.isSpread) checkArguments(pulled.value, index);
      encoder.add(pulled.value, `items[${index}]`);
    } catch (error) {
      this.#isEncoding = false;
      this.#seal();
      this.#isTaken = false;
      return this.#addSettled(index, { ok: false, value: error });
    }
    this.#isEncoding = false;
    if (this.#filling++ === 0) this.#fillStart = index;
    if (this.#filling >= this.#wanted || this.#isTaken || this.#chunkSize.isHeavy(encoder.weight)) this.#seal();
  }

  /** Of several iterables the shortest has ended; the others are told. */
  #sourceEnded(): void {
    this.#isSourceDone = true;
    this.#closeSource().catch(() => {});
  }

  /** An error of the source stands where its next item would have been. */
  #sourceFailed(error: unknown): void {
    hideOwnFrames(error);
    this.#sourceEnded();
    this.#seal();
    this.#held++;
    this.#addSettled(this.#pulled++, { ok: false, value: error });
    this.#deliver();
  }

  #addSettled(index: number, outcome: Outcome): void {
    this.#results.add(index, outcome);
    this.#options.progress?.ended(outcome.ok);
  }

  /** Sends the chunk that is being filled. */
  #seal(): void {
    const count = this.#filling;
    const encoder = this.#encoder;
    if (count === 0 || encoder === undefined) return;
    this.#filling = 0;
    this.#encoder = undefined;
    const { weight } = encoder;
    const packet = encoder.finish();
    this.#chunkSize.weighed(count, weight);
    const batch = new Batch(this.#fillStart, count);
    batch.itemBytes = Math.ceil(weight / count);
    this.#itemBytes += batch.itemBytes * count;
    this.#results.expect(batch);
    const { capsule, isSpread, settings } = this.#options;
    const context = hasReducers() ? this.#options.context : undefined;
    const chunk = { id: this.#pool.nextId(count), capsule, packet, isSpread, context, from: 0, to: count, attempt: 1 };
    const job = this.#jobOf({ ...chunk, isAbortable: isAbortable(settings) }, batch);
    job.isTaken = this.#isTaken;
    this.#isTaken = false;
    this.#queue.add(job, this.#fillStart);
    this.#submit();
  }

  #jobOf(chunk: Chunk, batch: Batch): ChunkJob {
    const job = new ChunkJob(chunk, this.#jobSettings);
    this.#jobs.add(job);
    job.onOutcomes((first, outcomes, ms, bytes) => this.#reported(job, batch, first, outcomes, ms, bytes));
    return job;
  }

  /** Items of a chunk that has been in the pool go there again, after `delay` milliseconds or before those that have not. */
  #sendAgain(chunk: Omit<Chunk, 'id'>, batch: Batch, delay: number): void {
    const job = this.#jobOf({ ...chunk, id: this.#pool.nextId(chunk.to) }, batch);
    job.isTaken = true;
    if (delay > 0) this.#queue.submitLater(job, delay);
    else this.#queue.addReturned(job, batch.firstIndex + chunk.from);
  }

  // ---- from the workers to the consumer

  #reported(job: ChunkJob, batch: Batch, first: number, outcomes: readonly ItemEnd[], ms: number | undefined, bytes: number): void {
    if (this.#isClosed) return;
    const { rest } = job;
    // Of one whose worker was lost the end is told twice.
    if ((job.left === 0 || rest !== undefined) && this.#jobs.delete(job)) this.#queue.ended(job);
    if (ms !== undefined) this.#chunkSize.measured(outcomes.length, ms, bytes);
    const size = Math.ceil(bytes / outcomes.length);
    for (let i = 0; i < outcomes.length; ) {
      let end = i;
      while (end < outcomes.length && this.#mayRetry(job, outcomes[end]!)) end++;
      const isRetried = end > i && this.#retry(job, batch, first + i, first + end);
      // The user's `retryOn` and `backoff` may have ended the map.
      if (this.#isClosed) return;
      if (isRetried) i = end;
      // The one behind them is not tried again: `retryOn` was asked, and is asked once.
      for (const to = Math.min(end + 1, outcomes.length); i < to; i++) this.#put(batch, first + i, outcomes[i]!, size);
    }
    if (rest !== undefined) this.#sendAgain(rest, batch, 0);
    this.#results.came(batch);
    this.#submit();
    this.#deliver();
    this.#pump();
  }

  #put(batch: Batch, item: number, outcome: Outcome, size: number): void {
    if (!outcome.ok) joinStacks(outcome.value, this.#options.site);
    this.#results.put(batch, item, outcome, size);
    this.#itemBytes -= batch.itemBytes;
    this.#options.progress?.ended(outcome.ok);
  }

  get #takesRetries(): boolean {
    return !this.#isClosed && this.#pool.takesRetries;
  }

  #mayRetry({ chunk }: ChunkJob, { ok, value, isFinal }: ItemEnd): boolean {
    const { retries, retryOn } = this.#options.settings;
    if (ok || chunk.attempt > retries || isFinal === true || chunk.packet.transfer.length > 0 || !this.#takesRetries) return false;
    return accepts(retryOn, value, this.#options.context);
  }

  /**
   * Items that failed go out again as a chunk of their own. Their outcomes come to the same places, or, where order does not matter, to a batch of their own.
   *
   * @returns whether they do: code of the user's, asked for this, may have ended the map or the pool
   */
  #retry({ chunk }: ChunkJob, batch: Batch, from: number, to: number): boolean {
    if (!this.#takesRetries) return false;
    const again = { ...chunk, from, to, attempt: chunk.attempt + 1 };
    const { settings, context, isUnordered } = this.#options;
    const delay = backoffAfter(settings.backoff, chunk.attempt, context);
    if (!this.#takesRetries) return false;
    let own = batch;
    if (isUnordered) {
      for (let i = from; i < to; i++) batch.put(i, moved);
      own = new Batch(batch.firstIndex, to, from);
      own.itemBytes = batch.itemBytes;
    }
    this.#sendAgain(again, own, delay);
    return true;
  }

  #deliver(): void {
    let isMoved = false;
    while (this.#waiters.length > 0) {
      const outcome = this.#take();
      if (outcome === undefined) {
        if (!this.isOver) break;
        this.#waiters.shift()!.resolve({ done: true, value: undefined });
      } else {
        isMoved = true;
        this.#waiters.shift()!.resolve({ done: false, value: outcome });
      }
    }
    if (this.isOver) this.#over();
    else if (isMoved) this.#pump();
  }
}

/** An item of `starmap`: Python spreads any iterable, and so do we. */
function checkArguments(item: unknown, index: number): void {
  if (typeof (item as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw new TypeError(expected(`items[${index}]`, 'a list of arguments', item));
}
