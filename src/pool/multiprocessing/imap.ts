/**
 * The result of `imap` and `imapUnordered`: an iterator that survives errors and timeouts.
 *
 *   MapRun --asked for--> ready --> next() of the consumer
 *
 * A `next(timeout)` that gives up leaves behind what it had asked for: that goes to the next one.
 */

import type { AsyncItemIterator } from '../../iteration.ts';
import { checkTimeout } from '../../check.ts';
import { TimeoutError } from '../../errors.ts';
import { showAsText } from '../../repr.ts';
import { Failure, none } from '../map/chunk-outcomes.ts';
import { Fifo } from '../../fifo.ts';
import type { MapRun } from '../map/map-run.ts';
import type { ItemOutcome } from '../map/result-queue.ts';
import { later } from '../jobs/timers.ts';

/** The results of `imap`. An item that failed rejects at its place, and the next `next()` goes on with the next item. */
export interface ImapIterator<R> extends AsyncItemIterator<R> {
  /**
   * The next result.
   *
   * @param timeout milliseconds, 0 or more; default: indefinitely. After a `TimeoutError` the same result can be waited for again.
   * @throws TimeoutError if it is not there by then
   * @throws what the item failed with
   * @throws RangeError if the timeout is not a number >= 0
   */
  next(timeout?: number): Promise<IteratorResult<R, undefined>>;
  /** Closes the source and drops what was not begun. */
  return(): Promise<IteratorResult<R, undefined>>;
  /** The iterator itself. */
  [Symbol.asyncIterator](): this;
}

type Result = IteratorResult<unknown, undefined>;

interface Waiter {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
  timer: NodeJS.Timeout | undefined;
  isOver: boolean;
}

export class ImapResults implements ImapIterator<unknown> {
  /** Undefined when it is at its end. */
  #run: MapRun | undefined;
  readonly #onEnd: () => void;
  /** Results that came without a waiter. */
  readonly #ready: Fifo<ItemOutcome> = new Fifo();
  readonly #waiters: Fifo<Waiter> = new Fifo();
  /** Waiters that have not given up. */
  #waiting = 0;
  /** Outcomes that were asked for and have not come. */
  #asked = 0;
  /** The error that the next `next()` rejects with, before the end. */
  #failure: { readonly error: unknown } | undefined;

  /** @param run the map, or the reason for its absence */
  constructor(run: MapRun | { readonly error: unknown }, onEnd: () => void) {
    if ('error' in run) this.#failure = run;
    else this.#run = run;
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** `<ImapResults open>`, or `<ImapResults ended>`. */
  toString(): string {
    return `<${this.constructor.name} ${this.#run === undefined && this.#ready.length === 0 ? 'ended' : 'open'}>`;
  }

  static {
    showAsText(ImapResults);
  }

  next(timeout?: number): Promise<Result> {
    let ms: number;
    try {
      ms = checkTimeout(timeout);
    } catch (error) {
      return Promise.reject(error);
    }
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready.ok ? Promise.resolve({ done: false, value: ready.value }) : Promise.reject(ready.value);
    const value = this.#asked === 0 && this.#run !== undefined ? this.#run.poll() : none;
    if (value instanceof Failure) return Promise.reject(value.error);
    if (value !== none) return Promise.resolve({ done: false, value });
    if (this.#run === undefined) return this.#atEnd();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject, timer: undefined, isOver: false };
      if (ms !== Infinity) waiter.timer = later(ms, () => this.#giveUp(waiter, ms));
      this.#waiters.push(waiter);
      if (++this.#waiting > this.#asked) void this.#ask();
    });
  }

  async return(): Promise<Result> {
    const run = this.#run;
    this.#ready.clear();
    this.#failure = undefined;
    this.#end();
    await run?.close();
    return { done: true, value: undefined };
  }

  /** Takes all results to the end of the source, before they are asked for. */
  async drain(): Promise<void> {
    while (this.#run !== undefined) await this.#ask();
  }

  async #ask(): Promise<void> {
    const run = this.#run!;
    this.#asked++;
    try {
      const { done, value } = await run.next();
      this.#asked--;
      if (done === true) this.#end();
      else this.#arrived(value);
    } catch (error) {
      // The whole map was aborted.
      this.#asked--;
      const waiter = this.#shiftWaiter();
      if (waiter === undefined) this.#failure = { error };
      else waiter.reject(error);
      this.#end();
    }
  }

  #arrived(outcome: ItemOutcome): void {
    const waiter = this.#shiftWaiter();
    if (waiter === undefined) this.#ready.push(outcome);
    else give(outcome, waiter);
  }

  #shiftWaiter(): Waiter | undefined {
    let waiter = this.#waiters.shift();
    while (waiter?.isOver === true) waiter = this.#waiters.shift();
    if (waiter === undefined) return undefined;
    clearTimeout(waiter.timer);
    this.#waiting--;
    return waiter;
  }

  #giveUp(waiter: Waiter, ms: number): void {
    waiter.isOver = true;
    this.#waiting--;
    waiter.reject(new TimeoutError(`the next result has not come within ${ms} ms`));
  }

  #atEnd(): Promise<Result> {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(failure.error);
  }

  #end(): void {
    if (this.#run === undefined) return;
    this.#run = undefined;
    for (let waiter = this.#shiftWaiter(); waiter !== undefined; waiter = this.#shiftWaiter())
      waiter.resolve({ done: true, value: undefined });
    this.#onEnd();
  }
}

function give({ ok, value }: ItemOutcome, to: Pick<Waiter, 'resolve' | 'reject'>): void {
  if (ok) to.resolve({ done: false, value });
  else to.reject(value);
}
