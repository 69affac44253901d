/**
 * The `AsyncLocalStorage` context of a greenlet: what it has set is there again when it goes on, and not where it switched to.
 *
 * Following contexts costs several times what a switch does, so it begins with the first context that the program makes: until
 * then there is nothing to follow. The two methods that make one say so, once, and are what they were from then on.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { setWithoutContext } from '../loop/index.ts';

type Run = <R>(fn: () => R) => R;

let isInUse = false;
/** The context of the program before it had any. */
const atFirst: Run = AsyncLocalStorage.snapshot();

const { prototype } = AsyncLocalStorage;
const original = { run: prototype.run, enterWith: prototype.enterWith };

function notice(): void {
  isInUse = true;
  setWithoutContext(atFirst);
  Object.assign(prototype, original);
}

prototype.run = function noticedRun(this: AsyncLocalStorage<unknown>, ...args: Parameters<typeof original.run>) {
  notice();
  return original.run.apply(this, args);
} as typeof original.run;
prototype.enterWith = function noticedEnterWith(this: AsyncLocalStorage<unknown>, store: unknown) {
  notice();
  original.enterWith.call(this, store);
};

export class Context {
  #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Runs a part of a greenlet; what that sets is there in the next part. */
  run<R>(part: () => R): R {
    return this.#run(() => {
      try {
        return part();
      } finally {
        this.#run = AsyncLocalStorage.snapshot();
      }
    });
  }
}

/** The context of whoever makes a greenlet now; undefined while there are none. */
export function captureContext(): Context | undefined {
  return isInUse ? new Context(AsyncLocalStorage.snapshot()) : undefined;
}

/** For a greenlet that was made before there were any; undefined while that is so. */
export function firstContext(): Context | undefined {
  return isInUse ? new Context(atFirst) : undefined;
}

/** Lets the loop run without what one storage of ours holds, which is quicker than without all. */
export function keepLoopWithout(storage: AsyncLocalStorage<any>): void {
  if (isInUse) return;
  setWithoutContext((part) => {
    if (storage.getStore() === undefined) part();
    else storage.run(undefined, part);
  });
}

/** A storage of ours: what it holds is no context of the program's. (The `run` of newer Nodes calls `this.enterWith`.) */
export function unnoticedStorage<T>(): AsyncLocalStorage<T> {
  return Object.assign(new AsyncLocalStorage<T>(), original);
}
