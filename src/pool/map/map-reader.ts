/**
 * Reads the source of a map into chunks: when there is room, and not for long at a time.
 *
 *   state   idle --pump--> reading --+-- no room --------------> idle
 *                                    +-- 5 ms are over --------> paused --next turn--> reading
 *                                    +-- the item is awaited --> asked ---it comes---> reading
 *                                    `-- the end, or an error -> drained
 *           any state --close--> closed
 */

import { hideOwnFrames } from '../../stack-frames.ts';
import { clearImmediate, setImmediate } from '../../real-timers.ts';
import type { AsyncResource } from '../jobs/caller-context.ts';
import type { ChunkBuilder, Sealed } from './chunk-builder.ts';
import type { Range, Source } from './source.ts';

type State = 'idle' | 'reading' | 'paused' | 'asked' | 'drained' | 'closed';

/** The map's side of the reading: tells what there is room for, and is told of the items that come. */
export interface Intake {
  /** Items of the next chunk. */
  readonly wanted: number;
  /** The items, and bytes, that may be read; below 1 there is no space. */
  readonly room: number;
  readonly roomBytes: number;
  /** Called when there may be space, or a chunk has become useful: does what is due, and reads on. */
  pump(): void;
  /** True if an item may be read. @param isCall during the call of `map` */
  mayRead(isCall: boolean): boolean;
  /** True if a chunk of `bytes` should go as it is. */
  isHeavy(bytes: number): boolean;
  /** Items were read. */
  took(count: number): void;
  sealed(chunk: Sealed): void;
  /** The item was read, and cannot be sent; or the source failed where it would have come. */
  failed(index: number, error: unknown): void;
}

/** Reading from a slow source stops after 5 ms, to look after what else there is; except during the call of `map`. */
const readingMs = 5;
/** The clock is read after each item, or less often among items that come fast: after this many at most. */
const maxUnclocked = 64;
/** Milliseconds in which an item that comes fast comes. */
const fast = 0.01;
/** Items between two looks at the bytes that there is room for. */
const mostAtOnce = 4096;

export class MapReader {
  readonly builder: ChunkBuilder;
  readonly #source: Source;
  /** The caller's. */
  readonly #context: AsyncResource;
  readonly #intake: Intake;
  #state: State = 'idle';
  /** Items taken from the source. */
  #pulled = 0;
  /** Items after which the clock is read, and those that came since. */
  #stretch = 1;
  #unclocked = 0;
  #lookedAt = 0;
  /** Ends the pause. */
  #timer: NodeJS.Immediate | undefined;

  constructor(source: Source, builder: ChunkBuilder, context: AsyncResource, intake: Intake) {
    this.#source = source;
    this.builder = builder;
    this.#context = context;
    this.#intake = intake;
  }

  get isIdle(): boolean {
    return this.#state === 'idle';
  }

  /** The source goes on in the next turn of the event loop. */
  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  /** The source has no more items. */
  get isDrained(): boolean {
    return this.#state === 'drained';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Code of the user's may have ended the reading. */
  get #isReading(): boolean {
    return this.#state === 'reading';
  }

  /** Reads as much as there is room for, in the caller's context. Reads nothing unless the state is idle. */
  read(isCall: boolean): void {
    if (this.#state === 'idle' && this.#intake.mayRead(isCall)) this.#context.runInAsyncScope(this.#read, this, isCall);
  }

  #read(isCall: boolean): void {
    this.#state = 'reading';
    try {
      if (isCall) while (this.#isReading && this.#intake.mayRead(true)) this.#readSome(Infinity);
      else this.#readForAWhile();
    } catch (error) {
      this.#failed(error);
    }
    if (this.#isReading) this.#state = 'idle';
  }

  /** The source may be slower than the workers: they must be listened to between its items. */
  #readForAWhile(): void {
    const until = (this.#lookedAt = performance.now()) + readingMs;
    this.#unclocked = 0;
    while (this.#isReading && this.#intake.mayRead(false)) {
      this.#readSome(until);
      if (this.#lookedAt > until && this.#isReading) this.#pause();
    }
  }

  /** Reads the clock. @returns the time */
  #look(): number {
    const now = performance.now();
    this.#stretch = now - this.#lookedAt < fast * this.#stretch ? Math.min(this.#stretch * 2, maxUnclocked) : 1;
    this.#unclocked = 0;
    return (this.#lookedAt = now);
  }

  #pause(): void {
    this.#state = 'paused';
    this.#timer = setImmediate(() => {
      this.#state = 'idle';
      this.#intake.pump();
    });
  }

