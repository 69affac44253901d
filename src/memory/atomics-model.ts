/**
 * The atomic operations under `node --conditions=model`. Each is passed to a scheduler, which performs it, or returns its previous result,
 * or throws to leave the thread there. Without a scheduler, they are the real operations, so that a whole program can run under the
 * condition.
 */

export type AtomicName = 'load' | 'store' | 'exchange' | 'compareExchange' | 'add' | 'and' | 'or' | 'pause';

/**
 * Makes an operation.
 *
 * @param words undefined for a pause
 * @param a the value; of a compareExchange the expected one
 * @param b what a compareExchange writes
 */
export type Stepper = (operation: AtomicName, words: Int32Array | undefined, index: number, a: number, b: number) => number;

let stepper: Stepper | undefined;

/** Installs the function that performs the operations; returns the previous one. */
export function replaceStepper(next: Stepper | undefined): Stepper | undefined {
  const last = stepper;
  stepper = next;
  return last;
}

export function load(words: Int32Array, index: number): number {
  return stepper === undefined ? Atomics.load(words, index) : stepper('load', words, index, 0, 0);
}

export function store(words: Int32Array, index: number, value: number): number {
  return stepper === undefined ? Atomics.store(words, index, value) : stepper('store', words, index, value, 0);
}

export function exchange(words: Int32Array, index: number, value: number): number {
  return stepper === undefined ? Atomics.exchange(words, index, value) : stepper('exchange', words, index, value, 0);
}

export function compareExchange(words: Int32Array, index: number, expected: number, value: number): number {
  if (stepper === undefined) return Atomics.compareExchange(words, index, expected, value);
  return stepper('compareExchange', words, index, expected, value);
}

export function add(words: Int32Array, index: number, value: number): number {
  return stepper === undefined ? Atomics.add(words, index, value) : stepper('add', words, index, value, 0);
}

export function and(words: Int32Array, index: number, value: number): number {
  return stepper === undefined ? Atomics.and(words, index, value) : stepper('and', words, index, value, 0);
}

export function or(words: Int32Array, index: number, value: number): number {
  return stepper === undefined ? Atomics.or(words, index, value) : stepper('or', words, index, value, 0);
}

export function pause(): void {
  stepper?.('pause', undefined, 0, 0, 0);
}

export function read(words: Int32Array, index: number): number {
  return load(words, index);
}

export function write(words: Int32Array, index: number, value: number): void {
  store(words, index, value);
}

export function acquire(words: Int32Array, index: number): number {
  return load(words, index);
}

export function release(words: Int32Array, index: number, value: number): void {
  store(words, index, value);
}

/** All steps are in order. */
export function fence(): void {}

/** Does nothing for a moment: here another thread makes a step. */
export function idle(_turns: number): void {
  pause();
}
