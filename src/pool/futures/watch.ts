/**
 * Waiting for futures that others wait for, too, and leaving again.
 *
 * A future accepts callbacks and never removes them. It therefore gets one, at the first wait for it, and that one tells the waiters of its
 * time. A waiter that leaves early leaves nothing behind, however often that happens to a long-living future.
 *
 *   future --its one done callback--> watchers of this future --done(future)--> wait(), asCompleted(), AsyncResult.wait()
 */

import { type Future, futures } from './future.ts';
import { later } from '../jobs/timers.ts';

export interface Watcher {
  /** Called while the future settles, before any `await` of it resumes. */
  done(future: Future<unknown>): void;
}

const watchersOf = new WeakMap<Future<unknown>, Set<Watcher>>();

/** Tells the watcher when the future is done, unless it leaves before that. Not for a future that is done. */
export function watch(future: Future<unknown>, watcher: Watcher): void {
  const present = watchersOf.get(future);
  if (present !== undefined) return void present.add(watcher);
  const watchers = new Set([watcher]);
  watchersOf.set(future, watchers);
  futures.onDone(future, () => {
    watchersOf.delete(future);
    if (watchers.size > 0) markSeen(future);
    for (const each of watchers) each.done(future);
  });
}

export function leave(future: Future<unknown>, watcher: Watcher): void {
  watchersOf.get(future)?.delete(watcher);
}

/**
 * A waiter for a future receives it when it is done, with its error. Its rejection therefore counts as seen, as with `Promise.allSettled`.
 * Otherwise the program might end by it before the other futures are done.
 */
export function markSeen(future: Future<unknown>): void {
  future.then(undefined, () => {});
}

/** Resolves when `isEnough` says so of a future that is done, or after `ms`. None of the futures is done yet. */
export function watchAll(awaited: Iterable<Future<unknown>>, ms: number, isEnough: (future: Future<unknown>) => boolean): Promise<void> {
  const watched = [...awaited];
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const future of watched) leave(future, watcher);
      resolve();
    };
    const watcher: Watcher = {
      done: (future) => {
        if (isEnough(future)) end();
      },
    };
    const timer = ms === Infinity ? undefined : later(ms, end);
    for (const future of watched) watch(future, watcher);
  });
}
