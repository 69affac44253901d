/** A lock that its owner may acquire again. Source: threading.RLock, multiprocessing.RLock */

import { AsyncLocalStorage } from 'node:async_hooks';
import { checkFunction } from '../../check.ts';
import type { ThreadInfo } from '../../errors.ts';
import { type Operation, RunScope, type SyncWaitOptions, type WaitOptions, setScopeProvider } from '../../loop/index.ts';
import { type ObjectKind, SharedObject, defineKind, waitableWords } from '../../memory/index.ts';
import { type LockOptions, type LockStatistics, Owned } from './owned.ts';
import { Reentrant } from './reentrant.ts';

const kind: ObjectKind = defineKind({
  number: 3,
  name: 'RLock',
  words: waitableWords,
  create: () => new RLock(),
  describe: (lock: RLock) => reentrantOf(lock).describe(),
});

/** Returns the state of an `RLock`, for this folder only. */
export let reentrantOf: (lock: RLock) => Reentrant;

/**
 * A lock that its owner may acquire again, and that is free after as many releases. It can be an argument of a task, a captured variable,
 * an item or a field: the receiver has the same lock.
 *
 * The owner is a *scope*: the main program of a thread, a pool's task, a greenlet, or the callback of `run`. A scope can enter the lock
 * again, also from async functions that run at the same time: give each its own `run` to keep them apart. Other scopes wait, even those of
 * the same thread. Only the owning scope can release the lock.
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
export class RLock extends SharedObject {
  readonly #word: Reentrant;

  static {
    reentrantOf = (lock) => lock.#word;
  }

  /** @throws TypeError for options that are not known */
  constructor(options?: LockOptions) {
    super(kind, Owned.start(options));
    this.#word = new Reentrant(this);
  }

  /** The owner at the time of the call; `null` while the lock is free. */
  get owner(): ThreadInfo | null {
    return this.#word.owner;
  }

  /**
   * Waits for it without blocking the thread. False if it took longer than `timeout`.
   *
   * @param options milliseconds, or `{ timeout, signal }`; default: indefinitely
   * @throws OwnerDied if the previous owner has died: the caller owns the lock, and its data may be half changed
   */
  acquire(options?: number | WaitOptions): Operation<boolean> {
    return this.#word.takeAsync(options);
  }

  /**
   * Waits for it and blocks the thread. False if it took longer than `timeout`.
   *
   * @param timeout milliseconds; default: indefinitely; 0: do not wait
   * @throws OwnerDied as `acquire`
   */
  acquireSync(timeout?: number | SyncWaitOptions): boolean {
    if (timeout === undefined && this.#word.enter()) return true;
    return this.#word.takeSync('acquireSync', this.acquireSync, timeout, false);
  }

  /** Takes it if it is free, or yours, without waiting. @throws OwnerDied as `acquire` */
  tryAcquire(): boolean {
    return this.#word.enter() || this.#word.takeSync('tryAcquire', this.tryAcquire, 0, false);
  }

  /** Gives it back once. @throws InvalidStateError if this scope does not have it */
  release(): void {
    this.#word.leave();
  }

  /** True while the lock has an owner. */
  locked(): boolean {
    return !this.#word.isFree();
  }

  /**
   * Waits for it and gives a guard for `using`, which releases it once.
   *
   * @throws TimeoutError if it took longer than `timeout`
   * @throws OwnerDied if the previous owner has died; the lock is released again
   */
  hold(options?: number | WaitOptions): Operation<Disposable> {
    return this.#word.holdAsync(options);
  }

  /** As `hold`, and blocks the thread meanwhile. */
  holdSync(timeout?: number | SyncWaitOptions): Disposable {
    return this.#word.guardSync(this.holdSync, timeout);
  }

  /**
   * Calls a function while the lock is held, and resolves to its result. The call is a scope of its own, unless its caller owns the lock
   * already. The first `run` in a program switches an `AsyncLocalStorage` on.
   *
   * @throws as `hold`, and what the function throws
   */
  async run<T>(fn: () => T | Promise<T>, options?: number | WaitOptions): Promise<T> {
    checkFunction(fn, 'fn');
    if (this.#word.isHeldHere) return this.#word.runHeld(fn, options);
    const scope = new RunScope();
    return this.#word.runHeld(() => runInside(scope, fn), options, scope);
  }

  /** The present state in numbers. */
  statistics(): LockStatistics {
    return this.#word.statistics();
  }
}

// ---- the scope of a callback of `run`: an AsyncLocalStorage carries it to all that the callback begins and awaits; the first call switches it on

let storage: AsyncLocalStorage<RunScope> | undefined;

function theStorage(): AsyncLocalStorage<RunScope> {
  if (storage !== undefined) return storage;
  const made = new AsyncLocalStorage<RunScope>();
  setScopeProvider('run', () => made.getStore());
  storage = made;
  return made;
}

async function runInside<T>(scope: RunScope, fn: () => T | Promise<T>): Promise<T> {
  try {
    return await theStorage().run(scope, fn);
  } finally {
    scope.isEnded = true;
  }
}
