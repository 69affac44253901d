/** The puts of one handle: in order, as many items in one request as there are, and those that find no room wait together. */

import { Full, ShutDown, withCount } from '../../errors.ts';
import { isAborted, type WaitOptions } from '../../loop/index.ts';
import { type PendingCall, pendingCall } from './calls.ts';
import { type Next, Pump } from './pump.ts';
import type { QueueRemote } from './queue-remote.ts';
import { leaveScript, putScript, SHUT } from './scripts.ts';
import { waiterLease } from '../objects/waiting.ts';

/** Of one request. */
const mostItems = 512;
const mostBytes = 1 << 20;

interface Put {
  readonly call: PendingCall<void>;
  readonly items: readonly Buffer[];
  /** How many are in. */
  placed: number;
  /** True if the put does not wait: items without room are refused. */
  readonly isNow: boolean;
  /** Set when the time is over while items are on their way: the answer tells what became of them. */
  over: { readonly error: unknown } | undefined;
}

export class Putters {
  readonly #remote: QueueRemote;
  readonly #pump: Pump;
  readonly #puts: Put[] = [];
  /** On their way. */
  #sent = new Set<Put>();

  constructor(remote: QueueRemote) {
    this.#remote = remote;
    this.#pump = new Pump(remote.client, () => this.#step());
  }

  put(items: readonly Buffer[], options: WaitOptions, isMany: boolean): Promise<void> {
    const { client } = this.#remote;
    const isNow = options.timeout === 0;
    if (isAborted(options)) return Promise.reject(options.signal!.reason as Error);
    if (isNow && this.#pump.isWaiting) return Promise.reject(this.#full(isNow, isMany ? 0 : undefined));
    const put: Put = {
      call: pendingCall<void>(
        client,
        options,
        (aborted) => this.#onTime(put, aborted === undefined ? this.#full(false) : aborted.reason),
        () => this.#forget(put),
      ),
      items,
      placed: 0,
      isNow,
      over: undefined,
    };
    this.#puts.push(put);
    if (!this.#pump.isWaiting) this.#pump.kick();
    return isMany ? put.call.promise.catch((error: unknown) => Promise.reject(withCount(error as Error, put.placed))) : put.call.promise;
  }

  #full(isNow: boolean, count?: number): Full {
    const error = new Full(isNow ? `the ${this.#remote.title} has no room` : `the ${this.#remote.title} had no room in time`);
    return count === undefined ? error : withCount(error, count);
  }

  #onTime(put: Put, error: unknown): void {
    if (this.#sent.has(put)) put.over ??= { error };
    else put.call.reject(error);
  }

  #forget(put: Put): void {
    const at = this.#puts.indexOf(put);
    if (at >= 0) this.#puts.splice(at, 1);
    if (this.#puts.length === 0 && this.#pump.isWaiting) {
      this.#remote.late(leaveScript, [this.#pump.token]);
      this.#pump.kick();
    }
  }

  /** Ends all that wait. */
  end(error: Error): void {
    for (const put of this.#puts.splice(0)) put.call.reject(error);
  }

  async #step(): Promise<Next> {
    const { items, puts } = this.#gather();
    if (puts.length === 0) return 'idle';
    this.#sent = new Set(puts);
    const patience = puts.every((put) => put.isNow) ? 0 : waiterLease;
    let placed: number;
    try {
      [placed] = await this.#remote.call(putScript, [this.#pump.token, patience, ...items]);
    } catch (error) {
      this.#sent.clear();
      for (const put of puts) put.call.reject(error);
      return this.#puts.length > 0 ? 'more' : 'idle';
    }
    this.#sent.clear();
    if (placed === SHUT) {
      this.end(new ShutDown(`the ${this.#remote.title} is shut down`));
      return 'idle';
    }
    const isFull = placed < items.length;
    this.#share(puts, placed, isFull);
    if (this.#puts.length === 0) return isFull ? this.#leave() : 'idle';
    return isFull ? 'wait' : 'more';
  }

  #leave(): Next {
    this.#remote.late(leaveScript, [this.#pump.token]);
    return 'idle';
  }

  /** The items of the next request, and their puts. */
  #gather(): { items: Buffer[]; puts: Put[] } {
    const items: Buffer[] = [];
    const puts: Put[] = [];
    let bytes = 0;
    for (const put of this.#puts) {
      puts.push(put);
      for (const item of put.items.slice(put.placed)) {
        if (items.length === mostItems || (items.length > 0 && bytes + item.length > mostBytes)) return { items, puts };
        items.push(item);
        bytes += item.length;
      }
    }
    return { items, puts };
  }

  /** Tells the first puts that their items are in. @param placed the number of items */
  #share(puts: readonly Put[], placed: number, isFull: boolean): void {
    let left = placed;
    for (const put of puts) {
      const mine = Math.min(left, put.items.length - put.placed);
      left -= mine;
      put.placed += mine;
      if (put.placed === put.items.length) put.call.resolve();
      else if (put.over !== undefined) put.call.reject(put.over.error);
      else if (isFull && put.isNow) put.call.reject(this.#full(true));
    }
  }
}
