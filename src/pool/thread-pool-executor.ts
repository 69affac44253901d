import type { ConstructorOptions } from './options.ts';
import { PoolExecutor } from './pool-executor.ts';

/**
 * Runs functions on worker threads: they start fast, and `SharedArrayBuffer`s and ports can be handed to them. Each has its
 * own globals and module instances, as a process has.
 *
 * @example
 * ```ts
 * import { ThreadPoolExecutor } from 'heddle';
 *
 * await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
 * const factor = 10;
 * const products = [];
 * for await (const product of pool.map((x) => x * factor, [1, 2, 3])) products.push(product);
 * console.log(products); // prints: [ 10, 20, 30 ]
 * ```
 *
 * @typeParam Init the parameters of its initializer, which `initArgs` must fit
 */
export class ThreadPoolExecutor<Init extends readonly unknown[] = any[]> extends PoolExecutor {
  /** @throws TypeError or RangeError naming an option that is unknown or wrong */
  constructor(options?: ConstructorOptions<Init>) {
    super('thread', options);
  }
}
