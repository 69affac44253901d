/**
 * The atomic operations under `node --conditions=model`: each asks first whose step it is. As long as nobody has installed a scheduler,
 * they are the real ones, so that a whole program can run under the condition.
 */

/** Is asked before each atomic operation; comes back when the operation is to be made, or throws to end the thread there. */
export type BeforeStep = (operation: string, words: Int32Array, index: number) => void;

let before: BeforeStep | undefined;

/** Lets `next` say when each operation is made; returns who did before. */
export function replaceBeforeStep(next: BeforeStep | undefined): BeforeStep | undefined {
  const last = before;
  before = next;
  return last;
}

export function load(words: Int32Array, index: number): number {
  before?.('load', words, index);
  return Atomics.load(words, index);
}

export function store(words: Int32Array, index: number, value: number): number {
  before?.('store', words, index);
  return Atomics.store(words, index, value);
}

export function exchange(words: Int32Array, index: number, value: number): number {
  before?.('exchange', words, index);
  return Atomics.exchange(words, index, value);
}

export function compareExchange(words: Int32Array, index: number, expected: number, value: number): number {
  before?.('compareExchange', words, index);
  return Atomics.compareExchange(words, index, expected, value);
}

export function add(words: Int32Array, index: number, value: number): number {
  before?.('add', words, index);
  return Atomics.add(words, index, value);
}

export function and(words: Int32Array, index: number, value: number): number {
  before?.('and', words, index);
  return Atomics.and(words, index, value);
}

export function or(words: Int32Array, index: number, value: number): number {
  before?.('or', words, index);
  return Atomics.or(words, index, value);
}
