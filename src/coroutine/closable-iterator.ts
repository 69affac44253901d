/**
 * Iterators that can be closed while somebody waits for their next item. An async generator cannot: its `return()` stands in line behind
 * the `next()` that it is to end. Streams have generators as iterators, but other ways to be closed.
 */

export interface ClosableIterator<T> {
  next(): PromiseLike<IteratorResult<T>>;
  /** While no `next()` is pending. */
  close(): PromiseLike<unknown> | undefined;
  /** While one is. */
  interrupt(): PromiseLike<unknown> | undefined;
}

/** Node's streams, and whatever else has their way out. */
interface Destroyable {
  destroy(): unknown;
}

export function iteratorOf<T>(source: AsyncIterable<T>): ClosableIterator<T> {
  if (typeof (source as Partial<ReadableStream<T>>).getReader === 'function') return iteratorOfWebStream(source as ReadableStream<T>);
  const iterator = source[Symbol.asyncIterator]();
  const close = (): PromiseLike<unknown> | undefined => iterator.return?.();
  const interrupt = (): PromiseLike<unknown> | undefined => {
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
