/**
 * Types of numbers in shared memory: what a value of each may be, and what it is for JavaScript. Names are JavaScript's, letters Python's. Their
 * sizes are those of 64-bit Linux on every system, so `l` and `L` have 64 bits. Source: ctypes, array
 *
 *    int8 … uint32   number     b B h H i I         an integer in range
 *    int64, uint64   bigint     l L q Q             a bigint in range, or a number that is an integer
 *    float32, 64     number     f d                 float32: a finite number must stay finite
 *    bool            boolean    ?
 *    c               string     one character up to code 255, or its code
 */

import { inspect } from 'node:util';
import { expected, quote } from '../check.ts';
import { RangeError, TypeError } from '../refusals.ts';
import { ignoreRejection } from '../thenable.ts';

/** 64-bit integers. */
export type BigintCode = 'int64' | 'uint64' | 'l' | 'L' | 'q' | 'Q';
/** Integers of up to 32 bits, and floats. */
export type NumberCode =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'float32'
  | 'float64'
  | 'b'
  | 'B'
  | 'h'
  | 'H'
  | 'i'
  | 'I'
  | 'f'
  | 'd';
/** The type of a number in shared memory: JavaScript's names, or the letters of Python's `ctypes` and `array`. */
export type TypeCode = NumberCode | BigintCode | 'bool' | '?' | 'c';

/** The JavaScript type of a value. */
export type ValueOf<T extends TypeCode> = T extends BigintCode
  ? bigint
  : T extends 'bool' | '?'
    ? boolean
    : T extends 'c'
      ? string
      : number;
/** The JavaScript types that a value accepts. */
export type Settable<T extends TypeCode> = T extends BigintCode
  ? bigint | number
  : T extends 'bool' | '?'
    ? boolean
    : T extends 'c'
      ? string | number
      : number;

/** How the elements lie in memory. */
export type Layout = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64' | 'float32' | 'float64';

/** A class of typed arrays, made with any buffer. */
export interface ArrayClass<A> {
  new (buffer: ArrayBufferLike, offset: number, length: number): A;
  readonly BYTES_PER_ELEMENT: number;
}

/** The typed array of each layout. */
export const arrays: Readonly<Record<Layout, ArrayClass<ArrayBufferView>>> = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** The meaning of a value in JavaScript. */
type Meaning = 'integer' | 'bigint' | 'float' | 'bool' | 'char';

export interface Type {
  readonly code: TypeCode;
  /** Of the code in a record. Only add at the end of `types`. */
  readonly number: number;
  readonly layout: Layout;
  readonly meaning: Meaning;
  readonly bytes: number;
  /** Of integers. */
  readonly min: number | bigint;
  readonly max: number | bigint;
}

const letters: readonly (readonly [TypeCode, Layout])[] = [
  ['b', 'int8'],
  ['B', 'uint8'],
  ['h', 'int16'],
  ['H', 'uint16'],
  ['i', 'int32'],
  ['I', 'uint32'],
  ['l', 'int64'],
  ['L', 'uint64'],
  ['q', 'int64'],
  ['Q', 'uint64'],
  ['f', 'float32'],
  ['d', 'float64'],
];

function typeOf(code: TypeCode, number: number, layout: Layout, special?: Meaning): Type {
  const bytes = arrays[layout].BYTES_PER_ELEMENT;
  const bits = BigInt(bytes * 8);
  const least = layout.startsWith('u') ? 0n : -(1n << (bits - 1n));
  const most = layout.startsWith('u') ? (1n << bits) - 1n : (1n << (bits - 1n)) - 1n;
  const isBig = layout.endsWith('64');
  const meaning = special ?? (layout.startsWith('float') ? 'float' : isBig ? 'bigint' : 'integer');
  return { code, number, layout, meaning, bytes, min: isBig ? least : Number(least), max: isBig ? most : Number(most) };
}

const named: readonly (readonly [TypeCode, Layout, Meaning?])[] = [
  ...(Object.keys(arrays) as Layout[]).map((layout) => [layout, layout] as const),
  ...letters,
  ['bool', 'uint8', 'bool'],
  ['?', 'uint8', 'bool'],
  ['c', 'uint8', 'char'],
];
/** By their numbers. */
const types: readonly Type[] = named.map(([code, layout, meaning], number) => typeOf(code, number, layout, meaning));

const byCode = new Map<unknown, Type>(types.map((type) => [type.code, type]));

