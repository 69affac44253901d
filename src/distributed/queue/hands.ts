/**
 * The items in the hands of one handle: taken, and not yet done. They are renewed at a third of the lease; an item that was not goes to another consumer.
 *
 *   taken ──taskDone──▶ gone          taken ──close──▶ there again          taken ── not renewed for a lease ──▶ taken by another: lost here
 */

import { BackendLost, InvalidStateError, LeaseLost } from '../../errors.ts';
import { withoutContext } from '../../loop/index.ts';
import { clearTimeout, setTimeout } from '../../real-timers.ts';
import { type Next, Pump } from './pump.ts';
import type { QueueRemote } from './queue-remote.ts';
import { backScript, byeScript, doneScript, renewScript } from './scripts.ts';

/** Ids in one request. */
const most = 500;

interface Done {
  readonly id: string;
  readonly isCounted: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Hands {
  readonly #remote: QueueRemote;
  /** The name of the handle as a consumer. */
  readonly consumer: string;
  readonly lease: number;
  /** Taken and not done; whether `taskDone()` marks it, as `get` has taken it. */
  readonly #items = new Map<string, boolean>();
  readonly #lost = new Set<string>();
  readonly #done: Done[] = [];
  readonly #pump: Pump;
  #timer: NodeJS.Timeout | undefined;
  #hasTaken = false;

  constructor(remote: QueueRemote, lease: number) {
    this.#remote = remote;
    this.lease = lease;
    this.#pump = new Pump(remote.client, () => this.#step());
    this.consumer = this.#pump.token;
  }

  /** Items that are in hand. */
  get size(): number {
    return this.#items.size;
  }

  /** False if the item is in hand already: the server has given it a second time. */
  add(id: string, isPlain: boolean): boolean {
    this.#hasTaken = true;
    if (this.#items.has(id)) return false;
    this.#items.set(id, isPlain);
    this.#lost.delete(id);
    if (this.#timer === undefined) withoutContext(() => this.#schedule());
    return true;
  }

  /** The item that `taskDone()` marks: the first that `get` has taken. */
  first(): string | undefined {
    for (const [id, isPlain] of this.#items) if (isPlain) return id;
    for (const id of this.#lost) return id;
    return undefined;
  }

  /** @throws LeaseLost if another consumer has the item now */
  done(id: string, isCounted: boolean): Promise<void> {
    this.#items.delete(id);
    if (this.#lost.delete(id)) return Promise.reject(this.#lostError());
    return new Promise((resolve, reject) => {
      this.#done.push({ id, isCounted, resolve, reject });
      this.#pump.kick();
    });
  }

  #lostError(): LeaseLost {
    return new LeaseLost(
      `an item of the ${this.#remote.title} was not marked within its lease of ${this.lease} ms, or was lost by the server: another consumer may have it`,
    );
  }

  async #step(): Promise<Next> {
    const isCounted = this.#done[0]?.isCounted;
    const end = this.#done.findIndex((one) => one.isCounted !== isCounted);
    const batch = this.#done.splice(0, Math.min(most, end < 0 ? most : end));
    if (batch.length === 0) return 'idle';
    try {
      const ids = batch.map(({ id }) => id);
      const [, lost] = await this.#remote.call<string[]>(doneScript, [this.consumer, isCounted === true ? 1 : 0, ...ids]);
      for (const one of batch) {
        if (lost.includes(one.id)) one.reject(this.#lostError());
        else one.resolve();
      }
    } catch (error) {
      for (const one of batch) one.reject(error);
    }
    return this.#done.length > 0 ? 'more' : 'idle';
  }

  /** Gives items back that were not seen. */
  putBack(ids: readonly string[]): void {
    for (const id of ids) this.#items.delete(id);
    if (ids.length > 0) this.#remote.late(backScript, [this.consumer, ...ids]);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#items.size === 0) return;
      this.#schedule();
      this.#renew().catch((error: unknown) => {
        // The server may come back in time; a closed handle has given its items back.
        if (!(error instanceof BackendLost) && !(error instanceof InvalidStateError)) process.emitWarning(error as Error);
      });
    }, this.lease / 3);
    this.#timer.unref();
  }

  async #renew(): Promise<void> {
    const ids = [...this.#items.keys()];
    for (let at = 0; at < ids.length; at += most) {
      const [, lost] = await this.#remote.call<string[]>(renewScript, [this.consumer, ...ids.slice(at, at + most)]);
      // An item that was marked meanwhile is not lost.
      for (const id of lost) if (this.#items.delete(id)) this.#lost.add(id);
    }
  }

  /** Gives back what is in hand, when the handle is closed. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.#hasTaken) return;
    const ids = [...this.#items.keys()];
    this.#items.clear();
    for (let at = 0; at < ids.length; at += most) await this.#remote.call(backScript, [this.consumer, ...ids.slice(at, at + most)]);
    await this.#remote.call(byeScript, [this.consumer]);
  }
}
