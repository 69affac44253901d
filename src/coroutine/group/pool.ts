/** A group with a limited number of places. Source: gevent.pool.Pool */

import { checkInteger } from '../../check.ts';
import { Group } from './group.ts';
import { membersOf } from './mapping.ts';

/**
 * A group in which at most `size` greenlets run at once. Additional ones wait in one line, first come, first served: greenlets that were
 * spawned, `add` and `start`, and the next item of each map.
 *
 * `heddle` also has a `Pool`: worker processes on several cores. This one limits greenlets of one thread, and starts no worker.
 *
 * @example
 * ```ts
 * import { Pool, sleep } from 'heddle/coroutine';
 *
 * const pool = new Pool(2);
 * let running = 0;
 * function* work(x: number) {
 *   running += 1;
 *   if (running > 2) throw new Error('never');
 *   yield* sleep(1);
 *   running -= 1;
 *   return x * x;
 * }
 * console.log(await pool.map(work, [1, 2, 3, 4])); // prints: [ 1, 4, 9, 16 ]
 *
 * function* endless() {
 *   for (let i = 0; ; i += 1) yield i;
 * }
 * for await (const square of pool.imap(work, endless())) if (square > 50) break;
 * console.log(pool.length); // prints: 0
 * ```
 */
export class Pool extends Group {
  readonly #size: number | undefined;

  /**
   * @param size how many run at once; of 0 it is always full. Default: no limit
   * @throws RangeError if it is negative or no integer
   */
  constructor(size?: number) {
    super();
    if (size !== undefined) checkInteger(size, 'size', 0);
    this.#size = size;
    const members = membersOf(this);
    members.capacity = size ?? Infinity;
    members.title = size === undefined ? 'a Pool' : `a Pool of ${size}`;
  }

  /** The most greenlets that run at once; undefined without a limit. `length` is the present number. */
  get size(): number | undefined {
    return this.#size;
  }

  /** The number of free places; `Infinity` without a limit. */
  freeCount(): number {
    return membersOf(this).free;
  }

  /** The number of greenlets, additions and maps that wait for a place. */
  get waiting(): number {
    return membersOf(this).line.length;
  }
}
