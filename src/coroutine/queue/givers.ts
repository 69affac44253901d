/** Who waits for room: `put` and `putMany`. What is not in when the wait ends never will be. */

import { Full, ShutDown } from '../../errors.ts';
import { Pending, type WaitList, type WaitOptions } from '../../loop/index.ts';

/** Where room is waited for. */
interface Target<T> {
  readonly name: string;
  readonly maxSize: number;
  readonly isShutDown: boolean;
  readonly putters: WaitList<Giver<T>>;
  push(item: T): void;
}

export abstract class Giver<T> extends Pending<void> {
  protected readonly target: Target<T>;

  constructor(target: Target<T>) {
    super();
    this.target = target;
  }

  /** Takes its place in line, unless it is too late for that. Last in a constructor. */
  protected wait(options: WaitOptions | undefined): void {
    if (this.target.isShutDown) return this.end();
    this.limit(options);
    if (this.isPending) this.target.putters.push(this);
  }

  /** There is room for one item. */
  abstract fill(): void;

  /** Nothing is taken any more. */
  end(): void {
    this.fail(new ShutDown(`${this.describe()}: the queue is shut down`));
  }

  override expire(): void {
    this.fail(new Full(`${this.describe()}: there was no room in the time that it was given`));
  }
}

export class Put<T> extends Giver<T> {
  readonly #item: T;

  constructor(target: Target<T>, item: T, options: WaitOptions | undefined) {
    super(target);
    this.#item = item;
    this.wait(options);
  }

  describe(): string {
    return `${this.target.name}.put() (maxSize ${this.target.maxSize})`;
  }

  fill(): void {
    this.target.push(this.#item);
    this.settle();
  }
}

/** Puts one after the other. Among those that wait nobody else's come between. */
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

  describe(): string {
    return `${this.target.name}.putMany() (maxSize ${this.target.maxSize}; ${this.#at} of ${this.#items.length} are in)`;
  }

  fill(): void {
    this.target.push(this.#items[this.#at] as T);
    this.#at += 1;
    if (this.#at === this.#items.length) this.settle();
  }
}
