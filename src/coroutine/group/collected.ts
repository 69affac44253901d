/** `map`: all results in a list, in the order of the items. */

import { type Operation, Pending, type Wait } from '../../loop/index.ts';
import { type Item, MapRun } from './map-run.ts';

/** The end of the last call. */
class LastEnded extends Pending<void> {
  readonly #run: Collected;

  constructor(run: Collected) {
    super();
    this.#run = run;
  }

  describe(): string {
    const { length } = this.#run.running;
    return length === 1 ? 'the end of a call' : `the ends of ${length} calls`;
  }
}

export class Collected extends MapRun {
  readonly #results: unknown[] = [];
  #firstFailed: Item | undefined;
  #lastEnded: LastEnded | undefined;

  protected room(): Operation<void> | undefined {
    return undefined;
  }

  protected itemBegun(): void {
    this.#results.push(undefined);
  }

  itemEnded(item: Item): void {
    if (item.failure === undefined) this.#results[item.index] = item.activity.result;
    else if (this.#firstFailed === undefined || item.index < this.#firstFailed.index) this.#firstFailed = item;
    if (this.running.length === 0) this.#lastEnded?.settle(undefined);
  }

  *work(): Generator<Wait, unknown[]> {
    try {
      yield* this.pull();
      if (this.running.length > 0) {
        this.#lastEnded = new LastEnded(this);
        yield* this.#lastEnded;
      }
    } catch (error) {
      this.killRunning();
      throw error;
    }
    const failure = this.#firstFailed?.failure ?? this.failure;
    if (failure !== undefined) throw failure.error;
    return this.#results;
  }
}
