/**
 * Takes items from one iterable, or from several at once (zipped; the shortest ends), each of them sync or async.
 *
 * A plain array is read by index, as its own iterator reads it, but without an object for each item.
 */

import { expected } from '../../check.ts';
import { type AnyIterable, type ClosableIterator, isAsyncIterable, isIterable, checkResult, iteratorOf } from '../../iteration.ts';
import { isSharedList, type SharedList } from '../../handles.ts';
import { isThenable } from '../../thenable.ts';
import { TypeError } from '../../refusals.ts';

export interface Source {
  /** The item that `advance` has come to. */
  readonly value: unknown;
  /** Moves to the next item; false after the last. Synchronous if all iterables are sync. */
  advance(): boolean | Promise<boolean>;
  /** Tells iterables that are not at their end that no more will be taken. */
  close(): Promise<void>;
  /** The items lie in memory that workers have, too: they read them there. */
  readonly range?: Range;
}

/** Items that need not be read to be sent. */
export interface Range {
  readonly list: SharedList;
  /** Goes past up to `count` items, and returns past how many. `from` is the index of the first of them. */
  skip(count: number): { readonly from: number; readonly count: number };
}

/**
 * @param takesRanges workers can be sent a part of a shared list as such
 * @throws TypeError if one of them is not iterable
 */
export function openSource(iterables: readonly AnyIterable<unknown>[], takesRanges: (list: object) => boolean): Source {
  if (iterables.length === 0) throw new TypeError(expected('items', 'an iterable', undefined));
  const names = iterables.length === 1 ? ['items'] : iterables.map((_, i) => `items ${i + 1}`);
  for (const [i, each] of iterables.entries()) if (!isIterable(each)) throw new TypeError(expected(names[i]!, 'an iterable', each));
  if (iterables.length === 1) return openRange(iterables[0]!, takesRanges) ?? open(iterables[0]!, names[0]!);
  const sources = iterables.map((each, i) => open(each, names[i]!));
  return iterables.some(isAsyncIterable) ? new AsyncZip(sources) : new SyncZip(sources);
}

type List<T> = Iterable<T> & { readonly length: number };

function open(items: AnyIterable<unknown>, name: string): Source {
  if (items instanceof GuardedList && isPlainList(items.list)) return new ListSource(items.list, items.guard);
  return isPlainList(items) ? new ListSource(items) : new IteratorSource(items, name);
}

function openRange(items: AnyIterable<unknown>, takesRanges: (list: object) => boolean): Source | undefined {
  const [list, guard] = items instanceof GuardedList ? [items.list, items.guard] : [items];
  return isRange(list) && takesRanges(list) ? new RangeSource(list as unknown as SharedList, guard) : undefined;
}

/** True if a loop would give the elements of a list in shared memory, in their order. */
export function isRange(items: AnyIterable<unknown>): boolean {
  return isObject(items) && isSharedList(items) && (isPlainList(items) || !ArrayBuffer.isView(items));
}

/** A plain array, or a list in shared memory, whose reading may be cut off. */
export class GuardedList<T> implements Iterable<T> {
  readonly list: List<T>;
  /** Throws before an item is read, when it must not be. */
  readonly guard: () => void;

  constructor(list: List<T>, guard: () => void) {
    this.list = list;
    this.guard = guard;
  }

  get size(): number {
    return this.list.length;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.list[Symbol.iterator]();
  }
}

const arrayIterator = Array.prototype[Symbol.iterator];
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as Iterable<unknown>;
const typedIterator = typedArray[Symbol.iterator];
const nextOf = (prototype: object): unknown => (prototype as { next?: unknown }).next;
const listIterator = Object.getPrototypeOf([][Symbol.iterator]()) as object;
const listNext = nextOf(listIterator);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** True if a loop would go over the items as the language says for arrays: the program has not changed how. */
export function isPlainList<T>(items: AnyIterable<T>): items is ArrayLike<T> & Iterable<T> {
  if (!isObject(items) || isAsyncIterable(items) || 'getReader' in items) return false;
  const { [Symbol.iterator]: iterator } = items;
  const isList = Array.isArray(items) ? iterator === arrayIterator : ArrayBuffer.isView(items) && iterator === typedIterator;
  return isList && nextOf(listIterator) === listNext;
}

