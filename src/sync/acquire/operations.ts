/** Waiting for it without blocking the thread: with a yes or no, or with a guard that gives it back. */

import { TimeoutError } from '../../errors.ts';
import { Pending, type WaitOptions, isAborted } from '../../loop/index.ts';
import type { Acquirable } from './acquirable.ts';
import type { AsyncLine, Claim } from './async-line.ts';

/** The result of `hold()`: its disposal releases the lock, once. */
export class Guard implements Disposable {
  #of: Acquirable | undefined;
  readonly #holder: object | undefined;

  /** Call this right after an acquisition. */
  constructor(of: Acquirable) {
    this.#of = of;
    this.#holder = of.holder;
  }

  [Symbol.dispose](): void {
    const of = this.#of;
    this.#of = undefined;
    of?.drop(true, this.#holder);
  }
}

abstract class Waiting<T> extends Pending<T> implements Claim {
  protected readonly line: AsyncLine;
  /** In whose name it waits. */
  readonly taker: object | undefined;
  ticket = 0;
  since = 0;

  /** @param error the object was acquired, and this error is reported */
  constructor(line: AsyncLine, taker: object | undefined, options: number | WaitOptions | undefined, error?: Error) {
    super();
    this.line = line;
    this.taker = taker;
    if (error !== undefined) this.fail(error);
    else {
      if (!isAborted(options)) line.add(this);
      this.limit(options);
    }
  }

  /** True if the object must be released when this thread dies. Read during construction. */
  abstract get isHeld(): boolean;
  /** Called when the object was acquired for this operation. */
  abstract granted(): void;

  refused(error: Error): void {
    this.fail(error);
  }

  describe(): string {
    return this.line.of.describe();
  }

  protected override abandon(): void {
    this.line.left();
  }
}

export class Acquire extends Waiting<boolean> {
  get isHeld(): boolean {
    return false;
  }

  granted(): void {
    this.settle(true);
  }

  override expire(): void {
    this.settle(false);
    this.line.left();
  }

  protected override giveBack(isTaken: boolean): void {
    if (isTaken) this.line.of.drop(false, this.taker);
  }
}

export class Hold extends Waiting<Disposable> {
  get isHeld(): boolean {
    return true;
  }

  granted(): void {
    this.settle(new Guard(this.line.of));
  }

  override expire(): void {
    this.reject(new TimeoutError(`hold() was given less time than it took: ${this.describe()}`));
  }

  protected override giveBack(guard: Disposable): void {
    guard[Symbol.dispose]();
  }
}
