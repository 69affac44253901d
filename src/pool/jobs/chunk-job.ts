/**
 * Items of a map that travel together. If their worker is lost, those that had not begun go on elsewhere.
 *
 *   from       next          allowed                    to
 *    |----------|- - - - - - - -|........................|
 *      settled    may have begun      untouched
 */

import type { Capsule, Packet } from '../../codec/index.ts';
import { CancelledError } from '../../errors.ts';
import { handleDoor } from '../../handles.ts';
import type { ChunkReport } from '../../worker/index.ts';
import type { AsyncResource } from './caller-context.ts';
import type { Values } from '../map/chunk-outcomes.ts';
import { Job, type Loss, type Lost, type Overdue, type Reported } from './job.ts';
import { lostError, overdueError } from './job-errors.ts';
import { maxReturns } from './single-job.ts';
import { isTimed, type TaskSettings } from './task-options.ts';
import type { TaskWorker } from '../task-pool.ts';

export interface Chunk {
  readonly id: number;
  readonly capsule: Capsule;
  readonly packet: Packet;
  /** The packet is a list in shared memory, and item 0 its element of this index. */
  readonly rangeFrom: number | undefined;
  readonly isSpread: boolean;
  readonly isAbortable: boolean;
  /** The range of its items in the packet: from the first up to, and without, the second. */
  readonly from: number;
  readonly to: number;
  /** The caller's, if decoding results may run code of its. */
  readonly context: AsyncResource | undefined;
  /** Which attempt of its items this is, from 1. */
  readonly attempt: number;
}

/** The measured time of items. */
export interface Pace {
  /** Items that a worker may begin before it reports the first of them. */
  readonly lease: number;
}

/** How items in a row ended. The values are the receiver's own. */
export interface ItemEnds {
  readonly values: Values;
  /** Places of errors among them, in order. */
  readonly failed: readonly number[];
  /** The items were not wanted any more, or not taken: they are not tried again. */
  readonly isFinal?: true;
}

/** The next outcomes, in the order of the items from `first` on; `ms` and `bytes` are the time and the memory that they took, if a worker ran them. */
export type OnOutcomes = (first: number, ends: ItemEnds, ms: number | undefined, bytes: number) => void;

/** The map tries the items again one by one. */
export class ChunkJob extends Job {
  readonly chunk: Chunk;
  #onOutcomes!: OnOutcomes;
  #worker: TaskWorker | undefined;
  /** The first item without an outcome. */
  #next: number;
  /** The first item that has certainly not begun. */
  #allowed: number;
  /** Times it came back without having got on. */
  #returns = 0;
  #nextAtSend = -1;
  /** The item that has taken too long, and what it fails with. */
  #overdue: { readonly item: number; readonly error: unknown } | undefined;
  /** Why items that are left have failed. */
  #reason: unknown;
  #isAborted = false;
  #isCut = false;
  readonly #pace: Pace;

  constructor(chunk: Chunk, settings: TaskSettings, pace: Pace) {
    const wishes = {
      priority: settings.priority,
      key: settings.key,
      weight: chunk.to - chunk.from,
    };
    super(chunk.id, chunk.capsule, settings, chunk.context, wishes, true, chunk.attempt > 1);
    this.chunk = chunk;
    this.#pace = pace;
    this.#next = this.#allowed = chunk.from;
  }

