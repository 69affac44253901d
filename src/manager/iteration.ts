/** Iterations that stay at the manager, and what they give in pieces. */

import { Proxied } from '../proxy/index.ts';
import { setImmediate } from '../real-timers.ts';
import { isThenable } from '../thenable.ts';

type AnyIterable = Iterable<unknown> | AsyncIterable<unknown>;

export const iteratorOf = (iterable: AnyIterable): Iterator<unknown> | AsyncIterator<unknown> =>
  Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();

type Step = IteratorResult<unknown>;

/** An iteration at the manager, taken in pieces. */
export class ManagedIterator {
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  /** A step that waits: the items before it went their way. */
  #next: Promise<Step> | undefined;
  /** Thrown behind items that were given out first. */
  #failure: { readonly error: unknown } | undefined;

  constructor(iterator: Iterator<unknown> | AsyncIterator<unknown>) {
    this.#iterator = iterator;
  }

  /** Items that are there, at least one, and whether those were all. Waits for the first of them only. */
  async take(count: number): Promise<{ items: unknown[]; isDone: boolean }> {
    const items: unknown[] = [];
    if (this.#failure !== undefined) throw this.#failure.error;
    let late: Promise<undefined> | undefined;
    try {
      while (items.length < count) {
        let step: Step | Promise<Step> | undefined = this.#next ?? this.#iterator.next();
        if (isPromise(step)) {
          this.#next = step;
          late ??= items.length === 0 ? undefined : new Promise((resolve) => setImmediate(() => resolve(undefined)));
          step = await (late === undefined ? this.#next : Promise.race([this.#next, late]));
          if (step === undefined) break;
          this.#next = undefined;
        }
        if (step.done === true) return { items, isDone: true };
        items.push(step.value);
      }
    } catch (error) {
      this.#next = undefined;
      if (items.length === 0) throw error;
      this.#failure = { error };
    }
    return { items, isDone: false };
  }

  async end(): Promise<void> {
    const ended = this.#iterator.return?.();
    // A generator ends when it goes on: it may never do.
    if (this.#next === undefined) await ended;
    else if (isPromise(ended)) ended.catch(() => {});
  }

  [Symbol.asyncIterator](): Iterator<unknown> | AsyncIterator<unknown> {
    return this.#iterator;
  }
}

export const isPromise = (value: unknown): value is Promise<unknown> => isThenable(value) && !(value instanceof Proxied);

export const isIterator = (value: unknown): value is Iterator<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<Iterator<unknown>>).next === 'function' &&
  (Symbol.iterator in value || Symbol.asyncIterator in value);
