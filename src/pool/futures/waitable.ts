/** The objects that `wait` and `asCompleted` accept, and their part in `waitReady`. */

import { expected } from '../../check.ts';
import { AsyncResult, asyncResults } from '../multiprocessing/async-result.ts';
import { Future } from './future.ts';
import { giveReadiness, type Readiness } from '../../readiness.ts';
import { TypeError } from '../../refusals.ts';
import { leave, markSeen, watch, type Watcher } from './watch.ts';

/** Something that `wait` and `asCompleted` take: a task's `Future`, or an `AsyncResult` of a `Pool`. */
export type Waitable = Future<any> | AsyncResult<any>;

/**
 * Everything in `fs` under the future that has its state: each once, in order.
 *
 * @throws TypeError if `fs` is not iterable or holds something else
 */
export function byFuture<F extends Waitable>(fs: Iterable<F>): Map<Future<any>, F> {
  if (typeof (fs as Partial<Iterable<F>> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw new TypeError(expected('fs', 'an iterable of futures', fs));
  const all = new Map<Future<any>, F>();
  let i = 0;
  for (const f of fs) {
    if (f instanceof Future) all.set(f, f);
    else if (f instanceof AsyncResult) all.set(asyncResults.futureOf(f), f);
    else throw new TypeError(expected(`fs[${i}]`, 'a Future or an AsyncResult', f));
    i++;
  }
  return all;
}

function readinessOfFuture(future: Future<any>): Readiness {
  return {
    isReady() {
      if (future.done()) markSeen(future);
      return future.done();
    },
    watch(ready) {
      const watcher: Watcher = { done: () => ready() };
      watch(future, watcher);
      return () => leave(future, watcher);
    },
  };
}

giveReadiness(Future, readinessOfFuture);
giveReadiness(AsyncResult, (result: AsyncResult<any>) => readinessOfFuture(asyncResults.futureOf(result)));
