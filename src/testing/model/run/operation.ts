/** The steps of the model: atomic operations, calls of the memory, and what tests add. */

import type { AtomicName } from '../../../memory/index.ts';

export type OperationName =
  | AtomicName
  /** Calls of `Memory`. */
  | 'sleep'
  | 'wake'
  | 'now'
  | 'isAlive'
  | 'ring'
  | 'discard'
  /** An event loop waits for its bell. */
  | 'listen'
  /** `once()`. */
  | 'once'
  /** Nothing yet. */
  | 'start';

/** Makes an atomic operation. */
export function perform(operation: AtomicName, words: Int32Array, index: number, a: number, b: number): number {
  switch (operation) {
    case 'load':
      return Atomics.load(words, index);
    case 'store':
      return Atomics.store(words, index, a);
    case 'exchange':
      return Atomics.exchange(words, index, a);
    case 'compareExchange':
      return Atomics.compareExchange(words, index, a, b);
    case 'add':
      return Atomics.add(words, index, a);
    case 'and':
      return Atomics.and(words, index, a);
    case 'or':
      return Atomics.or(words, index, a);
    case 'pause':
      return 0;
  }
}
