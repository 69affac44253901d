/**
 * Runs the items of one chunk, one after another, and reports as it goes.
 *
 * If the worker dies, the host must know which items may have run: those it may not run again, the others it may.
 * So no item begins before the host was told that it may:
 *
 *       reported      may have started       untouched
 *   |----------------|- - - - - - - - -|.....................|
 *   0              first             allowed               count
 *
 * A report sends the outcomes so far and moves `allowed` by about one millisecond of work: one item if items are slow (then
 * exactly the running one is lost), thousands if they are tiny. An exit that runs JavaScript (`process.exit()`, an
 * uncaught error) reports exactly.
 */

import type { AsyncResource } from 'node:async_hooks';
import { type Border, Decoder, Encoder, type ExportedSignal, type Incoming } from '../../codec/index.ts';
import type { SharedList } from '../../handles.ts';
import type { HeldCapsule } from './capsule-shelf.ts';
import { type Holder, TaskContext, type TellProgress, callAs, callWith, leave } from './current-task.ts';
import { type Frame, FrameKind, wholeChunk } from '../link/frame.ts';
import { type Meta, addOutcome, packetFrame } from '../link/message.ts';
import { type TaskClock, areFew } from './task-clock.ts';
import { isThenable } from '../../thenable.ts';

/** Outcomes are sent at least this often (milliseconds), looked at between two items; and while one is waited for. */
const reportEvery = 2;
const reportWaiting = 5;
const leaseFor = 1;
const maxReportBytes = 1024 * 1024;
/** The clock is read after each item. Among items that take less than `quick` (milliseconds), it is read after `unclocked` of them. */
const quick = 0.005;
const unclocked = 8;
/**
 * A chunk whose results have come to this size ends, and gives back the items that it has not begun. The map sends them again when its
 * consumer has taken enough. To wait here instead would keep the worker from other tasks, of which one may be the consumer's.
 */
const maxChunkBytes = 1024 * 1024;

export interface ChunkOptions {
  readonly border: Border;
  /** Sends a report now. */
  readonly send: (report: Frame, signals: readonly ExportedSignal[]) => void;
  /** Sends the last one, which settles the chunk. */
  readonly sendLast: (report: Frame, signals: readonly ExportedSignal[]) => void;
  readonly frame: Frame;
  readonly isSpread: boolean;
  /** If the host measures how long each item takes: then it is reported before the next begins. */
  readonly clock: TaskClock | undefined;
  /** Items are not given back. */
  readonly isWhole: boolean;
  readonly attempt: number;
  /** Items that may begin before the first report. */
  readonly lease: number;
  /** The packet is a list in shared memory, and item 0 its element of this index. */
  readonly rangeFrom: number | undefined;
  readonly capsule: HeldCapsule;
  readonly packet: Incoming;
  /** An item has to be waited for. */
  readonly onWait: () => void;
  /** @param isCurtailed items are left that will not be begun */
  readonly onDone: (isCurtailed: boolean) => void;
  readonly tellProgress: TellProgress;
}

