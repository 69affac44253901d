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
  /** The number of calls that wait until their item is taken. */
  readonly waitingPutters: number;
  /** How many items were ever offered. */
  readonly puts: number;
}

/**
 * A rendezvous: `put` waits until the item is taken, so that no item is ever in between. A channel is empty and full at once.
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

  /** True if `shutdown` or `close` was called. */
  get isShutDown(): boolean {
    return this.#meeting.isOver;
  }

  /**
   * Waits until the item was taken. A call that is killed or late before that has put nothing.
   *
   * @throws Full if the item was not taken in time, or no getter waits and `block` is `false`
   * @throws ShutDown if the channel is shut down, or was meanwhile
   */
  put(item: T, options?: number | BlockOptions): Operation<void> {
    return this.#meeting.put(item, readBlockOptions(options));
  }

  /** Hands the item to a waiting getter. @throws Full if there is none @throws ShutDown if the channel is shut down */
  putNowait(item: T): void {
    if (this.#meeting.isOver) throw new ShutDown(`${this.#meeting.name}.putNowait(): the channel is shut down`);
    if (this.#meeting.getters.length === 0) throw new Full(`${this.#meeting.name}.putNowait(): no getter waits`);
    this.#meeting.put(item, undefined);
  }

  /**
   * Takes an item from the putter that has waited longest, or waits for one.
   *
   * @throws Empty if no item came in time, or no putter waits and `block` is `false`
   * @throws ShutDown if the channel is shut down, or was meanwhile
   */
  get(options?: number | BlockOptions): Operation<T> {
    const wait = readBlockOptions(options);
    return this.#meeting.putters.length === 0 || isAborted(wait) ? new Get(this.#meeting, wait) : new Done(this.#meeting.takeNow());
  }

  /** Takes an item from a waiting putter. @throws Empty if there is none @throws ShutDown if the channel is shut down */
  getNowait(): T {
    if (this.#meeting.isOver) throw new ShutDown(`${this.#meeting.name}.getNowait(): the channel is shut down`);
    if (this.#meeting.putters.length === 0) throw new Empty(`${this.#meeting.name}.getNowait(): no putter waits`);
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

  /** The present state in numbers. */
  statistics(): ChannelStatistics {
    const { getters, putters, puts } = this.#meeting;
    return { waitingGetters: getters.length, waitingPutters: putters.length, puts };
  }

  /** Describes the object and its state in one line. */
  toString(): string {
    return `<${this.#meeting.name}: balance ${this.balance}${this.isShutDown ? ', shut down' : ''}>`;
  }
}
