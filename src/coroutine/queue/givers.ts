/** The waiters for space: `put` and `putMany`. Items that are not in when the wait ends never will be. */

import { Full, ShutDown, withCount } from '../../errors.ts';
import { Pending, type WaitList, type WaitOptions } from '../../loop/index.ts';

/** The buffer that has the space. */
interface Target<T> {
  readonly name: string;
  readonly maxSize: number;
  readonly isShutDown: boolean;
  readonly putters: WaitList<Giver<T>>;
  push(item: T): void;
}

export abstract class Giver<T> extends Pending<void> {
  protected readonly target: Target<T>;
  #isAtOnce = false;

  constructor(target: Target<T>) {
    super();
    this.target = target;
  }

  protected abstract readonly verb: string;

  /** Takes its place in line, unless it is too late for that. Last in a constructor. */
  protected wait(options: WaitOptions | undefined): void {
    if (this.target.isShutDown) return this.end();
    this.#isAtOnce = options?.timeout === 0;
    this.limit(options);
    if (this.isPending) this.target.putters.push(this);
  }

  /** Called when there is space for one item. */
  abstract fill(): void;

  /** Nothing is taken any more. */
  end(): void {
    this.fail(this.counted(new ShutDown(`${this.#call}: the queue is shut down`)));
  }

  override expire(): void {
    const why = this.#isAtOnce ? 'the queue is full' : 'there was no room in the time that it was given';
    this.fail(this.counted(new Full(`${this.#call}: ${why} (maxSize ${this.target.maxSize})`)));
  }

  get #call(): string {
    return `${this.target.name}.${this.verb}()`;
  }

  /** Returns the error by which it ends, with the number of items that went in. */
  protected counted(error: Error): Error {
    return error;
  }
}

export class Put<T> extends Giver<T> {
  readonly #item: T;

  constructor(target: Target<T>, item: T, options: WaitOptions | undefined) {
    super(target);
    this.#item = item;
    this.wait(options);
  }

  protected get verb(): string {
    return 'put';
  }

  describe(): string {
    return `${this.target.name}.put() (maxSize ${this.target.maxSize})`;
  }

  fill(): void {
    this.target.push(this.#item);
    this.settle();
  }
}

/** Puts several items, one after the other. Items of other waiters do not come between. */
export class PutMany<T> extends Giver<T> {
  readonly #items: readonly T[];
  /** The first that is not yet in. */
  #at: number;

  constructor(target: Target<T>, items: readonly T[], at: number, options: WaitOptions | undefined) {
    super(target);
    this.#items = items;
    this.#at = at;
    this.wait(options);
  }

  protected get verb(): string {
    return 'putMany';
  }

  protected override counted(error: Error): Error {
    return withCount(error, this.#at);
  }

  describe(): string {
    return `${this.target.name}.putMany() (maxSize ${this.target.maxSize}; ${this.#at} of ${this.#items.length} are in)`;
  }

  fill(): void {
    this.target.push(this.#items[this.#at] as T);
    this.#at += 1;
    if (this.#at === this.#items.length) this.settle();
  }
}
