/** Source: gevent.queue.Channel */

import { Empty, Full, ShutDown } from '../../errors.ts';
import type { AsyncItemIterator } from '../../iteration.ts';
import { Done, isAborted, ItemIterator, type Operation } from '../../loop/index.ts';
import { showAsText } from '../../repr.ts';
import { type BlockOptions, readBlockOptions } from './options.ts';
import { Rendezvous } from './rendezvous.ts';
import { Get, Next } from './takers.ts';

/** A channel in numbers. */
export interface ChannelStatistics {
  /** How many calls wait for an item. */
  readonly waitingGetters: number;
  /** How many calls wait until somebody takes their item. */
  readonly waitingPutters: number;
  /** How many items were ever offered. */
  readonly puts: number;
}

/**
 * A rendezvous: `put` waits until somebody takes the item, so that nothing is ever in between. It is empty and full at once.
 *
 * @example
 * ```ts
 * import { Channel, spawn } from 'heddle/coroutine';
 *
 * const channel = new Channel<string>();
 * spawn(function* () {
 *   console.log('got', yield* channel.get());
 *   console.log('got', yield* channel.get());
 * });
 * await channel.put('ball');
 * console.log('it was taken');
 * await channel.put('another');
 * // prints: got ball
 * // prints: it was taken
 * // prints: got another
 * ```
 */
export class Channel<T> implements AsyncIterable<T> {
  readonly #meeting: Rendezvous<T>;

  static {
    showAsText(Channel);
  }

  constructor() {
    this.#meeting = new Rendezvous(new.target.name);
  }

  /** How many calls wait with an item, less those that wait for one: one of the two is 0. */
  get balance(): number {
    return this.#meeting.putters.length - this.#meeting.getters.length;
  }

  /** Whether `shutdown` or `close` was called. */
  get isShutDown(): boolean {
    return this.#meeting.isOver;
  }

  /**
   * Waits until somebody has taken the item. Killed or out of time before that, nothing was put.
   *
   * @throws Full if nobody took it in time, or nobody waits for one with `block: false`
   * @throws ShutDown if the channel is shut down, or was meanwhile
   */
  put(item: T, options?: number | BlockOptions): Operation<void> {
    return this.#meeting.put(item, readBlockOptions(options));
  }

  /** Hands the item to who waits for one. @throws Full if nobody does @throws ShutDown if the channel is shut down */
  putNowait(item: T): void {
    if (this.#meeting.isOver) throw new ShutDown(`${this.#meeting.name}.putNowait(): the channel is shut down`);
    if (this.#meeting.getters.length === 0) throw new Full(`${this.#meeting.name}.putNowait(): nobody waits for an item`);
    this.#meeting.put(item, undefined);
  }

  /**
   * Takes an item from who has waited longest with one; waits for that.
   *
   * @throws Empty if nobody put one in time, or nobody waits with one with `block: false`
   * @throws ShutDown if the channel is shut down, or was meanwhile
   */
  get(options?: number | BlockOptions): Operation<T> {
    const wait = readBlockOptions(options);
    return this.#meeting.putters.length === 0 || isAborted(wait) ? new Get(this.#meeting, wait) : new Done(this.#meeting.takeNow());
  }

  /** Takes an item from who waits with one. @throws Empty if nobody does @throws ShutDown if the channel is shut down */
  getNowait(): T {
    if (this.#meeting.isOver) throw new ShutDown(`${this.#meeting.name}.getNowait(): the channel is shut down`);
    if (this.#meeting.putters.length === 0) throw new Empty(`${this.#meeting.name}.getNowait(): nobody waits with an item`);
    return this.#meeting.takeNow();
  }

  /** A step of an iteration: takes an item, waits for one, and is done when the channel is shut down. See `Queue.next`. */
  next(): Operation<IteratorResult<T, undefined>> {
    return this.#meeting.putters.length === 0
      ? new Next(this.#meeting)
      : new Done<IteratorResult<T, undefined>>({ done: false, value: this.#meeting.takeNow() });
  }

  /** `for await` takes items until it is shut down. Leaving the loop withdraws the pending get. */
  [Symbol.asyncIterator](): AsyncItemIterator<T> {
    return new ItemIterator(this);
  }

  /** Always 0: a channel holds nothing. */
  qsize(): number {
    return 0;
  }

  /** true */
  empty(): boolean {
    return true;
  }

  /** true */
  full(): boolean {
    return true;
  }

  /** Ends the calls that wait, and all later ones, with a `ShutDown`, and iterations. */
  shutdown(): void {
    this.#meeting.shutdown();
  }

  /** As `shutdown()`. */
  close(): void {
    this.#meeting.shutdown();
  }

  /** Its present state in numbers. */
  statistics(): ChannelStatistics {
    const { getters, putters, puts } = this.#meeting;
    return { waitingGetters: getters.length, waitingPutters: putters.length, puts };
  }

  toString(): string {
    return `<${this.#meeting.name}: balance ${this.balance}${this.isShutDown ? ', shut down' : ''}>`;
  }
}
