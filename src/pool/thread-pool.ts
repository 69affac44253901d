import { Pool } from './pool.ts';

/**
 * Python's `ThreadPool`: a `Pool` whose workers are threads of this process.
 *
 * @example
 * ```ts
 * import { ThreadPool } from 'heddle';
 *
 * await using pool = new ThreadPool(2);
 * const pairs = [[2, 5], [3, 2]] as const;
 * console.log(await pool.starmap((base, exponent) => base ** exponent, pairs)); // prints: [ 32, 9 ]
 * ```
 */
export class ThreadPool extends Pool {
  protected static override readonly kind: 'process' | 'thread' = 'thread';
}
