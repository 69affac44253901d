/** `map` for callers that want every outcome: a failed item is reported and the rest goes on. */

import type { AsyncItemIterator } from '../../iteration.ts';
import { type CallSite, captureSite } from '../../codec/index.ts';
import type { Items } from '../executor.ts';
import type { MapRun } from './map-run.ts';
import { startMap } from './map.ts';
import { type PoolExecutor, insideOf } from '../pool-executor.ts';
import type { ItemOutcome } from './result-queue.ts';
import type { MapOptions } from '../jobs/task-options.ts';

/** Options of `mapOutcomes`. */
export interface MapOutcomesOptions extends MapOptions {
  /** Outcomes as they come instead of in the order of the items; default false. */
  readonly unordered?: boolean;
}

/** `fn` was called with item `index`: the value if `ok`, else the error. */
export interface MapOutcome<R> {
  /** The index of the item. */
  readonly index: number;
  /** True for a result, false for an error. */
  readonly ok: boolean;
  /** The result, or the error. */
  readonly value: R;
}

/**
 * Calls `fn` with each item. An error of the source is the outcome of the item that would have come, and the last one.
 *
 * @throws TypeError, RangeError or SerializationError at once, for arguments that are wrong or a function that cannot cross
 */
export function mapOutcomes<T, R>(
  executor: PoolExecutor,
  fn: (item: T) => R,
  items: Items<T>,
  options: MapOutcomesOptions = {},
): AsyncItemIterator<MapOutcome<Awaited<R>>> {
  const { unordered = false, ...rest } = options;
  const run = startOutcomes(executor, fn, items, rest, { isUnordered: unordered, isSpread: false, site: captureSite(mapOutcomes) });
  return new OutcomeIterator(run) as AsyncItemIterator<MapOutcome<Awaited<R>>>;
}

/** The same for a pool's own: `isSpread` says that an item is a list of arguments. */
export function startOutcomes(
  executor: PoolExecutor,
  fn: unknown,
  items: Items<unknown>,
  options: MapOptions | undefined,
  more: { readonly isUnordered: boolean; readonly isSpread: boolean; readonly site: CallSite },
): MapRun {
  return startMap({ ...insideOf(executor), fn, iterables: [items], options, owner: executor, ...more });
}

class OutcomeIterator implements AsyncItemIterator<ItemOutcome> {
  readonly #run: MapRun;

  constructor(run: MapRun) {
    this.#run = run;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<ItemOutcome, undefined>> {
    return this.#run.next();
  }

  async return(): Promise<IteratorResult<ItemOutcome, undefined>> {
    await this.#run.close();
    return { done: true, value: undefined };
  }
}
