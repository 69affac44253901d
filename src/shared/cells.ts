/**
 * Numbers in shared memory, each read, written and added to in one step: integers by `Atomics`, floats of 64 bits by moves of the processor, which
 * are whole. No lock is taken.
 *
 *    change   read ─▶ what the function makes of it ─▶ compare and exchange ── another thread was quicker: again
 */

import { compareExchange, load, store, type Integers } from '#atomics';
import { type ArrayClass, arrays, type Raw, type Type } from './type-codes.ts';

/** The numbers of one type from some place on. */
export interface Cells {
  read(index: number): Raw;
  /** Writes what `toRaw` gave. */
  write(index: number, raw: Raw): void;
  /** Writes what a function makes of the number, unless another thread has changed it meanwhile: then again. Returns what was written. */
  change(index: number, to: (raw: Raw) => Raw): Raw;
}

/**
 * The numbers of one type in some memory.
 *
 * @param memory an `Int32Array` of a model's memory stays what it is, so that the model sees each step
 */
export function cellsOver(type: Type, memory: ArrayBufferView): Cells {
  switch (type.layout) {
    case 'int32':
      return new IntegerCells(wordsOver(memory));
    case 'uint32':
      return new Uint32Cells(wordsOver(memory));
    case 'float32':
      return new Float32Cells(wordsOver(memory));
    case 'float64':
      return new Float64Cells(over(Float64Array, memory), over(BigInt64Array, memory));
    case 'int64':
    case 'uint64':
      return new BigintCells(over(arrays[type.layout] as ArrayClass<BigInt64Array | BigUint64Array>, memory));
    default:
      return new IntegerCells(over(arrays[type.layout] as ArrayClass<Integers>, memory));
  }
}

function over<A>(Class: ArrayClass<A>, { buffer, byteOffset, byteLength }: ArrayBufferView): A {
  return new Class(buffer, byteOffset, Math.floor(byteLength / Class.BYTES_PER_ELEMENT));
}

function wordsOver(memory: ArrayBufferView): Int32Array {
  return memory instanceof Int32Array ? memory : over(Int32Array, memory);
}

class IntegerCells implements Cells {
  readonly #array: Integers;

  constructor(array: Integers) {
    this.#array = array;
  }

  read(index: number): number {
    return load(this.#array, index);
  }

  write(index: number, raw: number): void {
    store(this.#array, index, raw);
  }

  change(index: number, to: (raw: Raw) => Raw): number {
    for (;;) {
      const before = load(this.#array, index);
      const next = to(before) as number;
      if (compareExchange(this.#array, index, before, next) === before) return next;
    }
  }
}

class Uint32Cells implements Cells {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  read(index: number): number {
    return load(this.#words, index) >>> 0;
  }

  write(index: number, raw: number): void {
    store(this.#words, index, raw | 0);
  }

  change(index: number, to: (raw: Raw) => Raw): number {
    for (;;) {
      const before = load(this.#words, index);
      const next = to(before >>> 0) as number;
      if (compareExchange(this.#words, index, before, next | 0) === before) return next;
    }
  }
}

const float32 = new Float32Array(1);
const bits32 = new Int32Array(float32.buffer);

function bitsOf(value: number): number {
  float32[0] = value;
  return bits32[0]!;
}

function floatOf(bits: number): number {
  bits32[0] = bits;
  return float32[0]!;
}

class Float32Cells implements Cells {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  read(index: number): number {
    return floatOf(load(this.#words, index));
  }

  write(index: number, raw: number): void {
    store(this.#words, index, bitsOf(raw));
  }

  change(index: number, to: (raw: Raw) => Raw): number {
    for (;;) {
      const before = load(this.#words, index);
      const next = bitsOf(to(floatOf(before)) as number);
      if (compareExchange(this.#words, index, before, next) === before) return floatOf(next);
    }
  }
}

const float64 = new Float64Array(1);
const bits64 = new BigInt64Array(float64.buffer);

class Float64Cells implements Cells {
  readonly #floats: Float64Array;
  readonly #bits: BigInt64Array;

  constructor(floats: Float64Array, bits: BigInt64Array) {
    this.#floats = floats;
    this.#bits = bits;
  }

  read(index: number): number {
    return this.#floats[index]!;
  }

  write(index: number, raw: number): void {
    this.#floats[index] = raw;
  }

  change(index: number, to: (raw: Raw) => Raw): number {
    for (;;) {
      const before = Atomics.load(this.#bits, index);
      bits64[0] = before;
      const next = to(float64[0]!) as number;
      float64[0] = next;
      if (Atomics.compareExchange(this.#bits, index, before, bits64[0]) === before) return next;
    }
  }
}

class BigintCells implements Cells {
  readonly #array: BigInt64Array | BigUint64Array;

  constructor(array: BigInt64Array | BigUint64Array) {
    this.#array = array;
  }

  read(index: number): bigint {
    return Atomics.load(this.#array, index);
  }

  write(index: number, raw: bigint): void {
    Atomics.store(this.#array, index, raw);
  }

  change(index: number, to: (raw: Raw) => Raw): bigint {
    for (;;) {
      const before = Atomics.load(this.#array, index);
      const next = to(before) as bigint;
      if (Atomics.compareExchange(this.#array, index, before, next) === before) return next;
    }
  }
}
