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
 *
 * @typeParam Init the parameters of its initializer, which `initArgs` must fit
 */
export class ThreadPool<Init extends readonly unknown[] = any[]> extends Pool<Init> {
  /** The kind of the workers. */
  protected static override readonly kind: 'process' | 'thread' = 'thread';
}
