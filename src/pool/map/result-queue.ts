/**
 * Between the workers and the consumer of a map: outcomes that wait for a call of `next()`, and calls that wait for an outcome.
 *
 *   reports --put--> outcomes --poll--> the consumer's call, at once
 *                        `-----deliver--> its calls that wait
 */

import { type ChunkOutcomes, Failure, none, type Stretch, type Values } from './chunk-outcomes.ts';
import { Fifo } from '../../fifo.ts';
import { OutcomeStore } from './outcome-store.ts';

/** How an item ended: `value` is what it failed with unless `ok`. */
export interface ItemOutcome {
  /** Which item, counted from 0. */
  readonly index: number;
  readonly ok: boolean;
  readonly value: unknown;
}

type Result = IteratorResult<ItemOutcome, undefined>;

interface Waiter {
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

export class ResultQueue {
  readonly #store: OutcomeStore;
  readonly #waiters: Fifo<Waiter> = new Fifo();
  #aborted: { readonly reason: unknown } | undefined;
  /** Items that were read and whose outcomes were neither taken nor lent. */
  #held = 0;
  /** Outcomes that the consumer takes by itself. */
  #lent: Stretch | undefined;

  constructor(isUnordered: boolean) {
    this.#store = new OutcomeStore(isUnordered);
  }

  /** Items that were read and whose outcomes were not taken. */
  get held(): number {
    return this.#lent === undefined ? this.#held : this.#held + this.#lent.to - this.#lent.from;
  }

  /** Items were read. */
  took(count: number): void {
    this.#held += count;
  }

  /** Size of the outcomes that are here. */
  get bytes(): number {
    return this.#store.bytes;
  }

  /** In order: the index of the item whose outcome is taken next. */
  get head(): number | undefined {
    return this.#store.head;
  }

  /** A chunk goes out. */
  expect(chunk: ChunkOutcomes): void {
    this.#store.expect(chunk);
  }

  put(chunk: ChunkOutcomes, first: number, values: Values, from: number, to: number, bytes: number): void {
    this.#store.put(chunk, first, values, from, to, bytes);
  }

  came(chunk: ChunkOutcomes): void {
    this.#store.came(chunk);
  }

  add(index: number, value: unknown): void {
    this.#store.add(index, value);
  }

  /** The next value, or failure; `none` if it is not there or a call waits for it already. */
  poll(): unknown {
    if (this.#waiters.length > 0) return none;
    const value = this.#store.take();
    if (value !== none) this.#held--;
    return value;
  }

  /** As `poll`, those that lie side by side with the next, up to `most`. */
  pollStretch(most: number): Stretch | undefined {
    const stretch = this.#waiters.length > 0 ? undefined : this.#store.takeStretch(most);
    if (stretch !== undefined) this.#held -= stretch.to - stretch.from;
    return stretch;
  }

  /** As `pollStretch`. The consumer moves `from` with each that it takes; until then they are held. None is lent until the last are taken. */
  lend(most: number): Stretch | undefined {
    return (this.#lent = this.pollStretch(most));
  }

  /** The outcome whose value `poll` has returned. */
  outcomeOf(value: unknown): ItemOutcome {
    const { index } = this.#store;
    return value instanceof Failure ? { index, ok: false, value: value.error } : { index, ok: true, value };
  }

  /** Waits for the next outcome. */
  wait(isOver: boolean): Promise<Result> {
    const aborted = this.#aborted;
    this.#aborted = undefined;
    if (aborted !== undefined) return Promise.reject(aborted.reason);
    if (isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Gives the calls that wait what is there. Returns whether one got something. */
  deliver(): boolean {
    let isMoved = false;
    while (this.#waiters.length > 0) {
      const value = this.#store.take();
      if (value === none) break;
      this.#held--;
      isMoved = true;
      this.#waiters.shift()!.resolve({ done: false, value: this.outcomeOf(value) });
    }
    return isMoved;
  }

  /** The first call that waits, or the next one, gets the reason. */
  abort(reason: unknown): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#aborted = { reason };
    else waiter.reject(reason);
  }

  /** Nothing more comes. */
  end(): void {
    while (this.#waiters.length > 0) this.#waiters.shift()!.resolve({ done: true, value: undefined });
  }

  /** Drops what is here, and what is lent. */
  clear(): void {
    this.#store.clear();
    if (this.#lent !== undefined) this.#lent.to = this.#lent.from;
  }
}
