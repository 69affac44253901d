import type { ConstructorOptions } from './options.ts';
import { PoolExecutor } from './pool-executor.ts';

/**
 * Runs functions in worker processes: what one of them does to itself (a crash, a leak, `process.exit()`) stays there.
 *
 * @example
 * ```ts
 * import { ProcessPoolExecutor } from 'heddle';
 *
 * await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
 * const pid = await pool.submit(() => process.pid);
 * console.log(pid !== process.pid); // prints: true
 * ```
 *
 * @typeParam Init the parameters of its initializer, which `initArgs` must fit
 */
export class ProcessPoolExecutor<Init extends readonly unknown[] = any[]> extends PoolExecutor {
  /** @throws TypeError or RangeError naming an option that is unknown or wrong */
  constructor(options?: ConstructorOptions<Init>) {
    super('process', options);
  }
}