  /** Sets the receiver of outcomes; once, before the chunk is submitted. */
  onOutcomes(callback: OnOutcomes): void {
    this.#onOutcomes = callback;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** The first item without an outcome. */
  get firstLeft(): number {
    return this.#next;
  }

  override get left(): number {
    return this.chunk.to - this.#next;
  }

  /** The items that its worker has given back, as a chunk; undefined: none. */
  get rest(): Omit<Chunk, 'id'> | undefined {
    return this.#isCut && this.left > 0 ? { ...this.chunk, from: this.#next } : undefined;
  }

  release(): void {
    const { handles } = this.chunk.packet;
    if (handles.length > 0) handleDoor()?.unpin(handles);
  }

  send(worker: TaskWorker): void {
    const { packet, rangeFrom, to, isSpread, attempt } = this.chunk;
    this.#worker = worker;
    this.#returns = this.#nextAtSend === this.#next ? this.#returns + 1 : 0;
    this.#nextAtSend = this.#next;
    // Items that are tried again, or timed, are reported one by one.
    const lease = attempt > 1 || isTimed(this.settings) ? 1 : Math.min(this.#pace.lease, to - this.#next);
    this.#allowed = this.#next + lease;
    worker.callEach(this, {
      packet,
      rangeFrom,
      isSpread,
      from: this.#next,
      to,
      attempt,
      lease,
      isTimed: isTimed(this.settings),
      isAbortable: this.chunk.isAbortable,
      // Moved memory cannot be sent twice, and a returned item would come after others of its key.
      isWhole: packet.transfer.length > 0 || this.settings.key !== undefined,
    });
  }

  returned(): void {
    this.#overdue = undefined;
  }

  overdue(notBegun: number | undefined): Overdue {
    const reason = overdueError(this.name, this.settings.timeout, notBegun);
    this.#overdue = { item: this.#next, error: reason };
    return { reason, item: this.#next };
  }

  override isLate(): boolean {
    return this.#isAborted || this.#overdue?.item === this.#next;
  }

  report(told: ChunkReport): Reported {
    const report = this.#judged(told);
    this.#next = report.first + report.values.length;
    this.#allowed = report.allowed;
    this.#isCut = report.isCut;
    const isDone = this.left === 0 || report.isCut;
    if (isDone) this.#worker?.chunkDone(this);
    const tell = (): void => this.#onOutcomes(report.first, report, report.ms, report.bytes);
    return { ended: report.values.length, failed: report.failed.length, isDone, tell };
  }

  /** The report with what counts: an item that took too long has failed, however it ended. */
  #judged(report: ChunkReport): ChunkReport {
    const overdue = this.#overdue;
    const late = overdue === undefined ? -1 : overdue.item - report.first;
    if (overdue === undefined || late < 0 || late >= report.values.length) return report;
    this.#overdue = undefined;
    const values = Array.from<unknown>(report.values);
    values[late] = overdue.error;
    const failed = [...report.failed.filter((at) => at !== late), late].sort((a, b) => a - b);
    return { ...report, values, failed };
  }

  end(_ok: boolean, value: unknown): boolean {
    this.#reason = value;
    return false;
  }

  aborted(reason: unknown): void {
    this.#isAborted = true;
    this.#reason = reason;
  }

  settle(): void {
    // One whose worker was lost has an outcome for each item, and none of its own.
    this.#endRest(this.#reason);
  }

  lose({ end, isBegun, why }: Loss): Lost {
    // Memory that was moved to the lost worker cannot be sent again, and a chunk without progress must not circulate indefinitely.
    const mayGoOn = this.chunk.packet.transfer.length === 0 && this.#returns < maxReturns;
    const inDoubt = mayGoOn ? (isBegun ? this.#allowed - this.#next : 0) : this.left;
    if (inDoubt === 0) return { isLeft: this.left > 0 };
    const first = this.#next;
    const ends = allFailed(inDoubt, lostError(end, this.name, why));
    if (this.#overdue?.item === first) ends.values[0] = this.#overdue.error;
    this.#next += inDoubt;
    return { isLeft: this.left > 0, tell: () => this.#onOutcomes(first, ends, undefined, 0) };
  }

  cancelled(): void {
    this.#endRest(new CancelledError('the item was cancelled before it began'));
  }

  #endRest(error: unknown): void {
    const first = this.#next;
    const left = this.left;
    this.#next = this.chunk.to;
    this.#onOutcomes(first, { ...allFailed(left, error), isFinal: true }, undefined, 0);
  }
}

function allFailed(count: number, error: unknown): ItemEnds {
  return { values: Array.from<unknown>({ length: count }).fill(error), failed: Array.from({ length: count }, (_, i) => i) };
}
