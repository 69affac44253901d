/**
 * Iterables, sync and async, read as a `for` loop reads them, and closed even while a consumer waits for the next item.
 *
 * An async generator cannot be closed then: its `return()` queues behind the pending `next()`. Streams have generators as iterators, but
 * other ways to be closed.
 */

import { expected, quote } from './check.ts';
import { TypeError } from './refusals.ts';

/** Any iterable. */
export type AnyIterable<T> = Iterable<T> | AsyncIterable<T>;

/**
 * Async iterator of items that ends with `undefined`, and can be looped over. An `AsyncIterableIterator<T, undefined>`, which older compilers
 * cannot read: its second type argument came with TypeScript 5.6.
 */
export interface AsyncItemIterator<T> extends AsyncIterator<T, undefined> {
  /** Returns the iterator itself, for `for await`. */
  [Symbol.asyncIterator](): this;
}

export interface ClosableIterator<T> {
  next(): IteratorResult<T> | PromiseLike<IteratorResult<T>>;
  /** While no `next()` is pending. */
  close(): unknown;
  /** While one is. */
  interrupt(): unknown;
}

/** Node's streams, and whatever else has their way out. */
interface Destroyable {
  destroy(): unknown;
}

/** True if a `for await` loop would accept it. */
export function isIterable(value: unknown): value is AnyIterable<unknown> {
  return isAsyncIterable(value) || typeof (value as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] === 'function';
}

/** An object may have both methods; then the async one counts. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] === 'function';
}

/**
 * @param what the name of the source, for errors
 * @throws TypeError if it has no iterator
 */
export function iteratorOf<T>(source: AnyIterable<T>, what: string): ClosableIterator<T> {
  if (typeof (source as Partial<ReadableStream<T>>).getReader === 'function') return iteratorOfWebStream(source as ReadableStream<T>);
  const iterator = isAsyncIterable(source) ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  if (typeof (iterator as Partial<Iterator<T>> | null | undefined)?.next !== 'function')
    throw new TypeError(`expected the iterator of ${what} to have a method next(), got ${quote(iterator)}`);
  const close = (): unknown => iterator.return?.();
  const interrupt = (): unknown => {
    const closed = close();
    if (typeof (source as Partial<Destroyable>).destroy === 'function') (source as unknown as Destroyable).destroy();
    return closed;
  };
  return { next: () => iterator.next(), close, interrupt };
}

function iteratorOfWebStream<T>(source: ReadableStream<T>): ClosableIterator<T> {
  const reader = source.getReader();
  const close = async (): Promise<void> => {
    const cancelled = reader.cancel();
    reader.releaseLock();
    await cancelled;
  };
  const next = async (): Promise<IteratorResult<T>> => {
    const { done, value } = await reader.read();
    if (!done) return { done, value };
    reader.releaseLock();
    return { done, value: undefined };
  };
  return { next, close, interrupt: close };
}

const end: IteratorResult<never, undefined> = { done: true, value: undefined };

/**
 * The result of `next()`, read once: reading may run getters, and they may throw.
 *
 * @param what the name of the source, for errors
 * @throws TypeError if it is not an object
 */
export function resultOf<T>(given: IteratorResult<T>, what: string): IteratorResult<T, undefined> {
  checkResult(given, what);
  return given.done ? end : { done: false, value: given.value };
}

/**
 * Checks what `next()` has given.
 *
 * @param what the name of the source, for errors
 * @throws TypeError if it is not an object
 */
export function checkResult(given: IteratorResult<unknown>, what: string): void {
  if (given === null || (typeof given !== 'object' && typeof given !== 'function'))
    throw new TypeError(expected(`what next() of ${what} gives`, 'an object', given));
}
