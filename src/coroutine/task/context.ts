/**
 * The `AsyncLocalStorage` context of a greenlet: what it has set is there again when it goes on, and not where it switched to.
 *
 * Following contexts costs more than a switch does. It therefore begins with the first context that the program makes: until then there is
 * nothing to follow. The two methods that make a context report the first one, and are then restored.
 */

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { setWithoutContext } from '../../loop/index.ts';
import { watch } from '../switching/trace.ts';

/** The result of `AsyncLocalStorage.snapshot()`: calls a function in the context at the time of the snapshot. */
export type ContextSnapshot = ReturnType<typeof AsyncLocalStorage.snapshot>;

export class Context {
  /** Holds the context at the time of its construction; ten times as fast as a snapshot. */
  #resource: AsyncResource;

  constructor(resource: AsyncResource) {
    this.#resource = resource;
  }

  static of(snapshot: ContextSnapshot): Context {
    return new Context(snapshot(hold));
  }

  get snapshot(): ContextSnapshot {
    return this.#resource.runInAsyncScope(() => AsyncLocalStorage.snapshot());
  }

  /** Runs a part of a greenlet; what that sets is there in the next part. */
  run<R>(part: () => R): R {
    return this.#resource.runInAsyncScope(() => {
      try {
        return part();
      } finally {
        this.#resource = hold();
      }
    });
  }
}

const hold = (): AsyncResource => new AsyncResource('heddle.greenlet');

/** The context of the program when this file was loaded. */
const atFirst = hold();
/** A resource of its own each time: before Node 24 `enterWith` changes the one that it is called in. */
const holdFirst = (): AsyncResource => atFirst.runInAsyncScope(hold);
/** Anything besides its two numbers: it was loaded inside of a context. */
let isInUse = Object.getOwnPropertySymbols(atFirst).some(
  (symbol) => !symbol.description!.endsWith('async_id_symbol') && Reflect.get(atFirst, symbol) !== undefined,
);
let onFirst: ((takeBack: () => void) => void) | undefined;

const { prototype } = AsyncLocalStorage;
const original = { run: prototype.run, enterWith: prototype.enterWith };

function noticedRun(this: AsyncLocalStorage<unknown>, ...args: Parameters<typeof original.run>): unknown {
  follow();
  return original.run.apply(this, args);
}

function noticedEnterWith(this: AsyncLocalStorage<unknown>, store: unknown): void {
  const before = this.getStore();
  follow();
  original.enterWith.call(this, store);
  onFirst?.(() => this.enterWith(before));
}

function follow(): void {
  isInUse = true;
  watch('contexts', true);
  setWithoutContext((part) => holdFirst().runInAsyncScope(part));
  // Another library may have wrapped the methods since.
  if (prototype.run === noticedRun) prototype.run = original.run;
  if (prototype.enterWith === noticedEnterWith) prototype.enterWith = original.enterWith;
}

if (isInUse) follow();
else {
  prototype.run = noticedRun as typeof original.run;
  prototype.enterWith = noticedEnterWith;
}

/** Returns the context of the caller that makes a greenlet; undefined while there are no contexts. */
export function captureContext(): Context | undefined {
  return isInUse ? new Context(hold()) : undefined;
}

/** Calls a function in a captured context, or in the program's if none was captured. */
export function callIn<R>(context: Context | undefined, call: () => R): R {
  const known = context ?? firstContext();
  return known === undefined ? call() : known.run(call);
}

/** For a greenlet that was made before there were any; undefined while that is so. */
export function firstContext(): Context | undefined {
  return isInUse ? new Context(holdFirst()) : undefined;
}

/** Lets the loop run without what one storage of ours holds, which is quicker than without all. */
export function keepLoopWithout(storage: AsyncLocalStorage<any>): void {
  if (isInUse) return;
  setWithoutContext((part) => {
    if (storage.getStore() === undefined) part();
    else storage.run(undefined, part);
  });
}

/** Makes an internal storage, whose contexts do not count as the program's. (The `run` of newer Nodes calls `this.enterWith`.) */
export function unnoticedStorage<T>(): AsyncLocalStorage<T> {
  return Object.assign(new AsyncLocalStorage<T>(), original);
}

/** Contexts are followed from now on, since a greenlet is given one. */
export function contextOf(snapshot: ContextSnapshot): Context {
  follow();
  return Context.of(snapshot);
}

/**
 * Registers a listener for the first context that is entered by `enterWith`. The listener can take that context back from the running code.
 */
export function onFirstContext(listener: (takeBack: () => void) => void): void {
  onFirst = listener;
}
