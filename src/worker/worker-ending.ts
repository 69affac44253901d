/**
 * The end of a worker: told to, killed, or by itself. Its end is reported once, when it is gone, all its messages were read, and all of
 * them were decoded.
 *
 *   stop ──▶ told ──patience──▶ killed ─┐
 *                                       ├──▶ gone, its link has ended, nothing is undecoded ──▶ told
 *   its link ends ──patience──▶ killed ─┘
 */

import type { WorkerEnd } from '../errors.ts';
import { clearTimeout, setTimeout } from '../real-timers.ts';
import { FrameKind, frame } from './frame.ts';
import type { RunningWorker, WorkerKind } from './running-worker.ts';

/** How long a worker may take to end after it was told to. Then it is killed: a leftover endless loop must not hold us up. */
const patience = 5000;
/** Frames of a dead worker that are still on their way arrive within this time. */
const drainTime = 1000;

export interface EndingEvents {
  /** Nothing will come from it any more. */
  linkEnded(): void;
  /** True while a message waits for its modules. */
  isDecoding(): boolean;
  ended(end: WorkerEnd): void;
}

export class WorkerEnding {
  readonly #kind: WorkerKind;
  readonly #worker: RunningWorker;
  readonly #events: EndingEvents;
  /** True once it has loaded what it needs; written by the handle. */
  isReady = false;
  #end: WorkerEnd | undefined;
  #isLinkOpen = true;
  #isTold = false;
  #timer: NodeJS.Timeout | undefined;
  /** Milliseconds it has to end from the moment it was told, or last said that its pools work. */
  #toEnd: number | undefined;

  constructor(kind: WorkerKind, worker: RunningWorker, events: EndingEvents) {
    this.#kind = kind;
    this.#worker = worker;
    this.#events = events;
    worker.onGone((end) => this.#gone(end));
  }

  /**
   * Lets it end in good order, when its own pools have done their work.
   *
   * @param grace milliseconds after which it is killed, unless it says meanwhile that its pools work
   * @param isNow it does not wait for its pools
   */
  stop(grace: number = patience, isNow: boolean = false): void {
    if (this.#end !== undefined) return;
    this.#worker.link.send(frame(FrameKind.Close, { a: isNow ? 1 : 0 }));
    this.#worker.link.flush();
    this.#toEnd ??= grace;
    this.#timer ??= this.#killLater(grace);
  }

  /** Called when its own pools work: a worker that was told to end gets its time anew. */
  poolsWork(): void {
    if (this.#toEnd === undefined || this.#end !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = this.#killLater(this.#toEnd);
  }

  /** Ends it mid-work. A process hears of `SIGTERM`, and has `grace` milliseconds to make an end. */
  kill(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL', grace: number = patience): void {
    if (this.#end !== undefined) return;
    // A thread that is terminated while it loads its modules leaves their descriptors open: it ends when it has them.
    if (this.#kind === 'thread' && !this.isReady) return this.stop();
    this.#worker.kill(signal);
    if (signal !== 'SIGTERM') return;
    clearTimeout(this.#timer);
    this.#timer = this.#killLater(grace);
  }

  #killLater(ms: number): NodeJS.Timeout | undefined {
    return ms === Infinity ? undefined : setTimeout(() => this.#worker.kill('SIGKILL'), ms).unref();
  }

  #gone(end: WorkerEnd): void {
    this.#end = end;
    clearTimeout(this.#timer);
    // A grandchild may hold the other end of the link open.
    if (this.#isLinkOpen) this.#timer = setTimeout(() => this.linkEnded(), drainTime).unref();
    this.check();
  }

  /** To be called when the link says so. */
  linkEnded(): void {
    this.#isLinkOpen = false;
    clearTimeout(this.#timer);
    this.#worker.link.close();
    this.#worker.link.parcels.drop();
    this.#events.linkEnded();
    // Without its link a worker is of no use. A worker ends by itself when it sees that; a stuck one does not see it.
    if (this.#end === undefined) this.#timer = setTimeout(() => this.kill(), patience).unref();
    this.check();
  }

  /** To be called when something that came was decoded. */
  check(): void {
    if (this.#end === undefined || this.#isLinkOpen || this.#isTold || this.#events.isDecoding()) return;
    this.#isTold = true;
    clearTimeout(this.#timer);
    this.#events.ended(this.#end);
  }
}
