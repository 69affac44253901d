/**
 * The buffer behind a queue: the bounded buffer of the textbooks, between putters and getters.
 *
 *     putters: waiting ──▶ [ store: at most `maxSize`, in the order of the queue ] ──▶ getters: waiting
 *
 * After every call one of two statements holds for each side, so that no caller waits for what is available:
 *
 *     no getter waits, or the store is empty           no putter waits, or the store is full
 *
 * An item that a killed getter returns may exceed the limit for a while.
 */

import { Empty, Full, ShutDown } from '../../errors.ts';
import { Done, done, isAborted, type Operation, WaitList } from '../../loop/index.ts';
import { type Giver, Put, PutMany } from './givers.ts';
import { Join } from './join.ts';
import { type BlockOptions, readBlockOptions } from './options.ts';
import type { Store } from './store.ts';
import { Get, GetMany, Next, Peek, type Source, type Taker } from './takers.ts';

export class BoundedBuffer<T> implements Source<T> {
  readonly name: string;
  /** 0 is without a bound. */
  readonly maxSize: number;
  readonly store: Store<T>;
  readonly getters: WaitList<Taker<T, unknown>> = new WaitList();
  readonly putters: WaitList<Giver<T>> = new WaitList();
  readonly joiners: WaitList<Join> = new WaitList();
  isShutDown = false;
  /** How many items ever came in. */
  puts = 0;
  /** How many of them are not done with. */
  unfinished = 0;
  /** The limit for putters: `maxSize`, or 0 after the shutdown. */
  #limit: number;
  /** True if returned items are discarded. */
  #isCleared = false;

  constructor(name: string, maxSize: number, store: Store<T>) {
    this.name = name;
    this.maxSize = maxSize;
    this.store = store;
    this.#limit = maxSize === 0 ? Infinity : maxSize;
  }

  get isFull(): boolean {
    return this.maxSize > 0 && this.store.size >= this.maxSize;
  }

  /** True if no item will come out any more. */
  get isOver(): boolean {
    return this.isShutDown && this.store.size === 0;
  }

  put(item: T, options: number | BlockOptions | undefined): Operation<void> {
    const wait = readBlockOptions(options);
    if (this.store.size >= this.#limit || isAborted(wait)) return new Put(this, item, wait);
    this.push(item);
    if (this.getters.first !== undefined) this.#serve();
    return done;
  }

  putNowait(item: T): void {
    if (this.isShutDown) throw new ShutDown(`${this.name}.putNowait(): the queue is shut down`);
    if (this.isFull) throw new Full(`${this.name}.putNowait(): the queue is full (maxSize ${this.maxSize})`);
    this.push(item);
    if (this.getters.first !== undefined) this.#serve();
  }

  putMany(items: readonly T[], options: number | BlockOptions | undefined): Operation<void> {
    const wait = readBlockOptions(options);
    if (items.length === 0 && !this.isShutDown && !isAborted(wait)) return done;
    if (this.store.size >= this.#limit || isAborted(wait)) return new PutMany(this, items, 0, wait);
    let at = 0;
    while (at < items.length && this.store.size < this.#limit) {
      while (at < items.length && this.store.size < this.#limit) this.push(items[at++] as T);
      // Adds all that fit before a getter is served: of items that come together, the lowest goes first.
      this.#serve();
    }
    return at === items.length ? done : new PutMany(this, items, at, wait);
  }

  get(options: number | BlockOptions | undefined): Operation<T> {
    const wait = readBlockOptions(options);
    return this.store.size === 0 || isAborted(wait) ? new Get(this, wait) : new Done(this.#takeOne());
  }

  getNowait(): T {
    if (this.store.size === 0) throw this.#nothing('getNowait');
    return this.#takeOne();
  }

  getMany(max: number, options: number | BlockOptions | undefined): Operation<T[]> {
    const wait = readBlockOptions(options);
    return this.store.size === 0 || isAborted(wait) ? new GetMany(this, max, wait) : new Done(this.takeMany(max));
  }

  peek(options: number | BlockOptions | undefined): Operation<T> {
    const wait = readBlockOptions(options);
    return this.store.size === 0 || isAborted(wait) ? new Peek(this, wait) : new Done(this.store.peek());
  }

  peekNowait(): T {
    if (this.store.size === 0) throw this.#nothing('peekNowait');
    return this.store.peek();
  }

  next(): Operation<IteratorResult<T, undefined>> {
    return this.store.size === 0 ? new Next(this) : new Done({ done: false, value: this.#takeOne() });
  }

  /** Adds an item; the caller has checked for space, or ignores the limit. */
  push(item: T): void {
    this.puts += 1;
    this.unfinished += 1;
    this.store.push(item);
  }

  take(): T {
    return this.store.take();
  }

  get ticket(): unknown {
    return this.store.ticket;
  }

  takeMany(max: number, tickets?: unknown[]): T[] {
    const items: T[] = [];
    while (items.length < max && this.store.size > 0) {
      items.push(this.store.take());
      tickets?.push(this.store.ticket);
      this.#admit();
    }
    return items;
  }

  giveBack(item: T, ticket: unknown): void {
    if (this.#isCleared) {
      this.finish(1);
      return;
    }
    this.store.giveBack(item, ticket as number);
    this.#serve();
  }

  shutdown(isImmediate: boolean): void {
    this.isShutDown = true;
    this.#limit = 0;
    if (isImmediate) {
      this.#isCleared = true;
      const left = this.store.size;
      this.store.clear();
      this.finish(left);
    }
    while (this.putters.first !== undefined) this.putters.first.end();
    // Getters wait only if there are no items.
    while (this.getters.first !== undefined) this.getters.first.end();
  }

  finish(count: number): void {
    this.unfinished -= count;
    if (this.unfinished === 0) while (this.joiners.first !== undefined) this.joiners.first.settle(true);
  }

  #takeOne(): T {
    const item = this.store.take();
    if (this.putters.first !== undefined) this.#admit();
    return item;
  }

  /** Admits waiting putters while there is space: first come, first served. */
  #admit(): void {
    while (this.putters.first !== undefined && this.store.size < this.#limit) this.putters.first.fill();
  }

  /** Serves waiting getters. While getters waited, there was space, so no putter waits. */
  #serve(): void {
    while (this.getters.first !== undefined && this.store.size > 0) this.getters.first.serve();
  }

  #nothing(verb: string): Error {
    return this.isShutDown
      ? new ShutDown(`${this.name}.${verb}(): the queue is shut down, and there are no more items`)
      : new Empty(`${this.name}.${verb}(): the queue is empty`);
  }
}
