/** Starting greenlets. */

import { checkFunction } from '../../check.ts';
import { Greenlet, type ResultOf, spawnFrom, type Spawnable } from './greenlet.ts';

/**
 * Starts a function in a greenlet: in the next microtask, after those that are ready already.
 *
 * @param fn a generator function, which waits by `yield*` and can be killed wherever it waits; an async function; or a plain one
 * @throws TypeError if `fn` is not such a function
 *
 * Source: gevent.spawn
 *
 * @example
 * ```ts
 * import { joinAll, sleep, spawn } from 'heddle/coroutine';
 *
 * function* square(x: number) {
 *   yield* sleep(1);
 *   return x * x;
 * }
 * const greenlets = await joinAll([spawn(square, 2), spawn(square, 3)]);
 * console.log(greenlets.map((g) => g.value)); // prints: [ 4, 9 ]
 * ```
 */
export function spawn<A extends unknown[], R>(fn: ((...args: A) => R) & Spawnable<R>, ...args: A): Greenlet<ResultOf<R>> {
  return spawnFrom(spawn, fn, args);
}

/** Starts a function after `ms` milliseconds, unless the greenlet is killed before. Source: gevent.spawn_later */
export function spawnLater<A extends unknown[], R>(ms: number, fn: ((...args: A) => R) & Spawnable<R>, ...args: A): Greenlet<ResultOf<R>> {
  checkFunction(fn, 'fn');
  const greenlet = new Greenlet<ResultOf<R>>(fn, ...args);
  greenlet.startLater(ms);
  return greenlet;
}
