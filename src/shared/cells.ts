/**
 * Numbers in shared memory, each read, written and added to in one step: integers by `Atomics`, floats of 64 bits by moves of the processor, which
 * are whole. No lock is taken.
 *
 *    add   read ─▶ sum, checked ─▶ compare and exchange ── another was quicker: again
 */

import { compareExchange, load, store, type Integers } from '#atomics';
import { type ArrayClass, arrays, type Raw, toRaw, type Type } from './type-codes.ts';

/** The numbers of one type from some place on. */
export interface Cells {
  read(index: number): Raw;
  /** Writes what `toRaw` gave. */
  write(index: number, raw: Raw): void;
  /** Adds what `toAddend` gave, and returns the sum. @throws RangeError if the sum is out of range; then nothing is added */
  add(index: number, addend: Raw): Raw;
}

/**
 * The numbers of one type in some memory.
 *
 * @param memory an `Int32Array` of a model's memory stays what it is, so that the model sees each step
 */
export function cellsOver(type: Type, memory: ArrayBufferView): Cells {
  switch (type.layout) {
    case 'int32':
      return new IntegerCells(type, wordsOver(memory));
    case 'uint32':
      return new Uint32Cells(type, wordsOver(memory));
    case 'float32':
      return new Float32Cells(type, wordsOver(memory));
    case 'float64':
      return new Float64Cells(type, over(Float64Array, memory), over(BigInt64Array, memory));
    case 'int64':
    case 'uint64':
      return new BigintCells(type, over(arrays[type.layout] as ArrayClass<BigInt64Array | BigUint64Array>, memory));
    default:
      return new IntegerCells(type, over(arrays[type.layout] as ArrayClass<Integers>, memory));
  }
}

function over<A>(Class: ArrayClass<A>, { buffer, byteOffset, byteLength }: ArrayBufferView): A {
  return new Class(buffer, byteOffset, Math.floor(byteLength / Class.BYTES_PER_ELEMENT));
}

function wordsOver(memory: ArrayBufferView): Int32Array {
  return memory instanceof Int32Array ? memory : over(Int32Array, memory);
}

const sum = 'the sum in a value';

class IntegerCells implements Cells {
  readonly #type: Type;
  readonly #array: Integers;

  constructor(type: Type, array: Integers) {
    this.#type = type;
    this.#array = array;
  }

  read(index: number): number {
    return load(this.#array, index);
  }

  write(index: number, raw: number): void {
    store(this.#array, index, raw);
  }

  add(index: number, addend: number): number {
    for (;;) {
      const old = load(this.#array, index);
      const next = toRaw(this.#type, old + addend, sum) as number;
      if (compareExchange(this.#array, index, old, next) === old) return next;
    }
  }
}

class Uint32Cells implements Cells {
  readonly #type: Type;
  readonly #words: Int32Array;

  constructor(type: Type, words: Int32Array) {
    this.#type = type;
    this.#words = words;
  }

  read(index: number): number {
    return load(this.#words, index) >>> 0;
  }

  write(index: number, raw: number): void {
    store(this.#words, index, raw | 0);
  }

  add(index: number, addend: number): number {
    for (;;) {
      const old = load(this.#words, index);
      const next = toRaw(this.#type, (old >>> 0) + addend, sum) as number;
      if (compareExchange(this.#words, index, old, next | 0) === old) return next;
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
  readonly #type: Type;
  readonly #words: Int32Array;

  constructor(type: Type, words: Int32Array) {
    this.#type = type;
    this.#words = words;
  }

  read(index: number): number {
    return floatOf(load(this.#words, index));
  }

  write(index: number, raw: number): void {
    store(this.#words, index, bitsOf(raw));
  }

  add(index: number, addend: number): number {
    for (;;) {
      const bits = load(this.#words, index);
      const next = bitsOf(toRaw(this.#type, floatOf(bits) + addend, sum) as number);
      if (compareExchange(this.#words, index, bits, next) === bits) return floatOf(next);
    }
  }
}

const float64 = new Float64Array(1);
const bits64 = new BigInt64Array(float64.buffer);

class Float64Cells implements Cells {
  readonly #type: Type;
  readonly #floats: Float64Array;
  readonly #bits: BigInt64Array;

  constructor(type: Type, floats: Float64Array, bits: BigInt64Array) {
    this.#type = type;
    this.#floats = floats;
    this.#bits = bits;
  }

  read(index: number): number {
    return this.#floats[index]!;
  }

  write(index: number, raw: number): void {
    this.#floats[index] = raw;
  }

  add(index: number, addend: number): number {
    for (;;) {
      const before = Atomics.load(this.#bits, index);
      bits64[0] = before;
      const next = toRaw(this.#type, float64[0]! + addend, sum) as number;
      float64[0] = next;
      if (Atomics.compareExchange(this.#bits, index, before, bits64[0]) === before) return next;
    }
  }
}

class BigintCells implements Cells {
  readonly #type: Type;
  readonly #array: BigInt64Array | BigUint64Array;

  constructor(type: Type, array: BigInt64Array | BigUint64Array) {
    this.#type = type;
    this.#array = array;
  }

  read(index: number): bigint {
    return Atomics.load(this.#array, index);
  }

  write(index: number, raw: bigint): void {
    Atomics.store(this.#array, index, raw);
  }

  add(index: number, addend: bigint): bigint {
    for (;;) {
      const old = Atomics.load(this.#array, index);
      const next = toRaw(this.#type, old + addend, sum) as bigint;
      if (Atomics.compareExchange(this.#array, index, old, next) === old) return next;
    }
  }
}
