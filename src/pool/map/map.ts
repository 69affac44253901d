/** `map`: outcomes become values, in the order of the items; the first error ends it. */

import { checkFunction } from '../../check.ts';
import { captureFunction } from '../../codec/host.ts';
import type { AnyFunction, CallSite } from '../../codec/index.ts';
import { isIterable } from '../../iteration.ts';
import { showAsText } from '../../repr.ts';
import { callerContext } from '../jobs/caller-context.ts';
import { takesRanges } from './chunk-builder.ts';
import { Failure, none, type Stretch } from './chunk-outcomes.ts';
import { failureIn, joined } from '../futures/collect.ts';
import type { Items, MapResults } from '../executor.ts';
import { MapProgress } from './map-progress.ts';
import { MapRun } from './map-run.ts';
import { openSource } from './source.ts';
import { type MapOptions, type TaskSettings, checkMapOptions } from '../jobs/task-options.ts';
import type { TaskPool } from '../task-pool.ts';

/** Takes `(xs, ys, …, options?)` apart: the last may be options, which cannot be iterated over. */
export function splitOptions(rest: readonly unknown[]): { iterables: Items<unknown>[]; options: MapOptions | undefined } {
  const last = rest.at(-1);
  const hasOptions = rest.length > 1 && !isIterable(last);
  return { iterables: (hasOptions ? rest.slice(0, -1) : rest) as Items<unknown>[], options: hasOptions ? (last as MapOptions) : undefined };
}

export interface MapCall {
  readonly pool: TaskPool;
  /** The settings of `with()` for each task. */
  readonly settings: TaskSettings;
  readonly fn: unknown;
  readonly iterables: readonly Items<unknown>[];
  readonly options: MapOptions | undefined;
  /** Each item is a list of arguments; default: if there are several iterables. */
  readonly isSpread?: boolean;
  readonly isUnordered: boolean;
  readonly site: CallSite;
  readonly owner: unknown;
}

/** @throws what is wrong with the arguments, or SerializationError if the function cannot cross */
export function startMap({ pool, settings, fn, iterables, options, isSpread, ...more }: MapCall): MapRun {
  const { progress, ...checked } = checkMapOptions(options, settings);
  const context = callerContext();
  checkFunction(fn, 'fn');
  const source = openSource(iterables, (list) => isSpread !== true && takesRanges(list, pool.border));
  const total = Math.min(...iterables.map(sizeOf));
  if (total > 0) pool.announce(fn);
  const capsule = captureFunction(fn as AnyFunction, pool.border);
  return new MapRun(pool, {
    source,
    capsule,
    isSpread: isSpread ?? iterables.length > 1,
    ...checked,
    context,
    progress:
      progress === undefined || progress === false ? undefined : new MapProgress(progress, total === Infinity ? undefined : total, context),
    ...more,
  });
}

/** How many items there are, if that can be told without counting them. */
function sizeOf(items: Items<unknown>): number {
  if (Array.isArray(items) || ArrayBuffer.isView(items)) return (items as unknown[]).length;
  const { size } = items as { size?: unknown };
  return typeof size === 'number' ? size : Infinity;
}

const nothing: Stretch = Object.freeze({ index: 0, values: [], from: 0, to: 0 });

/** Takes the next of a stretch, and keeps nothing that was handed out. */
function takeFrom(stretch: Stretch): unknown {
  const { values } = stretch;
  const at = stretch.from++;
  const value: unknown = values[at];
  if (Array.isArray(values)) values[at] = undefined;
  return value;
}

export class MapIterator<R> implements MapResults<R> {
  #run: MapRun | undefined;
  #refusal: { readonly error: unknown } | undefined;
  /** Results that are taken without the run. */
  #lent: Stretch = nothing;

  /** Work begins here; what `start` throws is what the first `next()` rejects with. */
  constructor(start: () => MapRun) {
    try {
      this.#run = start();
    } catch (error) {
      this.#refusal = { error };
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** `<MapResults open>`, or `<MapResults ended>`. */
  toString(): string {
    return `<MapResults ${this.#run?.isOver !== false ? 'ended' : 'open'}>`;
  }

  static {
    showAsText(MapIterator);
  }

  next(): Promise<IteratorResult<R, undefined>> {
    const lent = this.#lent;
    const value = lent.from < lent.to ? takeFrom(lent) : this.#poll();
    if (value === none || value instanceof Failure) return this.#slowNext(value);
    return Promise.resolve({ done: false, value: value as R });
  }

  #poll(): unknown {
    const run = this.#run;
    if (run === undefined) return none;
    const lent = run.lend();
    if (lent === undefined) return run.poll();
    this.#lent = lent;
    return takeFrom(lent);
  }

  async return(): Promise<IteratorResult<R, undefined>> {
    const run = this.#run;
    this.#run = this.#refusal = undefined;
    await run?.close();
    return { done: true, value: undefined };
  }

  async toArray(): Promise<R[]> {
    const stretches: Stretch[] = [];
    while (this.#lent.from < this.#lent.to) {
      const value = takeFrom(this.#lent);
      if (value instanceof Failure) return this.#fail(value.error);
      stretches.push({ index: 0, values: [value], from: 0, to: 1 });
    }
    for (;;) {
      for (let stretch = this.#run?.pollStretch(); stretch !== undefined; stretch = this.#run?.pollStretch()) {
        const failure = failureIn(stretch);
        if (failure !== undefined) return this.#fail(failure.error);
        stretches.push(stretch);
      }
      const { done, value } = await this.next();
      if (done === true) return joined(stretches) as R[];
      stretches.push({ index: 0, values: [value], from: 0, to: 1 });
    }
  }

  async #slowNext(polled: unknown): Promise<IteratorResult<R, undefined>> {
    if (polled instanceof Failure) return this.#fail(polled.error);
    const run = this.#run;
    if (run === undefined) {
      const refusal = this.#refusal;
      this.#refusal = undefined;
      if (refusal !== undefined) throw refusal.error;
      return { done: true, value: undefined };
    }
    const next = await run.next();
    if (next.done === true) return next;
    return next.value.ok ? { done: false, value: next.value.value as R } : this.#fail(next.value.value);
  }

  /** @throws the reason: with it the iteration ends */
  #fail(reason: unknown): never {
    // The consumer is not to wait for the source's end before it hears of the error.
    const run = this.#run;
    this.#run = undefined;
    run?.close().catch(() => {});
    throw reason;
  }
}
