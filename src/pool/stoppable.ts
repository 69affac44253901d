/** Items that can be cut off from outside: when a pool is terminated, every source that is not at its end fails. */

import type { Items } from './executor.ts';

/** A source, and how to stop it: from then on it fails, also while somebody waits for it. */
export class Stoppable<T> {
  /** Take the items from here. What is not iterable is left as it is, and refused by who takes it. */
  readonly items: Items<T>;
  #iterator: Iterator<T> | AsyncIterator<T> | undefined;
  #stopped: { readonly error: unknown } | undefined;
  #rejectNext: ((error: unknown) => void) | undefined;

  constructor(items: Items<T>) {
    this.items = items;
    if (typeof items === 'string') return;
    const { [Symbol.asyncIterator]: openAsync, [Symbol.iterator]: open } = (items ?? {}) as AsyncIterable<T> & Iterable<T>;
    if (typeof openAsync === 'function') this.items = { [Symbol.asyncIterator]: () => this.#asyncIterator(openAsync.call(items)) };
    else if (typeof open === 'function') this.items = { [Symbol.iterator]: () => this.#syncIterator(open.call(items)), ...sizeOf(items) };
  }

  stop(error: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = { error };
    this.#rejectNext?.(error);
    // Nobody waits for it, and nobody is to hear what it throws: that the source was cut off is told already.
    // oxlint-disable-next-line promise/no-promise-in-callback -- `error` is what to fail with, not a callback's
    this.#close().catch(() => {});
  }

  #syncIterator(iterator: Iterator<T>): Iterator<T> {
    this.#iterator = iterator;
    return {
      next: () => {
        if (this.#stopped !== undefined) throw this.#stopped.error;
        return iterator.next();
      },
      return: () => {
        this.#iterator = undefined;
        return iterator.return?.() ?? { done: true, value: undefined };
      },
    };
  }

  #asyncIterator(iterator: AsyncIterator<T>): AsyncIterator<T> {
    this.#iterator = iterator;
    return {
      next: () =>
        new Promise((resolve, reject) => {
          if (this.#stopped !== undefined) return reject(this.#stopped.error);
          this.#rejectNext = reject;
          Promise.resolve(iterator.next()).then(resolve, reject);
        }),
      return: async () => {
        await this.#close();
        return { done: true, value: undefined };
      },
    };
  }

  async #close(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    await iterator?.return?.();
  }
}

/** A progress bar asks for it. */
function sizeOf(items: object): { size?: unknown } {
  const { length, size } = items as { length?: unknown; size?: unknown };
  return { size: length ?? size };
}
