/** Iterates over an async iterable, for greenlets: a generator has no `for await`. */

import { checkFunction, expected } from '../../check.ts';
import { type ClosableIterator, iteratorOf, resultOf } from '../../iteration.ts';
import { type Operation, Pending, readWaitOptions, type WaitOptions } from '../../loop/index.ts';
import { TimeoutError } from '../../errors.ts';
import type { Coroutine } from '../task/greenlet.ts';
import { isGenerator } from '../task/misuse.ts';
import { TimedRun } from '../timeout/timed-part.ts';
import { until } from './until.ts';
import { isThenable } from '../../thenable.ts';
import { TypeError } from '../../refusals.ts';

/**
 * Calls a function with each item of an async iterable, one after another, and waits for its result. The function may be plain, async or a
 * generator function. An early end, by an error of the function or of the greenlet, closes the iterator: a stream is destroyed. An async
 * generator that itself awaits something ends when that is over; `forEach` does not wait for it.
 *
 * @throws TypeError if `source` is not an async iterable or `fn` is not a function
 * @throws TimeoutError if all of it takes longer than `timeout`; that is thrown into the function, too
 *
 * Source: `Readable.forEach` of Node
 *
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { forEach, sleep, spawn } from 'heddle/coroutine';
 *
 * await spawn(function* () {
 *   yield* forEach(Readable.from(['a', 'b']), function* (item, i) {
 *     yield* sleep(1);
 *     console.log(i, item);
 *   });
 * });
 * // prints: 0 a
 * // prints: 1 b
 * ```
 */
export function forEach<T>(
  source: AsyncIterable<T>,
  fn: (item: T, index: number) => unknown,
  options?: number | WaitOptions,
): Operation<void> {
  if (typeof (source as AsyncIterable<T> | undefined | null)?.[Symbol.asyncIterator] !== 'function')
    throw new TypeError(expected('source', 'an async iterable', source));
  checkFunction(fn, 'fn');
  const { timeout, signal } = readWaitOptions(options);
  const makeError = (): Error => new TimeoutError(`forEach() has not ended within ${timeout} ms`);
  return new TimedRun<void>(forEach, { timeout, signal, makeError, instead: undefined }, callForEach, [source, fn]);
}

function* callForEach<T>(source: AsyncIterable<T>, fn: (item: T, index: number) => unknown): Coroutine<void> {
  const iterator = iteratorOf(source, 'source');
  for (let index = 0; ; index += 1) {
    const result = yield* nextOf(iterator);
    if (result.done === true) return;
    let isDone = false;
    try {
      const returned = fn(result.value, index);
      if (isGenerator(returned)) yield* returned as Coroutine<unknown>;
      else if (isThenable(returned)) yield* until(returned);
      isDone = true;
    } finally {
      if (!isDone) yield* close(iterator);
    }
  }
}

function* nextOf<T>(iterator: ClosableIterator<T>): Coroutine<IteratorResult<T>> {
  const given = iterator.next();
  if (!isThenable(given)) return resultOf(given, 'source');
  const next = until(given);
  try {
    return resultOf(yield* next, 'source');
  } catch (error) {
    // An iterator that failed has closed itself. One that is still asked may not answer before it has an item: it is not waited for.
    if (next instanceof Pending && next.isLeft) leave(iterator);
    throw error;
  }
}

/** The error because of which it is closed is worth more than one of closing. */
function* close(iterator: ClosableIterator<unknown>): Coroutine<void> {
  try {
    const closed = iterator.close();
    if (isThenable(closed)) yield* until(closed);
  } catch {}
}

function leave(iterator: ClosableIterator<unknown>): void {
  const closed = iterator.interrupt();
  if (isThenable(closed)) closed.then(undefined, ignore);
}

const ignore = (): void => {};
