/** A wait for many things at once: the waiter is told of each that is ready, once, and can leave all the others. */

import { expected } from '../../check.ts';
import type { Activity } from '../task/activity.ts';
import type { Watcher } from '../task/watchers.ts';
import { activityOf, Greenlet } from '../task/greenlet.ts';
import { isThenable } from '../../thenable.ts';
import { TypeError } from '../../refusals.ts';

/** An object that calls back when it is ready: an event, a semaphore, a result. Source: gevent's AbstractLinkable */
export interface Linkable {
  /** Has a function called when it is ready, at once if it is. */
  rawlink(callback: (source: any) => unknown): unknown;
  /** That function is not to be called any more. */
  unlink(callback: (source: any) => unknown): unknown;
}

/** The objects that `wait()` and `iwait()` accept. */
export type Waitable = Greenlet<any> | Linkable | PromiseLike<unknown>;

export class Completions<T extends Waitable> implements Watcher {
  readonly seesErrors: boolean = false;
  readonly #ready: (one: T) => void;
  /** The objects that are not ready, each with the callback that was linked to it. */
  readonly #pending = new Map<unknown, (() => void) | undefined>();

  constructor(ready: (one: T) => void) {
    this.#ready = ready;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Links to all objects. Those that are ready already may call back at once, and `ready` may leave the rest. */
  link(all: ReadonlySet<T>): void {
    for (const one of all) this.#pending.set(one, undefined);
    for (const one of all) if (this.#pending.has(one)) this.#link(one);
  }

  #link(one: T): void {
    if (one instanceof Greenlet) {
      activityOf(one).watch(this);
      return;
    }
    const callback = (): void => this.#completed(one);
    if (isLinkable(one)) {
      this.#pending.set(one, callback);
      one.rawlink(callback);
    } else one.then(callback, callback);
  }

  ended({ greenlet }: Activity): void {
    this.#completed(greenlet as Greenlet<any> as T);
  }

  #completed(one: T): void {
    if (!this.#pending.has(one)) return;
    this.#unlink(one);
    this.#pending.delete(one);
    this.#ready(one);
  }

  #unlink(one: unknown): void {
    if (one instanceof Greenlet) {
      activityOf(one).unwatch(this);
      return;
    }
    const callback = this.#pending.get(one);
    if (callback !== undefined) (one as Linkable).unlink(callback);
  }

  leave(): void {
    for (const one of this.#pending.keys()) this.#unlink(one);
    this.#pending.clear();
  }
}

/** @throws TypeError if they are not iterable, or something among them cannot be waited for */
export function waitablesOf<T extends Waitable>(objects: Iterable<T>): Set<T> {
  if (typeof (objects as Iterable<T> | undefined | null)?.[Symbol.iterator] !== 'function' || isThenable(objects))
    throw new TypeError(expected('objects', 'an iterable of what can be waited for', objects));
  const all = new Set<T>();
  let place = 0;
  for (const one of objects) {
    if (!isLinkable(one) && !isThenable(one))
      throw new TypeError(expected(`objects[${place}]`, 'a greenlet, a promise, or something with rawlink()', one));
    all.add(one);
    place += 1;
  }
  return all;
}

function isLinkable(one: unknown): one is Linkable {
  const { rawlink, unlink } = (one ?? {}) as Partial<Linkable>;
  return typeof rawlink === 'function' && typeof unlink === 'function';
}
