/**
 * Sorts how items of a map ended: an outcome is kept, or its item is tried again.
 *
 *   reported   [ value, value, error, error, value, error ]
 *   kept         value, value,               value, error        the error was refused by `retryOn`, or was the last attempt's
 *   again                      [ item, item ]                    as a chunk of their own, after `backoff`
 */

import { type CallSite, joinStacks } from '../../codec/index.ts';
import type { AsyncResource } from '../jobs/caller-context.ts';
import type { Chunk, ItemEnds } from '../jobs/chunk-job.ts';
import { ChunkOutcomes, Failure, type Values } from './chunk-outcomes.ts';
import { accepts, backoffAfter } from '../jobs/caller-code.ts';
import type { TaskSettings } from '../jobs/task-options.ts';

export interface RetryOptions {
  readonly settings: TaskSettings;
  /** The caller's: `retryOn` and `backoff` run there, and may end the map or the pool. */
  readonly context: AsyncResource;
  readonly site: CallSite;
  readonly isUnordered: boolean;
}

/** The map that has the items. */
export interface RetryingMap {
  readonly isClosed: boolean;
  /** True while failed items may be tried again. */
  readonly takesRetries: boolean;
  /** Outcomes of the items from `first` on: `values[from]` up to, and without, `values[to]`. @param bytes size of one */
  keep(outcomes: ChunkOutcomes, first: number, values: Values, from: number, to: number, bytes: number): void;
  /** Items of a chunk that has been in the pool go there again, after `delay` milliseconds or before those that have not. */
  sendAgain(chunk: Omit<Chunk, 'id'>, outcomes: ChunkOutcomes, delay: number): void;
}

export class MapRetries {
  readonly #options: RetryOptions;
  readonly #map: RetryingMap;

  constructor(options: RetryOptions, map: RetryingMap) {
    this.#options = options;
    this.#map = map;
  }

  /** @param first the first of the items in the chunk @param bytes size of one outcome */
  sort(chunk: Chunk, outcomes: ChunkOutcomes, first: number, { values, failed, isFinal }: ItemEnds, bytes: number): void {
    if (failed.length === 0) return this.#map.keep(outcomes, first, values, 0, values.length, bytes);
    const all: unknown[] = Array.isArray(values) ? values : Array.from(values);
    const mayRetry = (at: number): boolean => isFinal !== true && this.#mayRetry(chunk, all[at]);
    let from = 0;
    let marked = 0;
    /** Keeps what is before `to`, with the failures marked. */
    const keep = (to: number): void => {
      for (; marked < failed.length && failed[marked]! < to; marked++) this.#mark(all, failed[marked]!);
      this.#map.keep(outcomes, first + from, all, from, to, bytes);
    };
    for (let i = 0; i < failed.length; i++) {
      const start = failed[i]!;
      let end = start;
      while (failed[i] === end && mayRetry(end)) {
        end++;
        i++;
      }
      if (end > start && this.#retry(chunk, outcomes, first + start, first + end)) {
        keep(start);
        from = end;
        marked = i;
      }
      if (this.#map.isClosed) return;
      // The one behind them is not tried again: `retryOn` was asked, and is asked once.
      if (failed[i] !== end) i--;
    }
    keep(all.length);
  }

  #mark(values: unknown[], at: number): void {
    joinStacks(values[at], this.#options.site);
    values[at] = new Failure(values[at]);
  }

  #mayRetry({ attempt, packet }: Chunk, error: unknown): boolean {
    const { retries, retryOn } = this.#options.settings;
    // Moved memory cannot be sent again.
    if (attempt > retries || packet.transfer.length > 0 || !this.#map.takesRetries) return false;
    return accepts(retryOn, error, this.#options.context);
  }

  /**
   * Items that failed go out again as a chunk of their own. Their outcomes come to the same places, or, where order does not matter, apart.
   *
   * @returns whether they do: code of the user's, asked for this, may have ended the map or the pool
   */
  #retry(chunk: Chunk, outcomes: ChunkOutcomes, from: number, to: number): boolean {
    if (!this.#map.takesRetries) return false;
    const again = { ...chunk, from, to, attempt: chunk.attempt + 1 };
    const { settings, context, isUnordered } = this.#options;
    const delay = backoffAfter(settings.backoff, chunk.attempt, context);
    if (!this.#map.takesRetries) return false;
    let own = outcomes;
    if (isUnordered) {
      outcomes.move(from, to);
      own = new ChunkOutcomes(outcomes.firstIndex, to, from);
      own.itemBytes = outcomes.itemBytes;
    }
    this.#map.sendAgain(again, own, delay);
    return true;
  }
}
