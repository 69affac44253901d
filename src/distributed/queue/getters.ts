/** The gets of one handle: in order, as many items in one request as there are gets, and those that find no item wait together. */

import { Empty, ShutDown } from '../../errors.ts';
import { isAborted, type WaitOptions } from '../../loop/index.ts';
import { type PendingCall, pendingCall } from './calls.ts';
import type { Hands } from './hands.ts';
import { type Next, Pump } from './pump.ts';
import type { QueueRemote } from './queue-remote.ts';
import { getScript, leaveScript, SHUT } from './scripts.ts';
import type { Values } from '../objects/values.ts';
import { waiterLease } from '../objects/waiting.ts';

/** Of one request. */
const mostItems = 512;

/** An item in hand. */
export interface Delivered {
  readonly id: string;
  readonly value: unknown;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
}

interface Get {
  readonly call: PendingCall<Delivered[]>;
  /** How many items at most. */
  readonly max: number;
  /** True if `taskDone()` marks its items. */
  readonly isPlain: boolean;
}

type Entry = readonly [id: Buffer, deliveries: number, bytes: Buffer];

export class Getters {
  readonly #remote: QueueRemote;
  readonly #hands: Hands;
  readonly #values: Values;
  readonly #pump: Pump;
  readonly #gets: Get[] = [];

  constructor(remote: QueueRemote, hands: Hands, values: Values) {
    this.#remote = remote;
    this.#values = values;
    this.#hands = hands;
    this.#pump = new Pump(remote.client, () => this.#step());
  }

  /** Takes up to `max` items, and waits for one. @throws Empty, ShutDown, the reason of the signal */
  async get(max: number, options: WaitOptions, isPlain: boolean): Promise<Delivered[]> {
    if (isAborted(options)) throw options.signal!.reason;
    if (options.timeout === 0) return this.#getNow(max, isPlain);
    const get: Get = {
      call: pendingCall<Delivered[]>(
        this.#remote.client,
        options,
        (aborted) => get.call.reject(aborted === undefined ? this.#empty(false) : aborted.reason),
        () => this.#forget(get),
      ),
      max,
      isPlain,
    };
    this.#gets.push(get);
    if (!this.#pump.isWaiting) this.#pump.kick();
    return get.call.promise;
  }

  #empty(isNow: boolean): Empty {
    return new Empty(
      isNow ? `the ${this.#remote.title} is empty` : `the ${this.#remote.title} stayed empty for as long as the call waited`,
    );
  }

  #shutDown(): ShutDown {
    return new ShutDown(`the ${this.#remote.title} is shut down, and has no more items`);
  }

  async #getNow(max: number, isPlain: boolean): Promise<Delivered[]> {
    // Not before those of this handle that came earlier.
    if (this.#gets.length > 0) throw this.#empty(true);
    const [state, entries] = await this.#request('', 0, Math.min(max, mostItems));
    if (state === SHUT) throw this.#shutDown();
    const fresh = this.#take(entries, isPlain);
    if (fresh.length === 0) throw this.#empty(true);
    return this.#open(fresh);
  }

  #request(wait: string, patience: number, count: number): Promise<[number, Entry[]]> {
    const { consumer, lease } = this.#hands;
    return this.#remote.call<Entry[]>(getScript, [wait, patience, consumer, count, lease], true);
  }

  /** Takes items into the hands of the handle; returns the new ones. */
  #take(entries: readonly Entry[], isPlain: boolean): Entry[] {
    return entries.filter(([id]) => this.#hands.add(String(id), isPlain));
  }

  /** The values. One that cannot be read is gone, and the others are there again. */
  async #open(entries: readonly Entry[]): Promise<Delivered[]> {
    const delivered: Delivered[] = [];
    for (const [id, deliveries, bytes] of entries) {
      try {
        delivered.push({ id: String(id), deliveries, value: await this.#values.open(bytes) });
      } catch (error) {
        this.#hands.done(String(id), true).catch(ignoreLater);
        this.#hands.putBack(entries.filter((one) => one[0] !== id).map((one) => String(one[0])));
        throw error;
      }
    }
    return delivered;
  }

  #forget(get: Get): void {
    const at = this.#gets.indexOf(get);
    if (at >= 0) this.#gets.splice(at, 1);
    if (this.#gets.length === 0 && this.#pump.isWaiting) {
      this.#remote.late(leaveScript, [this.#pump.token]);
      this.#pump.kick();
    }
  }

  /** Ends all that wait. */
  end(error: Error): void {
    for (const get of this.#gets.splice(0)) get.call.reject(error);
  }

  async #step(): Promise<Next> {
    if (this.#gets.length === 0) return 'idle';
    let count = 0;
    for (const { max } of this.#gets) count = Math.min(mostItems, count + max);
    let state: number;
    let entries: Entry[];
    try {
      [state, entries] = await this.#request(this.#pump.token, waiterLease, count);
    } catch (error) {
      this.end(error as Error);
      return 'idle';
    }
    if (state === SHUT) {
      this.end(this.#shutDown());
      return 'idle';
    }
    if (entries.length === 0) {
      if (this.#gets.length > 0) return 'wait';
      this.#remote.late(leaveScript, [this.#pump.token]);
      return 'idle';
    }
    this.#share(entries);
    return this.#gets.length > 0 ? 'more' : 'idle';
  }

  /** Gives items to the gets that wait, in order. What nothing waits for any more is there again. */
  #share(entries: readonly Entry[]): void {
    let at = 0;
    while (at < entries.length) {
      const get = this.#gets[0];
      if (get === undefined) break;
      const mine = this.#take(entries.slice(at, at + get.max), get.isPlain);
      at += Math.min(get.max, entries.length - at);
      if (mine.length === 0) continue;
      // The get waits no more: its items alone can end it.
      this.#gets.shift();
      this.#open(mine).then(
        (delivered) => (get.call.isOver ? this.#hands.putBack(delivered.map(({ id }) => id)) : get.call.resolve(delivered)),
        (error: unknown) => get.call.reject(error),
      );
    }
    const rest = entries.slice(at).map(([id]) => String(id));
    for (const id of rest) this.#hands.add(id, false);
    this.#hands.putBack(rest);
  }
}

/** The error of an item that cannot be read is told to the get that has taken it. */
function ignoreLater(_error: unknown): void {}
