/** `wait`: until some or all of many futures are done. */

import { checkOptions, checkTimeout, expected } from '../../check.ts';
import { type Future, futures } from './future.ts';
import { type Waitable, byFuture } from './waitable.ts';
import { markSeen, watchAll } from './watch.ts';
import { RangeError } from '../../refusals.ts';

/** `wait` returns when all are done. */
export const ALL_COMPLETED = 'ALL_COMPLETED' as const;
/** `wait` returns when one is done: with a result, an error, or by being cancelled. */
export const FIRST_COMPLETED = 'FIRST_COMPLETED' as const;
/** `wait` returns when one has failed, or all are done. A cancellation is not a failure. */
export const FIRST_EXCEPTION = 'FIRST_EXCEPTION' as const;

/** Options of `wait`. */
export interface WaitForOptions {
  /** Milliseconds, 0 or more; default: indefinitely. A timeout is not an error: `notDone` has the unfinished ones. */
  readonly timeout?: number | undefined;
  /** The condition to wait for; default `ALL_COMPLETED`. */
  readonly returnWhen?: 'ALL_COMPLETED' | 'FIRST_COMPLETED' | 'FIRST_EXCEPTION' | undefined;
}

/** The done and the unfinished futures; together all that were waited for, each once. */
export interface DoneAndNotDone<F> {
  /** The futures that are done. */
  readonly done: Set<F>;
  /** The futures that are not done. */
  readonly notDone: Set<F>;
}

const returnWhens = [ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION] as const;

/**
 * Waits for futures, also of several pools, until all of them are done, or the first is, or the first has failed. Resolves to the done and
 * the unfinished ones, and never rejects because of them. An error that came during this wait counts as seen, as with `Promise.allSettled`.
 * A future in `notDone` reports its error itself later.
 *
 * @throws TypeError if something in `fs` is neither a `Future` nor an `AsyncResult`
 * @throws RangeError if the timeout is not a number >= 0, or `returnWhen` none of the three
 *
 * @example
 * ```ts
 * import { FIRST_COMPLETED, ThreadPoolExecutor, wait } from 'heddle';
 *
 * await using pool = new ThreadPoolExecutor({ maxWorkers: 1, tasksPerWorker: 2 });
 * const nap = (ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(ms), ms));
 * const { done, notDone } = await wait([pool.submit(nap, 1), pool.submit(nap, 300)], { returnWhen: FIRST_COMPLETED });
 * for (const future of done) console.log(await future, notDone.size); // prints: 1 1
 * ```
 */
export async function wait<F extends Waitable>(fs: Iterable<F>, options?: WaitForOptions): Promise<DoneAndNotDone<F>> {
  checkOptions(options, 'options', ['timeout', 'returnWhen']);
  const ms = checkTimeout(options?.timeout);
  const returnWhen = options?.returnWhen ?? ALL_COMPLETED;
  if (!returnWhens.includes(returnWhen)) throw new RangeError(expected('returnWhen', returnWhens.join(', '), returnWhen));

  const done = new Set<F>();
  const notDone = new Map<Future<any>, F>();
  /** True if this fulfils the condition. */
  const isEnough = (future: Future<any>): boolean =>
    notDone.size === 0 || returnWhen === FIRST_COMPLETED || (returnWhen === FIRST_EXCEPTION && futures.hasFailed(future));
  let isOver = false;
  const all = byFuture(fs);
  for (const [future, f] of all) if (!future.done()) notDone.set(future, f);
  for (const [future, f] of all) {
    if (notDone.has(future)) continue;
    markSeen(future);
    done.add(f);
    isOver ||= isEnough(future);
  }
  if (!isOver && notDone.size > 0 && ms > 0) {
    await watchAll([...notDone.keys()], ms, (future) => {
      done.add(notDone.get(future)!);
      notDone.delete(future);
      return isEnough(future);
    });
  }
  return { done, notDone: new Set(notDone.values()) };
}
