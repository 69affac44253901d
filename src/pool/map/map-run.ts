/**
 * One `map` under way: takes items from the source, sends them in chunks, hands out outcomes.
 *
 *   source --MapReader--> ChunkBuilder --sealed--> ChunkQueue --submit--> jobs in the pool --reports--> ResultQueue --poll--> consumer
 *          `--------------- at most bufferSize items, and some 16 MiB, between these two ends ----------------'
 *
 * The map moves when there is a reason: the consumer took a result, a worker reported, an async source delivered. The call itself reads a
 * sync source as far as the buffer goes.
 *
 * Two rules keep the bytes of items and outcomes within bounds. While outcomes that wait for the consumer have 16 MiB, no chunk is
 * submitted, unless its first item is the one that the consumer waits for. While items and outcomes together have 16 MiB, none is
 * read, unless a worker has nothing to do. So a map holds 16 MiB, and what its workers have in hand.
 */

import { type CallSite, type Capsule, hasReducers } from '../../codec/index.ts';
import { AbortWatch } from '../jobs/abort-watch.ts';
import type { AsyncResource } from '../jobs/caller-context.ts';
import { ChunkBuilder, type Sealed } from './chunk-builder.ts';
import { type Chunk, ChunkJob, type ItemEnds } from '../jobs/chunk-job.ts';
import { ChunkOutcomes, Failure, none, type Stretch, type Values } from './chunk-outcomes.ts';
import { ChunkQueue } from './chunk-queue.ts';
import { ChunkSize } from './chunk-size.ts';
import type { MapProgress } from './map-progress.ts';
import { type Intake, MapReader } from './map-reader.ts';
import { MapRetries, type RetryingMap } from './map-retries.ts';
import { type ItemOutcome, ResultQueue } from './result-queue.ts';
import type { Source } from './source.ts';
import { type TaskSettings, isAbortable, isTimed } from '../jobs/task-options.ts';
import type { TaskPool } from '../task-pool.ts';

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

/** Bytes of items, and of outcomes, that a map holds. */
const maxBytes = 16 * 1024 * 1024;

/**
 * The maps that a signal aborts. The signal may outlive them: a map that is not consumed to its end is not kept alive, nor the pool that it
 * belongs to.
 */
let aborts: AbortWatch<WeakRef<MapRun>>;
const abandoned = new FinalizationRegistry<() => void>((forget) => forget());

/** Returns what ends the watch; it must not know the map itself. */
function watchFor(signal: AbortSignal, run: WeakRef<MapRun>): () => void {
  aborts.watch(signal, run);
  return () => aborts.forget(signal, run);
}

export class MapRun implements Intake, RetryingMap {
  readonly #pool: TaskPool;
  readonly #options: MapRunOptions;
  readonly #chunkSize: ChunkSize;
  readonly #reader: MapReader;
  readonly #queue: ChunkQueue;
  readonly #results: ResultQueue;
  readonly #retries: MapRetries;
  /** Chunks that have items without an outcome. */
  readonly #jobs: Set<ChunkJob> = new Set();
  readonly #jobSettings: TaskSettings;
  /** Bytes of the items in chunks that have no outcome. */
  #itemBytes = 0;
  /** The number of held results at which there is something to do, as the consumer takes them. */
  #pumpAt = Infinity;
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

