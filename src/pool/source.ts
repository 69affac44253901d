/** Takes items from one iterable, or from several at once (zipped; the shortest ends), each of them sync or async. */

import { expected } from '../check.ts';
import { isThenable } from '../worker/index.ts';
import type { Items } from './executor.ts';

export type Pulled = IteratorResult<unknown, unknown>;

export interface Source {
  /** The next item: at once if all iterables are sync. */
  next(): Pulled | Promise<Pulled>;
  /** Tells iterables that are not at their end that no more will be taken. */
  close(): Promise<void>;
}

type AnyIterator = Iterator<unknown, unknown> | AsyncIterator<unknown, unknown>;

export function isIterable(value: unknown): value is Items<unknown> {
  if (typeof value === 'string') return true;
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

/** @throws TypeError if one of them is not iterable */
export function openSource(iterables: readonly Items<unknown>[]): Source {
  if (iterables.length === 0) throw new TypeError(expected('items', 'an iterable', undefined));
  for (const [i, each] of iterables.entries()) {
    if (!isIterable(each)) throw new TypeError(expected(iterables.length === 1 ? 'items' : `items ${i + 1}`, 'an iterable', each));
  }
  const isSync = iterables.every((each) => typeof each === 'string' || !(Symbol.asyncIterator in each));
  const iterators = iterables.map(iteratorOf);
  if (iterators.length === 1) return new Single(iterators[0]!);
  return isSync ? new SyncZip(iterators as Iterator<unknown, unknown>[]) : new AsyncZip(iterators);
}

function iteratorOf(items: Items<unknown>): AnyIterator {
  if (typeof items !== 'string' && Symbol.asyncIterator in items) return items[Symbol.asyncIterator]() as AnyIterator;
  return (items as Iterable<unknown>)[Symbol.iterator]() as AnyIterator;
}

class Single implements Source {
  readonly #iterator: AnyIterator;
  #isDone = false;

  constructor(iterator: AnyIterator) {
    this.#iterator = iterator;
  }

  next(): Pulled | Promise<Pulled> {
    let pulled: Pulled | Promise<Pulled>;
    try {
      pulled = this.#iterator.next();
    } catch (error) {
      this.#isDone = true;
      throw error;
    }
    if (isThenable(pulled)) {
      return Promise.resolve(pulled).then(
        (result) => this.#seen(result),
        (error: unknown) => {
          this.#isDone = true;
          throw error;
        },
      );
    }
    return this.#seen(pulled);
  }

  async close(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    await this.#iterator.return?.();
  }

  #seen(pulled: Pulled): Pulled {
    if (pulled.done === true) this.#isDone = true;
    return pulled;
  }
}

class SyncZip implements Source {
  readonly #sources: readonly Single[];

  constructor(iterators: readonly Iterator<unknown, unknown>[]) {
    this.#sources = iterators.map((each) => new Single(each));
  }

  next(): Pulled {
    const items: unknown[] = [];
    for (const source of this.#sources) {
      const pulled = source.next() as Pulled;
      if (pulled.done === true) return pulled;
      items.push(pulled.value);
    }
    return { done: false, value: items };
  }

  async close(): Promise<void> {
    await closeAll(this.#sources);
  }
}

class AsyncZip implements Source {
  readonly #sources: readonly Single[];

  constructor(iterators: readonly AnyIterator[]) {
    this.#sources = iterators.map((each) => new Single(each));
  }

  async next(): Promise<Pulled> {
    const items: unknown[] = [];
    for (const source of this.#sources) {
      const pulled = await source.next();
      if (pulled.done === true) return pulled;
      items.push(pulled.value);
    }
    return { done: false, value: items };
  }

  async close(): Promise<void> {
    await closeAll(this.#sources);
  }
}

async function closeAll(sources: readonly Single[]): Promise<void> {
  await Promise.all(sources.map((source) => source.close()));
}