class ListSource implements Source {
  #list: ArrayLike<unknown> | undefined;
  readonly #guard: (() => void) | undefined;
  #next = 0;
  value: unknown;

  constructor(list: ArrayLike<unknown>, guard?: () => void) {
    this.#list = list;
    this.#guard = guard;
  }

  advance(): boolean {
    this.#guard?.();
    const list = this.#list;
    const at = this.#next;
    // The list may grow while it is read; at its end it stays there.
    if (list === undefined || at >= list.length) return this.#end();
    this.#next = at + 1;
    this.value = list[at];
    return true;
  }

  /** @throws TypeError for a typed array whose memory was taken away meanwhile */
  #end(): false {
    const list = this.#list;
    this.#forget();
    if (ArrayBuffer.isView(list)) typedIterator.call(list);
    return false;
  }

  close(): Promise<void> {
    this.#forget();
    return Promise.resolve();
  }

  #forget(): void {
    this.#list = undefined;
    this.value = undefined;
  }
}

/** Items in shared memory: skipped by the reader, read by the workers. */
class RangeSource implements Source, Range {
  readonly list: SharedList;
  readonly #guard: (() => void) | undefined;
  #next = 0;
  readonly value: undefined;
  readonly range: Range = this;

  constructor(list: SharedList, guard: (() => void) | undefined) {
    this.list = list;
    this.#guard = guard;
  }

  skip(count: number): { readonly from: number; readonly count: number } {
    this.#guard?.();
    const from = this.#next;
    this.#next = Math.min(this.list.length, from + count);
    return { from, count: this.#next - from };
  }

  advance(): boolean {
    return this.skip(1).count === 1;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class IteratorSource implements Source {
  readonly #iterator: ClosableIterator<unknown>;
  readonly #name: string;
  /** Was asked for an item, and has not answered. */
  #isAsked = false;
  #isDone = false;
  value: unknown;

  constructor(items: AnyIterable<unknown>, name: string) {
    this.#iterator = iteratorOf(items, name);
    this.#name = name;
  }

  advance(): boolean | Promise<boolean> {
    try {
      const given = this.#iterator.next();
      return isThenable(given) ? this.#await(given) : this.#seen(given);
    } catch (error) {
      this.#ended();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#isDone) return;
    this.#ended();
    await (this.#isAsked ? this.#iterator.interrupt() : this.#iterator.close());
  }

  async #await(given: PromiseLike<IteratorResult<unknown>>): Promise<boolean> {
    this.#isAsked = true;
    try {
      return this.#seen(await given);
    } catch (error) {
      this.#ended();
      throw error;
    } finally {
      this.#isAsked = false;
    }
  }

  #seen(given: IteratorResult<unknown>): boolean {
    checkResult(given, this.#name);
    // Each is read once: that may run getters, and they may throw.
    if (given.done) {
      this.#ended();
      return false;
    }
    this.value = given.value;
    return true;
  }

  #ended(): void {
    this.#isDone = true;
    this.value = undefined;
  }
}

class SyncZip implements Source {
  readonly #sources: readonly Source[];
  value: unknown;

  constructor(sources: readonly Source[]) {
    this.#sources = sources;
  }

  advance(): boolean {
    const items: unknown[] = [];
    for (const source of this.#sources) {
      if (source.advance() === false) return false;
      items.push(source.value);
    }
    this.value = items;
    return true;
  }

  async close(): Promise<void> {
    await closeAll(this.#sources);
  }
}

class AsyncZip implements Source {
  readonly #sources: readonly Source[];
  value: unknown;

  constructor(sources: readonly Source[]) {
    this.#sources = sources;
  }

  async advance(): Promise<boolean> {
    const items: unknown[] = [];
    for (const source of this.#sources) {
      if (!(await source.advance())) return false;
      items.push(source.value);
    }
    this.value = items;
    return true;
  }

  async close(): Promise<void> {
    await closeAll(this.#sources);
  }
}

async function closeAll(sources: readonly Source[]): Promise<void> {
  await Promise.all(sources.map((source) => source.close()));
}