/** @throws TypeError if the code does not exist */
export function typeOfCode(code: unknown): Type {
  const type = byCode.get(code);
  if (type !== undefined) return type;
  throw new TypeError(expected('type', `one of ${types.map((each) => `'${each.code}'`).join(' ')}`, code));
}

export function typeOfNumber(number: number): Type {
  return types[number]!;
}

/** A value as it lies in memory. */
export type Raw = number | bigint;

const largestFloat32 = (2 - 2 ** -23) * 2 ** 127;

/**
 * Converts a value to its form in memory.
 *
 * @param what names the value in the error: `value`, `element 3`
 * @throws TypeError for a wrong type, RangeError for a number out of range; both name the code
 */
export function toRaw(type: Type, value: unknown, what: string): Raw {
  switch (type.meaning) {
    case 'integer':
      if (Number.isInteger(value) && (value as number) >= type.min && (value as number) <= type.max) return (value as number) + 0;
      return refuse(type, value, what, `an integer from ${type.min} to ${type.max}`, typeof value === 'number');
    case 'bigint': {
      const big = Number.isInteger(value) ? BigInt(value as number) : value;
      if (typeof big === 'bigint' && big >= type.min && big <= type.max) return big;
      const isNumber = typeof value === 'number' || typeof value === 'bigint';
      return refuse(type, value, what, `a bigint or an integer from ${type.min} to ${type.max}`, isNumber);
    }
    case 'float':
      if (typeof value !== 'number') return refuse(type, value, what, 'a number', false);
      if (type.layout === 'float32' && Number.isFinite(value) && !Number.isFinite(Math.fround(value)))
        return refuse(type, value, what, `a number from ${-largestFloat32} to ${largestFloat32}`, true);
      return value;
    case 'bool':
      if (typeof value === 'boolean') return value ? 1 : 0;
      return refuse(type, value, what, 'a boolean', false);
    case 'char': {
      const isChar = typeof value === 'string' && value.length === 1;
      const code = isChar ? value.charCodeAt(0) : value;
      if (Number.isInteger(code) && (code as number) >= 0 && (code as number) <= 255) return (code as number) + 0;
      return refuse(type, value, what, 'one character up to code 255, or its code', isChar || typeof value === 'number');
    }
  }
}

/** Converts the form in memory to a JavaScript value. */
export function fromRaw(type: Type, raw: Raw): unknown {
  if (type.meaning === 'bool') return raw !== 0;
  return type.meaning === 'char' ? String.fromCharCode(raw as number) : raw;
}

function refuse(type: Type, value: unknown, what: string, rule: string, isRange: boolean): never {
  const message = expected(`${what} of type ${inspect(type.code)}`, rule, value);
  throw isRange ? new RangeError(message) : new TypeError(message);
}

/**
 * Adds a value to what is in memory; throws a RangeError where the sum is out of range.
 *
 * @throws TypeError for a wrong type, or where the type has no sums; RangeError for a number that is not an integer
 */
export function adderOf(type: Type, value: unknown): (raw: Raw) => Raw {
  const addend = toAddend(type, value);
  return (raw) => toRaw(type, (raw as number) + (addend as number), 'the sum in a value');
}

function toAddend(type: Type, value: unknown): Raw {
  switch (type.meaning) {
    case 'integer':
      if (Number.isInteger(value)) return value as number;
      return refuse(type, value, 'what is added to a value', 'an integer', typeof value === 'number');
    case 'bigint':
      if (typeof value === 'bigint') return value;
      if (Number.isInteger(value)) return BigInt(value as number);
      return refuse(type, value, 'what is added to a value', 'a bigint or an integer', typeof value === 'number');
    case 'float':
      if (typeof value === 'number') return value;
      return refuse(type, value, 'what is added to a value', 'a number', false);
    default:
      throw new TypeError(`add() to a value of type ${inspect(type.code)}: it is not a number`);
  }
}

/**
 * Makes a function on the form in memory of a program's function.
 *
 * @throws TypeError for a promise: the lock would be free before it settles
 */
export function changeBy<T extends TypeCode>(type: Type, fn: (value: ValueOf<T>) => Settable<T>, what: string): (raw: Raw) => Raw {
  return (raw) => {
    const next: unknown = fn(fromRaw(type, raw) as ValueOf<T>);
    if (!(next instanceof Promise)) return toRaw(type, next, what);
    ignoreRejection(next);
    throw new TypeError(`expected fn to be synchronous, got ${quote(next)} from it`);
  };
}
