/**
 * The end of a worker: ordered, forced, or its own. It is told once: when the worker is gone, and all that it sent was read and decoded.
 *
 *   stop ──▶ told ──patience──▶ killed ─┐
 *                                       ├──▶ gone, its link has ended, nothing is undecoded ──▶ told
 *   its link ends ──patience──▶ killed ─┘
 */

import type { WorkerEnd } from '../../errors.ts';
import { clearTimeout, setTimeout } from '../../real-timers.ts';
import { FrameKind, frame } from '../link/frame.ts';
import type { RunningWorker, WorkerKind } from './running-worker.ts';

/** Milliseconds that a worker may take to end after the order. Then it is killed: a leftover endless loop must not hold the host up. */
const patience = 5000;
/** Milliseconds within which frames of a dead worker arrive that are still on their way. */
const drainTime = 1000;

export interface EndingEvents {
  /** Hears that nothing will come from the worker any more. */
  linkEnded(): void;
  /** Tells whether a message waits for modules that it needs. */
  isDecoding(): boolean;
  ended(end: WorkerEnd): void;
}

export class WorkerEnding {
  readonly #kind: WorkerKind;
  readonly #worker: RunningWorker;
  readonly #events: EndingEvents;
  /** True once the worker has loaded what it needs; written by the handle. */
  isReady = false;
  #end: WorkerEnd | undefined;
  #isLinkOpen = true;
  #isTold = false;
  #timer: NodeJS.Timeout | undefined;
  /** Milliseconds that the worker has from the order on, or from when it last said that its pools work. */
  #toEnd: number | undefined;

  constructor(kind: WorkerKind, worker: RunningWorker, events: EndingEvents) {
    this.#kind = kind;
    this.#worker = worker;
    this.#events = events;
    worker.onGone((end) => this.#gone(end));
  }

  /**
   * Lets the worker end in good order, when its own pools have done their work.
   *
   * @param grace milliseconds after which the worker is killed, unless it says meanwhile that its pools work
   * @param isNow whether the worker does not wait for its pools
   */
  stop(grace: number = patience, isNow: boolean = false): void {
    if (this.#end !== undefined) return;
    this.#worker.link.send(frame(FrameKind.Close, { a: isNow ? 1 : 0 }));
    this.#worker.link.flush();
    this.#toEnd ??= grace;
    this.#timer ??= this.#killLater(grace);
  }

  /** Gives a worker that was told to end its time anew, as its own pools work. */
  poolsWork(): void {
    if (this.#toEnd === undefined || this.#end !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = this.#killLater(this.#toEnd);
  }

  /** Ends the worker mid-work. A process hears of `SIGTERM`, and has `grace` milliseconds to make an end. */
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

  /** Closes the host's side. Called when the link has ended. */
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

  /** Tells the end, if it has come. Called when a message was decoded. */
  check(): void {
    if (this.#end === undefined || this.#isLinkOpen || this.#isTold || this.#events.isDecoding()) return;
    this.#isTold = true;
    clearTimeout(this.#timer);
    this.#events.ended(this.#end);
  }
}
