/**
 * Values in the slots of a `ShareableList`, as Python's `struct` writes it.
 *
 *    value        format        code   bytes
 *    int          q             0      8: a 64-bit integer
 *    float        d             0      8: a double
 *    bool         xxxxxxx?      0      8: seven of 0, then 0 or 1
 *    str, bytes   16s           1, 2   the slot's length, a multiple of 8; the rest is 0
 *    None         xxxxxx?x      3      8 of 0
 */

import { types } from 'node:util';
import { expected } from '../../check.ts';
import { RangeError, TypeError } from '../../refusals.ts';

/** A value that a list may hold. */
export type ShareableValue = number | bigint | boolean | string | Uint8Array | null;

const INT = 'q';
export const FLOAT = 'd';
const BOOL = 'xxxxxxx?';
const NONE = 'xxxxxx?x';

/** Codes: what the bytes mean. */
const PLAIN = 0;
const TEXT = 1;
const BYTES = 2;
export const NOTHING = 3;

/** A value as it is written. */
export interface Packed {
  /** Without the length: `s` for text and bytes. */
  readonly format: string;
  readonly code: number;
  readonly bytes: Uint8Array;
}

/** A format has room for 8 characters. */
const longestSlot = 9_999_992;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws TypeError, RangeError for what a list cannot hold @param what names it in the error */
export function pack(value: unknown, what: string): Packed {
  if (value === null) return { format: NONE, code: NOTHING, bytes: new Uint8Array(8) };
  switch (typeof value) {
    case 'boolean':
      return { format: BOOL, code: PLAIN, bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, value ? 1 : 0) };
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? packInt(BigInt(value)) : packFloat(value);
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) throw new RangeError(expected(what, 'an integer of 64 bits', value));
      return packInt(value);
    case 'string':
      if (/\p{Surrogate}/u.test(value)) throw new RangeError(expected(what, 'well-formed text', value));
      return { format: 's', code: TEXT, bytes: checkLength(encoder.encode(value), what, value) };
    default:
      if (types.isUint8Array(value)) return { format: 's', code: BYTES, bytes: checkLength(value.slice(), what, value) };
      throw new TypeError(expected(what, 'a number, bigint, boolean, string, Uint8Array or null', value));
  }
}

function packInt(value: bigint): Packed {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value, true);
  return { format: INT, code: PLAIN, bytes };
}

export function packFloat(value: number): Packed {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return { format: FLOAT, code: PLAIN, bytes };
}

function checkLength(bytes: Uint8Array, what: string, value: unknown): Uint8Array {
  // The layout fills up with zeros and has no length: these would be lost.
  if (bytes.at(-1) === 0)
    throw new RangeError(expected(what, 'without NUL at its end, which the layout of the list cannot tell from its filling', value));
  if (slotFor(bytes.length) > longestSlot)
    throw new RangeError(`expected ${what} to have less than ${longestSlot} bytes, got ${bytes.length}`);
  return bytes;
}

/** Bytes of the slot of a new text: one more than it needs at least, as Python has it. */
export function slotFor(bytes: number): number {
  return 8 * (Math.floor(bytes / 8) + 1);
}

/** Reads a value. @param bytes as many as the format says */
export function unpack(format: string, code: number, bytes: Uint8Array): ShareableValue {
  if (code === NOTHING) return null;
  if (format.endsWith('s')) {
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] === 0) end -= 1;
    const its = bytes.slice(0, end);
    return code === TEXT ? decoder.decode(its) : its;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  if (format === FLOAT) return view.getFloat64(0, true);
  if (format === BOOL) return bytes[7] !== 0;
  if (format === NONE) return null;
  const int = view.getBigInt64(0, true);
  const number = Number(int);
  return Number.isSafeInteger(number) ? number : int;
}

/** Bytes that a format takes; undefined: no list has it. */
export function lengthOf(format: string): number | undefined {
  if (format === INT || format === FLOAT || format === BOOL || format === NONE) return 8;
  return /^[1-9]\d{0,6}s$/.test(format) ? Number.parseInt(format, 10) : undefined;
}

/** Compares two values as items: numbers and bigints by what they are, bytes by content. */
export function isSame(a: unknown, b: ShareableValue): boolean {
  if (types.isUint8Array(a) && types.isUint8Array(b)) return Buffer.compare(a, b) === 0;
  if (typeof a === 'bigint' && typeof b === 'number') return Number.isInteger(b) && BigInt(b) === a;
  if (typeof b === 'bigint' && typeof a === 'number') return Number.isInteger(a) && BigInt(a) === b;
  return a === b;
}
