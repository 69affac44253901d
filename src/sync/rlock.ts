/**
 * A lock that whoever has it may acquire again. Source: threading.RLock, multiprocessing.RLock
 *
 * Its word is a lock's: owned by a thread. Which scope of that thread has it, and how often, nobody else needs to know.
 */

import { checkFunction } from '../check.ts';
import { InvalidStateError } from '../errors.ts';
import { currentScope, isInside, type Operation, RunScope, type WaitOptions } from '../loop/index.ts';
import { defineKind, type ObjectKind, waitableWords } from '../memory/index.ts';
import { type LockOptions, Owned, type Taken } from './owned.ts';
import { runInside } from './run-scope.ts';

const kind: ObjectKind = defineKind({ number: 3, name: 'RLock', words: waitableWords, create: () => new RLock() });

/**
 * A lock that whoever has it may acquire again, and that is free when it was released as often. It can be an argument of a task, a captured
 * variable, an item or a field: whoever gets it has the same lock.
 *
 * It belongs to a *scope*: the main program of a thread, a pool's task, a greenlet, or the callback of `run`. Inside of its scope it is entered
 * again, also by async functions that run at the same time: give each its own `run` to keep them apart. Other scopes wait, those of the
 * same thread as well, and only the one that has it can release it.
 *
 * Source: threading.RLock, multiprocessing.RLock
 *
 * @example
 * ```ts
 * import { RLock } from 'heddle';
 *
 * const lock = new RLock();
 * const books: string[] = [];
 * const add = (line: string) => lock.run(() => void books.push(line));
 * const book = (name: string) =>
 *   lock.run(async () => {
 *     await add(`${name} begins`);
 *     await add(`${name} ends`);
 *   });
 * await Promise.all([book('a'), book('b')]);
 * console.log(books); // prints: [ 'a begins', 'a ends', 'b begins', 'b ends' ]
 * ```
 */
export class RLock extends Owned {
  /** Whose it is, while this thread has it. */
  #scope: object | undefined;
  /** How often. */
  #depth = 0;

  /** @throws TypeError for options that are not known */
  constructor(options?: LockOptions) {
    super(kind, options);
  }

  protected get title(): string {
    return 'RLock';
  }

  /**
   * Waits for it without blocking the thread. False if it took longer than `timeout`.
   *
   * @param options milliseconds, or `{ timeout, signal }`; for ever by default
   * @throws OwnerDied if who had it has died: it is yours, and may guard something half changed
   */
  acquire(options?: number | WaitOptions): Operation<boolean> {
    return this.takeAsync(options);
  }

  /**
   * Waits for it and blocks the thread. False if it took longer than `timeout`.
   *
   * @param timeout milliseconds; for ever by default, 0 is not at all
   * @throws OwnerDied as `acquire`
   */
  acquireSync(timeout?: number | WaitOptions): boolean {
    if (timeout === undefined && this.#depth === 0 && this.takeFree()) {
      this.takenBy(currentScope());
      return true;
    }
    return this.takeSync('acquireSync', this.acquireSync, timeout, false);
  }

  /** Takes it if it is free, or yours, without waiting. @throws OwnerDied as `acquire` */
  tryAcquire(): boolean {
    return this.takeSync('tryAcquire', this.tryAcquire, 0, false);
  }

  /** Gives it back once. @throws InvalidStateError if this scope does not have it */
  release(): void {
    if (!this.isHeldHere) throw new InvalidStateError(`release() of an RLock by another scope than that which has it: ${this.describe()}`);
    this.#releaseOnce();
  }

  /** Whether somebody has it. */
  locked(): boolean {
    return this.isLocked;
  }

  /**
   * Waits for it and gives a guard for `using`, which releases it once.
   *
   * @throws TimeoutError if it took longer than `timeout`
   * @throws OwnerDied if who had it has died; the lock is released again
   */
  hold(options?: number | WaitOptions): Operation<Disposable> {
    return this.holdAsync(options);
  }

  /** As `hold`, and blocks the thread meanwhile. */
  holdSync(timeout?: number | WaitOptions): Disposable {
    return this.guardSync(this.holdSync, timeout);
  }

  /**
   * Calls a function while it has the lock, and gives its result. The call is a scope of its own, unless it is made by who has the lock already.
   * The first `run` in a program switches an `AsyncLocalStorage` on.
   *
   * @throws as `hold`, and what the function throws
   */
  async run<T>(fn: () => T | Promise<T>, options?: number | WaitOptions): Promise<T> {
    checkFunction(fn, 'fn');
    if (this.isHeldHere) return this.runHeld(fn, options);
    const scope = new RunScope();
    return this.runHeld(() => runInside(scope, fn), options, scope);
  }

  override get taker(): object {
    return currentScope();
  }

  override get holder(): object | undefined {
    return this.#scope;
  }

  override takenBy(taker: object | undefined): void {
    this.#scope = taker;
    this.#depth = 1;
  }

  override get isHeldHere(): boolean {
    return this.#depth > 0 && this.isMine && isInside(this.#scope!);
  }

  protected override takeAgain(): boolean {
    if (!this.isHeldHere) return false;
    this.#depth += 1;
    return true;
  }

  override drop(_isHeld: boolean, taker?: object): void {
    if (this.#depth === 0 || this.#scope !== taker || !this.isMine)
      throw new InvalidStateError(`release() of an RLock by another scope than that which has it: ${this.describe()}`);
    this.#releaseOnce();
  }

  #releaseOnce(): void {
    this.#depth -= 1;
    if (this.#depth > 0) return;
    this.#scope = undefined;
    super.drop();
  }

  override dropAll(): Taken {
    const taken = { taker: this.#scope, depth: this.#depth };
    this.#depth = 0;
    this.#scope = undefined;
    super.drop();
    return taken;
  }

  override describe(): string {
    const times = this.isMine && this.#depth > 1 ? `, ${this.#depth} times` : '';
    return `${super.describe()}${times}`;
  }

  override restore({ taker, depth }: Taken): void {
    this.#scope = taker;
    this.#depth = depth;
  }
}
