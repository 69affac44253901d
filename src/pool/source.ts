/** Takes items from one iterable, or from several at once (zipped; the shortest ends), each of them sync or async. */

import { expected } from '../check.ts';
import { type AnyIterable, type ClosableIterator, isAsyncIterable, isIterable, iteratorOf, resultOf } from '../iteration.ts';
import { isThenable } from '../thenable.ts';
import { TypeError } from '../refusals.ts';

export type Pulled = IteratorResult<unknown, undefined>;

export interface Source {
  /** The next item: at once if all iterables are sync. */
  next(): Pulled | Promise<Pulled>;
  /** Tells iterables that are not at their end that no more will be taken. */
  close(): Promise<void>;
}

/** @throws TypeError if one of them is not iterable */
export function openSource(iterables: readonly AnyIterable<unknown>[]): Source {
  if (iterables.length === 0) throw new TypeError(expected('items', 'an iterable', undefined));
  const names = iterables.length === 1 ? ['items'] : iterables.map((_, i) => `items ${i + 1}`);
  for (const [i, each] of iterables.entries()) if (!isIterable(each)) throw new TypeError(expected(names[i]!, 'an iterable', each));
  const sources = iterables.map((each, i) => new Single(each, names[i]!));
  if (sources.length === 1) return sources[0]!;
  return iterables.some(isAsyncIterable) ? new AsyncZip(sources) : new SyncZip(sources);
}

class Single implements Source {
  readonly #iterator: ClosableIterator<unknown>;
  readonly #name: string;
  /** Was asked for an item, and has not answered. */
  #isAsked = false;
  #isDone = false;

  constructor(items: AnyIterable<unknown>, name: string) {
    this.#iterator = iteratorOf(items, name);
    this.#name = name;
  }

  next(): Pulled | Promise<Pulled> {
    try {
      const given = this.#iterator.next();
      return isThenable(given) ? this.#await(given) : this.#seen(given);
    } catch (error) {
      this.#isDone = true;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    await (this.#isAsked ? this.#iterator.interrupt() : this.#iterator.close());
  }

  async #await(given: PromiseLike<IteratorResult<unknown>>): Promise<Pulled> {
    this.#isAsked = true;
    try {
      return this.#seen(await given);
    } catch (error) {
      this.#isDone = true;
      throw error;
    } finally {
      this.#isAsked = false;
    }
  }

  #seen(given: IteratorResult<unknown>): Pulled {
    const pulled = resultOf(given, this.#name);
    if (pulled.done === true) this.#isDone = true;
    return pulled;
  }
}

class SyncZip implements Source {
  readonly #sources: readonly Single[];

  constructor(sources: readonly Single[]) {
    this.#sources = sources;
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

  constructor(sources: readonly Single[]) {
    this.#sources = sources;
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
