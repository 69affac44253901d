/** Items that can be cut off from outside: when a pool is terminated, every source that is not at its end fails. */

import { type ClosableIterator, isAsyncIterable, isIterable, iteratorOf } from '../../iteration.ts';
import { type AsyncResource, callerContext } from '../jobs/caller-context.ts';
import type { Items } from '../executor.ts';
import { GuardedList, isPlainList, isRange } from '../map/source.ts';

/** A source that can be stopped: from then on it fails, also during a wait for the next item. */
export class Stoppable<T> {
  /** The items to take. A value that is not iterable is left as it is, and its consumer refuses it. */
  readonly items: Items<T>;
  #iterator: ClosableIterator<T> | undefined;
  /** The caller's, in which its source is closed, too. */
  readonly #context: AsyncResource = callerContext();
  #stopped: { readonly error: unknown } | undefined;
  /** Rejects the pending wait for the next item. */
  #rejectNext: ((error: unknown) => void) | undefined;

  constructor(items: Items<T>) {
    this.items = items;
    if (typeof items === 'string') return;
    if (isPlainList(items) || isRange(items)) this.items = new GuardedList(items as Iterable<T> & { length: number }, this.#check);
    else if (isAsyncIterable(items)) this.items = { [Symbol.asyncIterator]: () => this.#asyncIterator(iteratorOf<T>(items, 'items')) };
    else if (isIterable(items))
      this.items = { [Symbol.iterator]: () => this.#syncIterator(iteratorOf<T>(items, 'items')), ...sizeOf(items) };
  }

  stop(error: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = { error };
    // The close is not awaited, and its error is not reported: the cut-off of the source is reported already.
    // oxlint-disable-next-line promise/no-promise-in-callback -- `error` is what to fail with, not a callback's
    this.#context.runInAsyncScope(this.#close, this).catch(() => {});
    this.#rejectNext?.(error);
  }

  readonly #check = (): void => {
    if (this.#stopped !== undefined) throw this.#stopped.error;
  };

  #syncIterator(iterator: ClosableIterator<T>): Iterator<T> {
    this.#iterator = iterator;
    return {
      next: () => {
        this.#check();
        return iterator.next() as IteratorResult<T>;
      },
      return: () => {
        this.#iterator = undefined;
        iterator.close();
        return { done: true, value: undefined };
      },
    };
  }

  #asyncIterator(iterator: ClosableIterator<T>): AsyncIterator<T> {
    this.#iterator = iterator;
    const answered = (): void => {
      this.#rejectNext = undefined;
    };
    return {
      next: () => {
        const next = new Promise<IteratorResult<T>>((resolve, reject) => {
          if (this.#stopped !== undefined) return reject(this.#stopped.error);
          this.#rejectNext = reject;
          Promise.resolve(iterator.next()).then(resolve, reject);
        });
        next.then(answered, answered);
        return next;
      },
      return: async () => {
        await this.#close();
        return { done: true, value: undefined };
      },
    };
  }

  async #close(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    await (this.#rejectNext === undefined ? iterator?.close() : iterator?.interrupt());
  }
}

/** A progress bar asks for it. */
function sizeOf(items: object): { size?: unknown } {
  const { length, size } = items as { length?: unknown; size?: unknown };
  return { size: length ?? size };
}