  constructor(pool: TaskPool, options: MapRunOptions) {
    this.#pool = pool;
    this.#options = options;
    this.#chunkSize = new ChunkSize(options.chunkSize);
    this.#reader = new MapReader(options.source, new ChunkBuilder(pool.border, options.isSpread), options.context, this);
    this.#results = new ResultQueue(options.isUnordered);
    this.#queue = new ChunkQueue(pool, this.#isSerial);
    this.#retries = new MapRetries(options, this);
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
      this.pump(true);
    }
  }

  // ---- for the consumer

  /** The value of the next item, or its `Failure`; `none` if it is not there or a call waits for it already. */
  poll(): unknown {
    const value = this.#results.poll();
    if (value !== none && this.#results.held <= this.#pumpAt) this.#taken();
    return value;
  }

  /** As `poll`, all that came together with the next. */
  pollStretch(): Stretch | undefined {
    const stretch = this.#results.pollStretch(Infinity);
    if (stretch !== undefined) this.#taken();
    return stretch;
  }

  /**
   * Lends outcomes that the consumer may take without a call: they have no consequence before the next. The consumer moves `from` of the
   * stretch with each that it takes, and asks again when it has taken all. An abort takes the rest back. Undefined: `poll` reports.
   */
  lend(): Stretch | undefined {
    const most = this.#results.held - this.#pumpAt - 1;
    return most > 1 ? this.#results.lend(most) : undefined;
  }

  next(): Promise<IteratorResult<ItemOutcome, undefined>> {
    const value = this.poll();
    if (value !== none) return Promise.resolve({ done: false, value: this.#results.outcomeOf(value) });
    return this.#results.wait(this.isOver);
  }

  /** Closes the source and cancels what was not begun. Items that workers have begun go on and are not looked at. */
  close(): Promise<void> {
    return this.#close((job) => this.#pool.curtail(job));
  }

  /** True if nothing is left to be taken. */
  get isOver(): boolean {
    return this.#reader.isClosed || (this.#reader.isDrained && this.#results.held === 0);
  }

  #taken(): void {
    if (this.isOver) this.#over();
    this.pump();
  }

  /** Aborts the whole map: its waiter, or else the next call, gets the reason. */
  #abort(reason: unknown): void {
    this.#results.abort(reason);
    this.#close((job) => this.#pool.abort(job, reason)).catch(() => {});
  }

  async #close(end: (job: ChunkJob) => void): Promise<void> {
    if (this.#reader.isClosed) return;
    const closeSource = this.#reader.stop();
    this.#over();
    for (const job of this.#jobs) {
      end(job);
      // The pool may not have it yet.
      job.release();
    }
    this.#jobs.clear();
    this.#queue.clear();
    this.#results.clear();
    this.#results.end();
    await closeSource();
  }

  /** Called when nothing more will come: leaves nothing behind. */
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
  get wanted(): number {
    if (this.#isSerial || (this.#pool.timesJobs === true && isTimed(this.#options.settings))) return 1;
    if (this.#chunkSize.isFixed) return Math.min(this.#chunkSize.value, this.#bufferSize);
    const share = Math.min(Math.floor(this.#bufferSize / (2 * this.#queue.slots)), this.#pool.options.maxTasksPerChild);
    return Math.max(1, Math.min(this.#chunkSize.value, share));
  }

  /** Does what is due. @param isCall during the call of `map` */
  pump(isCall: boolean = false): void {
    this.#submit();
    if (this.#reader.isIdle) {
      this.#reader.read(isCall);
      this.#sealIfUseful();
    }
    this.#deliver();
    this.#setPumpAt();
  }

  /** There is room for an item, and if a chunk is begun, for all of it; or a worker has nothing to do. */
  mayRead(isCall: boolean): boolean {
    const { room } = this;
    return room > 0 && this.#hasBytes && (isCall || this.#reader.builder.length > 0 || room >= this.wanted || this.#pool.hasRoom);
  }

  get room(): number {
    return this.#bufferSize - this.#results.held;
  }

  get roomBytes(): number {
    return maxBytes - this.#results.bytes - this.#itemBytes;
  }

  /** Another item may be read, by the bytes of those that are held. */
  get #hasBytes(): boolean {
    if (this.#results.held === 0) return true;
    const results = this.#results.bytes;
    if (results >= maxBytes) return false;
    if (results + this.#itemBytes + this.#reader.builder.weight < maxBytes) return true;
    return this.#reader.builder.length === 0 && this.#queue.length === 0 && this.#pool.hasRoom;
  }

  /**
   * Finds out how many the consumer must take before anything can follow from it. Where bytes are what a map waits for, that is one.
   * A pool that has room now for another reason than this map's does not count: the map hears of its own chunks.
   */
  #setPumpAt(): void {
    const { held, bytes } = this.#results;
    if (Math.max(bytes + this.#itemBytes, held * this.#chunkSize.resultBytes) > maxBytes / 2) this.#pumpAt = Infinity;
    else if (!this.#reader.isIdle) this.#pumpAt = 0;
    else this.#pumpAt = this.#bufferSize - (this.#reader.builder.length > 0 || this.#pool.hasRoom ? 1 : this.wanted);
  }

  isHeavy(bytes: number): boolean {
    return this.#chunkSize.isHeavy(bytes);
  }

  took(count: number): void {
    this.#results.took(count);
  }

  failed(index: number, error: unknown): void {
    this.#results.add(index, new Failure(error));
    this.#options.progress?.ended(false);
  }

  /**
   * A chunk that waits for the source goes as it is when a worker is free for it, or when the buffer has no room for more. Of a size that was given
   * it waits only where others decide when an item comes: what goes together is not to depend on how fast the source was read.
   */
  #sealIfUseful(): void {
    if (this.#reader.builder.length === 0) return;
    const goesOn = this.#reader.isPaused && this.#chunkSize.isFixed && !this.#pool.isClosed;
    const isFull = this.#results.held >= this.#bufferSize || !this.#hasBytes;
    if (goesOn && !isFull) return;
    if (this.#pool.hasRoom || this.#pool.isClosed || isFull) this.#reader.seal();
    else this.#pool.onRoom(this.#onRoom);
  }

  readonly #onRoom = (): void => {
    if (!this.#reader.isClosed && !this.#reader.builder.isAdding) this.#sealIfUseful();
  };

  sealed(sealed: Sealed): void {
    const { count, weight, firstIndex, isTaken } = sealed;
    this.#chunkSize.weighed(count, weight);
    const outcomes = new ChunkOutcomes(firstIndex, count);
    outcomes.itemBytes = Math.ceil(weight / count);
    this.#itemBytes += outcomes.itemBytes * count;
    this.#results.expect(outcomes);
    const job = this.#jobOf(this.#chunkOf(sealed), outcomes);
    job.isTaken = isTaken;
    this.#queue.add(job, firstIndex);
    this.#submit();
  }

  #chunkOf({ packet, count, rangeFrom }: Sealed): Chunk {
    const { capsule, isSpread, settings, context } = this.#options;
    return {
      id: this.#pool.nextId(count),
      capsule,
      packet,
      rangeFrom,
      isSpread,
      context: hasReducers() ? context : undefined,
      from: 0,
      to: count,
      attempt: 1,
      isAbortable: isAbortable(settings),
    };
  }

  #jobOf(chunk: Chunk, outcomes: ChunkOutcomes): ChunkJob {
    const job = new ChunkJob(chunk, this.#jobSettings, this.#chunkSize);
    this.#jobs.add(job);
    job.onOutcomes((first, ends, ms, bytes) => this.#reported(job, outcomes, first, ends, ms, bytes));
    return job;
  }

  sendAgain(chunk: Omit<Chunk, 'id'>, outcomes: ChunkOutcomes, delay: number): void {
    const job = this.#jobOf({ ...chunk, id: this.#pool.nextId(chunk.to) }, outcomes);
    job.isTaken = true;
    if (delay > 0) this.#queue.submitLater(job, delay);
    else this.#queue.addReturned(job, outcomes.firstIndex + chunk.from);
  }

  /** Submits all that was read, however much results pile up. The pool is about to be shut down. */
  submitAll(): void {
    if (this.#reader.isClosed) return;
    // Code of an item may be what shuts down: the chunk follows when that item is in it.
    if (this.#reader.builder.isAdding) this.#reader.builder.isTaken = true;
    else this.#reader.seal();
    this.#queue.submitAll();
  }

  #submit(): void {
    if (this.#queue.length === 0 || this.#reader.isClosed) return;
    // Chunks wait in the pool only if their results, as big as the last ones, would not be too much.
    this.#queue.submit(this.#results.held * this.#chunkSize.resultBytes < maxBytes, this.#mayGo);
  }

  /** Results have not piled up; or the consumer waits for this item. */
  readonly #mayGo = (index: number): boolean => this.#results.bytes < maxBytes || index === this.#results.head;

  // ---- from the workers to the consumer

  #reported(job: ChunkJob, outcomes: ChunkOutcomes, first: number, ends: ItemEnds, ms: number | undefined, bytes: number): void {
    if (this.#reader.isClosed) return;
    const { rest } = job;
    // Of one whose worker was lost the end is told twice.
    if ((job.left === 0 || rest !== undefined) && this.#jobs.delete(job)) this.#queue.ended(job);
    if (ms !== undefined) this.#chunkSize.measured(ends.values.length, ms, bytes);
    this.#retries.sort(job.chunk, outcomes, first, ends, Math.ceil(bytes / ends.values.length));
    // The user's `retryOn` and `backoff` may have ended the map.
    if (this.#reader.isClosed) return;
    if (rest !== undefined) this.sendAgain(rest, outcomes, 0);
    this.#results.came(outcomes);
    this.pump();
  }

  keep(outcomes: ChunkOutcomes, first: number, values: Values, from: number, to: number, bytes: number): void {
    if (to === from) return;
    this.#results.put(outcomes, first, values, from, to, bytes);
    this.#itemBytes -= outcomes.itemBytes * (to - from);
    const { progress } = this.#options;
    if (progress !== undefined) for (let i = from; i < to; i++) progress.ended(!(values[i] instanceof Failure));
  }

  get isClosed(): boolean {
    return this.#reader.isClosed;
  }

  get takesRetries(): boolean {
    return !this.isClosed && this.#pool.takesRetries;
  }

  #deliver(): void {
    const isMoved = this.#results.deliver();
    if (this.isOver) {
      this.#results.end();
      this.#over();
    } else if (isMoved) this.pump();
  }
}