  /**
   * Reads no more than fits into the chunk that is being filled. There is room for one item at least.
   *
   * @param until the time after which it stops; `Infinity`: no clock is read
   */
  #readSome(until: number): void {
    const source = this.#source;
    const { builder } = this;
    const { wanted, room, roomBytes } = this.#intake;
    const fitting = Math.max(1, Math.min(room, wanted - builder.length, mostAtOnce));
    if (source.range !== undefined) return this.#skipSome(source.range, fitting, wanted);
    const isClocked = until !== Infinity;
    for (let i = 0; i < fitting; i++) {
      const isThere = source.advance();
      if (isThere !== true) {
        if (isThere === false) this.#ended();
        else this.#await(isThere);
        return;
      }
      const item = source.value;
      this.#accept(item, wanted);
      // Few numbers have no relevant weight.
      if (typeof item !== 'number' && builder.weight >= roomBytes) return;
      if (builder.length === 0 || !this.#isReading) return;
      if (isClocked && ++this.#unclocked >= this.#stretch && this.#look() > until) return;
    }
  }

  #skipSome(range: Range, most: number, wanted: number): void {
    const { from, count } = range.skip(most);
    if (count > 0) this.builder.addRange(range.list, from, count, this.#pulled);
    else this.#ended();
    this.#pulled += count;
    this.#intake.took(count);
    if (this.builder.length >= wanted) this.seal();
  }

  #await(answer: Promise<boolean>): void {
    this.#state = 'asked';
    answer.then(
      (isThere) => {
        if (this.#state !== 'asked') return;
        this.#state = 'reading';
        if (isThere) this.#accept(this.#source.value, this.#intake.wanted);
        else this.#ended();
        if (this.#isReading) this.#state = 'idle';
        this.#intake.pump();
      },
      (error: unknown) => {
        if (this.#state !== 'asked') return;
        this.#failed(error);
        this.#intake.pump();
      },
    );
  }

  #accept(item: unknown, wanted: number): void {
    const index = this.#pulled++;
    const { builder } = this;
    this.#intake.took(1);
    try {
      builder.add(item, index);
    } catch (error) {
      this.seal();
      builder.isTaken = false;
      return this.#intake.failed(index, error);
    }
    if (builder.length >= wanted || builder.isTaken || (typeof item !== 'number' && this.#intake.isHeavy(builder.weight))) this.seal();
  }

  /** Sends the chunk that is being filled. */
  seal(): void {
    // Encoding an item ran user code, which has closed the map.
    if (this.isClosed) return this.builder.clear();
    const sealed = this.builder.seal();
    if (sealed !== undefined) this.#intake.sealed(sealed);
  }

  /** Of several iterables the shortest has ended; the others are told. */
  #ended(): void {
    if (this.#state !== 'closed') this.#state = 'drained';
    this.#closeSource().catch(() => {});
    this.seal();
  }

  /** An error of the source stands where its next item would have been. */
  #failed(error: unknown): void {
    hideOwnFrames(error);
    this.#ended();
    if (this.#state === 'closed') return;
    this.#intake.took(1);
    this.#intake.failed(this.#pulled++, error);
  }

  /**
   * Reads no further.
   *
   * @returns what closes the source. An async one that is asked for an item right now may take as long as it likes over it, and is not waited for.
   */
  stop(): () => Promise<void> {
    const wasAsked = this.#state === 'asked';
    this.#state = 'closed';
    clearImmediate(this.#timer);
    if (!this.builder.isAdding) this.builder.clear();
    return async () => {
      const closed = this.#closeSource();
      if (wasAsked) closed.catch(() => {});
      else await closed;
    };
  }

  #closeSource(): Promise<void> {
    return this.#context.runInAsyncScope(this.#source.close, this.#source);
  }
}