export class ChunkRun implements Holder {
  readonly #options: ChunkOptions;
  /** Items to run; fewer than the chunk has when it is curtailed. */
  #count: number;
  #items: Items | undefined;
  /** The item that runs or runs next. */
  #index: number;
  #hasStarted = false;
  /** The first item whose outcome was not sent. */
  #first: number;
  #allowed: number;
  #encoder: Encoder | undefined;
  #failed: number[] = [];
  /** Size of the results that were sent. */
  #bytes = 0;
  #isCut = false;
  #reportedAt = 0;
  /** Changes when the running item is given up, so that its late end is not taken for the next one's. */
  #turn = 0;
  /** Of the running item. */
  resource: AsyncResource | undefined;
  /** Of the running item, if it asked for it. */
  #context: TaskContext | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ChunkOptions) {
    this.#options = options;
    this.#count = options.frame.b;
    this.#index = this.#first = options.frame.c;
    this.#allowed = this.#first + options.lease;
  }

  /** Null between two items. */
  get context(): TaskContext | null {
    if (!this.#hasStarted) return null;
    const { frame, attempt, tellProgress, clock } = this.#options;
    return (this.#context ??= new TaskContext(frame.id + this.#index, attempt, tellProgress, clock));
  }

  /** True if the running item has asked for its signal. */
  get hasSignal(): boolean {
    return this.#context?.hasSignal === true;
  }

  /** The running item is not wanted any more, if it is still this one; or nothing is. */
  abort(reason: unknown, index: number): void {
    const isWhole = index === wholeChunk;
    if (this.#hasStarted && (isWhole || index === this.#index)) this.context?.abort(reason);
    if (isWhole) this.curtail();
  }

  /** Begins no further item. */
  curtail(): void {
    this.#count = Math.min(this.#count, this.#index + (this.#hasStarted ? 1 : 0));
  }

  start(): void {
    this.#reportedAt = performance.now();
    try {
      this.#items = itemsOf(this.#options, this.#first);
    } catch (error) {
      return this.failAll(error);
    }
    this.#run();
  }

  /** The running item ends with this error; the chunk goes on. */
  fail(error: unknown): void {
    this.#turn++;
    this.#end(false, error);
    this.#run();
  }

  /** All items that are left end with this error. */
  failAll(error: unknown): void {
    while (this.#index < this.#count) this.#end(false, error);
    this.report(false);
    this.#done();
  }

  #run(): void {
    let lookedAt = performance.now();
    let most = 1;
    while (this.#index < this.#count) {
      if (this.#isFull()) return this.#giveBack();
      if (this.#index >= this.#allowed) this.report(false);
      const from = this.#index;
      if (!this.#runSome(Math.min(this.#count, this.#allowed, from + most))) return;
      const now = performance.now();
      most = now - lookedAt < quick * (this.#index - from) ? unclocked : 1;
      lookedAt = now;
      if (now - this.#reportedAt > reportEvery || (this.#encoder?.weight ?? 0) > maxReportBytes) this.report(false);
    }
    this.report(false);
    this.#done();
  }

  /** Runs the items before `end`; fewer, if one fails or their results are large. Returns false if one is waited for. */
  #runSome(end: number): boolean {
    const { clock, capsule, packet, isSpread } = this.#options;
    const items = this.#items!;
    while (this.#index < end) {
      this.#hasStarted = true;
      try {
        if (clock !== undefined && !(capsule.opensFast && areFew(packet.bytes))) clock.stops();
        const fn = capsule.open() as (...args: unknown[]) => unknown;
        const item = items.next();
        clock?.runs();
        const value = isSpread ? callAs(this, fn, item as unknown[]) : callWith(this, fn, item);
        if (isThenable(value)) {
          this.#wait(value);
          return false;
        }
        this.#end(true, value);
        if (typeof value !== 'number' && (this.#isFull() || this.#encoder!.weight > maxReportBytes)) return true;
      } catch (error) {
        this.#end(false, error);
        return true;
      }
    }
    return true;
  }

  #isFull(): boolean {
    return !this.#options.isWhole && this.#bytes + (this.#encoder?.weight ?? 0) >= maxChunkBytes;
  }

  #giveBack(): void {
    this.#isCut = true;
    this.report(true);
    this.#done();
  }

  #done(): void {
    clearTimeout(this.#timer);
    leave(this);
    this.#options.clock?.end();
    this.#options.onDone(this.#count < this.#options.frame.b);
  }

  #wait(value: PromiseLike<unknown>): void {
    const turn = ++this.#turn;
    const next = (isOk: boolean, settled: unknown): void => {
      if (turn !== this.#turn) return;
      this.#end(isOk, settled);
      if (performance.now() - this.#reportedAt > reportEvery) this.report(false);
      this.#run();
    };
    this.#options.onWait();
    if (this.#index > this.#first) this.#reportSoon();
    Promise.resolve(value).then(
      (settled) => next(true, settled),
      (error: unknown) => next(false, error),
    );
  }

  /** Finished items do not wait for an item that takes long. */
  #reportSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#index > this.#first && this.#hasStarted) this.report(false);
    }, reportWaiting).unref();
  }

  #end(isOk: boolean, value: unknown): void {
    this.#options.clock?.gives(value);
    this.#encoder ??= new Encoder({ border: this.#options.border, isSeries: true });
    if (!addOutcome(this.#encoder, isOk, value)) this.#failed.push(this.#index - this.#first);
    this.#index++;
    this.#hasStarted = false;
    this.resource = undefined;
    this.#context?.end();
    this.#context = undefined;
  }

  /** Sends the outcomes so far. `isLast`: no further item will begin here. */
  report(isLast: boolean): void {
    const now = performance.now();
    const done = this.#index - this.#first;
    const spent = now - this.#reportedAt;
    const { capsule } = this.#options;
    if (done > 0) capsule.itemMs = spent / done;
    const lease = this.#options.clock !== undefined ? 1 : Math.max(1, Math.floor(leaseFor / capsule.itemMs));
    this.#allowed = isLast ? this.#index + (this.#hasStarted ? 1 : 0) : Math.min(this.#count, this.#index + lease);
    this.#bytes += this.#encoder?.weight ?? 0;
    const packet = (this.#encoder ?? new Encoder({ border: this.#options.border })).finish();
    const fields = { id: this.#options.frame.id, a: this.#first, b: this.#allowed, c: Math.min(0xffff_ffff, Math.round(spent * 1000)) };
    let meta: Meta | undefined = this.#failed.length > 0 ? { failed: this.#failed } : undefined;
    if (this.#isCut) meta = { ...meta, isCut: true };
    const send = this.#isCut || this.#index === this.#options.frame.b ? this.#options.sendLast : this.#options.send;
    send(packetFrame(FrameKind.ChunkOutcomes, packet, fields, meta), packet.signals);
    this.#encoder = undefined;
    this.#failed = [];
    this.#first = this.#index;
    this.#reportedAt = now;
  }
}

/** The source of the items. */
interface Items {
  next(): unknown;
}

/** The items of a chunk from item `first` on. */
function itemsOf({ packet, border, rangeFrom }: ChunkOptions, first: number): Items {
  const decoder = new Decoder(packet, border);
  if (rangeFrom !== undefined) return new Range(decoder.next() as SharedList, rangeFrom + first);
  for (let i = 0; i < first; i++) skip(decoder);
  return decoder;
}

/** Elements of a list in shared memory, read when it is their turn. */
class Range implements Items {
  readonly #list: SharedList;
  #next: number;

  constructor(list: SharedList, next: number) {
    this.#list = list;
    this.#next = next;
  }

  next(): unknown {
    const list = this.#list;
    const at = this.#next++;
    return list.get === undefined ? list[at] : list.get(at);
  }
}

/** An item that ended elsewhere. */
function skip(decoder: Decoder): void {
  try {
    decoder.next();
  } catch {
    // The item could not be decoded; that does not matter any more.
  }
}
