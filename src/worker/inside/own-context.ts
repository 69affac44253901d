/**
 * Keeps what a task enters by `AsyncLocalStorage.enterWith` from the tasks that come after it.
 *
 * `run` leaves its context by itself. `enterWith` has none to leave: before Node 24 it changes the resource in which it is called, which
 * here is the worker's link. A resource for each task costs as much as a tiny task, so there are none before the first `enterWith`. The
 * method reports that once, and is then restored.
 */

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/** Has one async context for as long as it lasts. */
export interface ContextOwner {
  /** Made by `callInside`. */
  resource: AsyncResource | undefined;
}

const { prototype } = AsyncLocalStorage;
const { enterWith } = prototype;
/** The context of the program when this file was loaded. */
const program = new AsyncResource('heddle.worker');
const fresh = (): AsyncResource => new AsyncResource('heddle.task');
/** Undefined outside of `callInside`. */
let running: ContextOwner | undefined;
let isInUse = false;
/** Takes the first one back. */
let leave: (() => void) | undefined;

function noticed(this: AsyncLocalStorage<unknown>, store: unknown): void {
  isInUse = true;
  // Another library may have wrapped it since.
  if (prototype.enterWith === noticed) prototype.enterWith = enterWith;
  if (running !== undefined) {
    const before = this.getStore();
    leave = () => enterWith.call(this, before);
  }
  enterWith.call(this, store);
}

/** For a thread that runs tasks: contexts that they enter are noticed from now on. */
export function keepContextsApart(): void {
  prototype.enterWith = noticed;
}

/** Calls a function in the context of what it is a part of: at first the program's, then as the part before it left it. */
export function callInside<T>(owner: ContextOwner, fn: (...args: unknown[]) => T, args: readonly unknown[]): T {
  if (isInUse) {
    owner.resource ??= program.runInAsyncScope(fresh);
    return owner.resource.runInAsyncScope(callAndKeep<T>, undefined, owner, fn, args);
  }
  running = owner;
  try {
    return fn(...args);
  } finally {
    left(owner);
  }
}

/** As `callInside`, with one argument. */
export function callInsideWith<T>(owner: ContextOwner, fn: (...args: unknown[]) => T, arg: unknown): T {
  if (isInUse) return callInside(owner, fn, [arg]);
  running = owner;
  try {
    return fn(arg);
  } finally {
    left(owner);
  }
}

/** A call that began without a resource of its own has ended. */
function left(owner: ContextOwner): void {
  running = undefined;
  if (leave === undefined) return;
  owner.resource = fresh();
  leave();
  leave = undefined;
}

/** Calls a function; the context that it enters is kept for the owner's next part. */
function callAndKeep<T>(owner: ContextOwner, fn: (...args: unknown[]) => T, args: readonly unknown[]): T {
  try {
    return fn(...args);
  } finally {
    owner.resource = fresh();
  }
}
