/**
 * The waiters for an item: `get`, `getMany`, `peek` and `next`. The operation receives its item when it comes, not when its greenlet
 * resumes. The first in line therefore has it, and one that is thrown out before it saw the item returns it.
 */

import { Empty, ShutDown } from '../../errors.ts';
import { Pending, type WaitList, type WaitOptions } from '../../loop/index.ts';

/** Where items come from. */
export interface Source<T> {
  readonly name: string;
  /** True if no item will come any more. */
  readonly isOver: boolean;
  readonly getters: WaitList<Taker<T, unknown>>;
  take(): T;
  /** Where the item that was taken last goes if it comes back. */
  readonly ticket: unknown;
  giveBack(item: T, ticket: unknown): void;
}

export abstract class Taker<T, R, S extends Source<T> = Source<T>> extends Pending<R> {
  protected readonly source: S;
  #isAtOnce = false;

  constructor(source: S) {
    super();
    this.source = source;
  }

  protected abstract readonly verb: string;

  /** Takes its place in line, unless it is too late for that. Last in a constructor. */
  protected wait(options: WaitOptions | undefined): void {
    if (this.source.isOver) return this.end();
    this.#isAtOnce = options?.timeout === 0;
    this.limit(options);
    if (this.isPending) this.source.getters.push(this);
  }

  /** There is an item. */
  abstract serve(): void;

  /** There will be no more. */
  end(): void {
    this.fail(new ShutDown(`${this.describe()}: the queue is shut down, and there are no more items`));
  }

  override expire(): void {
    this.fail(new Empty(`${this.describe()}: ${this.#isAtOnce ? 'the queue is empty' : 'nothing came in the time that it was given'}`));
  }

  describe(): string {
    return `${this.source.name}.${this.verb}()`;
  }
}

export class Get<T> extends Taker<T, T> {
  #ticket: unknown = undefined;

  constructor(source: Source<T>, options: WaitOptions | undefined) {
    super(source);
    this.wait(options);
  }

  protected get verb(): string {
    return 'get';
  }

  serve(): void {
    const item = this.source.take();
    this.#ticket = this.source.ticket;
    this.settle(item);
  }

  protected override giveBack(item: T): void {
    this.source.giveBack(item, this.#ticket);
  }
}

/** A step of an iteration, which ends with the queue. */
export class Next<T> extends Taker<T, IteratorResult<T, undefined>> {
  #ticket: unknown = undefined;

  constructor(source: Source<T>) {
    super(source);
    this.wait(undefined);
  }

  protected get verb(): string {
    return 'next';
  }

  serve(): void {
    const value = this.source.take();
    this.#ticket = this.source.ticket;
    this.settle({ done: false, value });
  }

  override end(): void {
    this.settle({ done: true, value: undefined });
  }

  protected override giveBack(result: IteratorResult<T, undefined>): void {
    if (result.done !== true) this.source.giveBack(result.value, this.#ticket);
  }
}

export class Peek<T> extends Taker<T, T, Source<T> & { peekNowait(): T }> {
  constructor(source: Source<T> & { peekNowait(): T }, options: WaitOptions | undefined) {
    super(source);
    this.wait(options);
  }

  protected get verb(): string {
    return 'peek';
  }

  serve(): void {
    this.settle(this.source.peekNowait());
  }
}

interface ManySource<T> extends Source<T> {
  /** @param tickets gets those of the items */
  takeMany(max: number, tickets: unknown[]): T[];
}

/** Takes up to `max` items. */
export class GetMany<T> extends Taker<T, T[], ManySource<T>> {
  readonly #max: number;
  readonly #tickets: unknown[] = [];

  constructor(source: ManySource<T>, max: number, options: WaitOptions | undefined) {
    super(source);
    this.#max = max;
    this.wait(options);
  }

  protected get verb(): string {
    return 'getMany';
  }

  serve(): void {
    this.settle(this.source.takeMany(this.#max, this.#tickets));
  }

  protected override giveBack(items: T[]): void {
    for (const [i, item] of items.entries()) this.source.giveBack(item, this.#tickets[i]);
  }
}
