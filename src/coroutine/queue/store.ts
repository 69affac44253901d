/** Where a queue keeps its items, in the order in which they go out. One file for each order: `fifo.ts`, `lifo.ts`, `lowest-first.ts`. */

export interface Store<T> {
  readonly size: number;
  /** The place, in the order of the store, of the item that was taken last. */
  readonly ticket: number;
  push(item: T): void;
  /** The next item. There must be one. */
  take(): T;
  /** The item that `take` would give. There must be one. */
  peek(): T;
  /** Puts an item back to where it would be if it had never been taken. */
  giveBack(item: T, ticket: number): void;
  clear(): void;
}
