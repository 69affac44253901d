/** Objects around one scalar: Date, RegExp, boxed primitives. */

import * as tag from '../packet/tags.ts';
import { types } from 'node:util';
import type { Decoding } from '../packet/decoding.ts';
import type { Encoding } from '../packet/encoding.ts';
import { type Reader, damaged } from '../packet/reader.ts';
import type { Writer } from '../packet/writer.ts';

const getTime = Date.prototype.getTime;
const sourceOf = Object.getOwnPropertyDescriptor(RegExp.prototype, 'source')?.get as () => string;
const flagsOf = Object.getOwnPropertyDescriptor(RegExp.prototype, 'flags')?.get as () => string;

export function writeDate(encoding: Encoding, date: Date): void {
  encoding.writer.byte(tag.DATE);
  encoding.claim(date);
  encoding.writer.double(getTime.call(date));
}

export function readDate(decoding: Decoding): Date {
  const date = new Date(decoding.reader.double());
  decoding.claim(date);
  return date;
}

/** `lastIndex` starts again at 0, as with `structuredClone`. */
export function writeRegExp(encoding: Encoding, pattern: RegExp): void {
  encoding.writer.byte(tag.REGEXP);
  encoding.claim(pattern);
  encoding.writer.text(sourceOf.call(pattern));
  encoding.writer.text(flagsOf.call(pattern));
}

export function readRegExp(decoding: Decoding): RegExp {
  const source = decoding.reader.text();
  const pattern = new RegExp(source, decoding.reader.text());
  decoding.claim(pattern);
  return pattern;
}

export function writeBoxed(encoding: Encoding, boxed: object): void {
  encoding.writer.byte(tag.BOXED);
  encoding.claim(boxed);
  encoding.value(primitiveOf(boxed));
}

/** By the language's own methods: `valueOf` of a user's subclass may say anything. */
function primitiveOf(boxed: object): unknown {
  if (types.isNumberObject(boxed)) return Number.prototype.valueOf.call(boxed);
  if (types.isStringObject(boxed)) return String.prototype.valueOf.call(boxed);
  if (types.isBooleanObject(boxed)) return Boolean.prototype.valueOf.call(boxed);
  if (types.isBigIntObject(boxed)) return BigInt.prototype.valueOf.call(boxed);
  return Symbol.prototype.valueOf.call(boxed);
}

export function readBoxed(decoding: Decoding): object {
  const place = decoding.reserve();
  const value = decoding.value();
  if (value === null || value === undefined || typeof value === 'object' || typeof value === 'function')
    throw damaged('a scalar is missing');
  const boxed = Object(value) as object;
  decoding.fill(place, boxed);
  return boxed;
}

/** Writes an integer of any size, as the bytes of its magnitude. */
export function writeBigint(writer: Writer, value: bigint): void {
  writer.byte(value < 0n ? tag.BIGINT_NEGATIVE : tag.BIGINT);
  const digits = (value < 0n ? -value : value).toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  writer.varint(bytes.length);
  writer.raw(bytes);
}

/** Reads the part after the tag. */
export function readBigint(reader: Reader, kind: number): bigint {
  const bytes = Buffer.from(reader.raw(reader.count(1)));
  const value = bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`);
  return kind === tag.BIGINT_NEGATIVE ? -value : value;
}
