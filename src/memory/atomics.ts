/**
 * The atomic operations on shared words, imported as `#atomics`. With `node --conditions=model` the import is `atomics-model.ts`, where a
 * test chooses the thread that makes the next step.
 */

/** Arrays of integers of up to 32 bits. */
export type Integers = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array;

export const load: (words: Integers, index: number) => number = Atomics.load;
export const store: (words: Integers, index: number, value: number) => number = Atomics.store;
export const exchange: (words: Int32Array, index: number, value: number) => number = Atomics.exchange;
export const compareExchange: (words: Integers, index: number, expected: number, value: number) => number = Atomics.compareExchange;
export const add: (words: Int32Array, index: number, value: number) => number = Atomics.add;
export const and: (words: Int32Array, index: number, value: number) => number = Atomics.and;
export const or: (words: Int32Array, index: number, value: number) => number = Atomics.or;
/**
 * Plain access, at a twentieth of the price of an atomic operation. Use it for words that only this thread changes now, such as those of a
 * mutex that it owns, or for a guess. Where operations are steps at which a test may stop, these are steps, too.
 */
export const read = (words: Int32Array, index: number): number => words[index]!;
export const write = (words: Int32Array, index: number, value: number): void => void (words[index] = value);

/** Processors that make all loads in order, and all stores, as x86 does. V8 compiles those of one thread in their order. */
const isOrdered = process.arch === 'x64' || process.arch === 'ia32';

/** A load before all that follows; a store after all that was before. Unlike `load` and `store` the two may change places: a store, and then a load of another word. */
export const acquire: (words: Int32Array, index: number) => number = isOrdered ? read : load;
export const release: (words: Int32Array, index: number, value: number) => void = isOrdered ? write : store;

const nowhere = new Int32Array(new SharedArrayBuffer(4));
/**
 * All loads and stores before it come before all after it, those of plain words with them. For words that are read, or written, between two looks at a
 * count. Where all loads, and all stores, are in order by themselves there is nothing to do.
 */
export const fence: () => void = isOrdered
  ? (): void => {}
  : (): void => {
      Atomics.store(nowhere, 0, 0);
      Atomics.load(nowhere, 0);
    };

/**
 * To be called in a loop that looks at a word again and again, once each turn. Tells the processor that the thread waits, where Node has the
 * instruction. A thread of the tests' model has nothing to do then until another one has made a step: a loop without it has no end of schedules.
 */
export const pause: () => void = (Atomics as { pause?: () => void }).pause ?? ((): void => {});

/** Does nothing between two looks at a word, so that the looks do not disturb its writer: about half a nanosecond a turn. */
export function idle(turns: number): void {
  for (let left = turns; left > 0; left -= 1);
}
