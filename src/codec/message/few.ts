/**
 * A packet of a few numbers, booleans and short texts, in one pass without an encoder: what tasks are given and give most. The bytes are those that the
 * flat writer would write.
 *
 *   value · or, for a list: ARRAY n value… · ONE_FLAT
 */

import * as tag from '../tags.ts';
import { ONE_FLAT } from './form.ts';

/** Longer lists are left to the flat writer. */
const MOST = 8;
const LONGEST_TEXT = 24;
/** The tag and count of a list, values of up to 25 bytes each, ONE_FLAT. */
const scratch = new Uint8Array(2 + MOST * (1 + LONGEST_TEXT) + 4);
const eightBytes = new Uint8Array(8);
const oneDouble = new Float64Array(eightBytes.buffer);

/** @returns undefined where the value is another */
export function writeFew(value: unknown, isList: boolean): Uint8Array | undefined {
  let at = 0;
  if (isList) {
    const list = value as readonly unknown[];
    const { length } = list;
    if (length > MOST) return undefined;
    scratch[at++] = tag.ARRAY;
    scratch[at++] = length;
    for (let i = 0; i < length; i += 1) {
      at = writeOne(list[i], at);
      if (at === 0) return undefined;
    }
  } else {
    at = writeOne(value, at);
    if (at === 0) return undefined;
  }
  const bytes = new Uint8Array(at + 4);
  for (let i = 0; i < at; i += 1) bytes[i] = scratch[i]!;
  bytes[at] = ONE_FLAT & 0xff;
  bytes[at + 3] = ONE_FLAT >>> 24;
  return bytes;
}

/** Returns where the next value goes; 0 for a value that is not written here. */
function writeOne(value: unknown, from: number): number {
  let at = from;
  switch (typeof value) {
    case 'number':
      if ((value | 0) !== value || (value === 0 && 1 / value < 0)) {
        scratch[at++] = tag.DOUBLE;
        oneDouble[0] = value;
        for (let i = 0; i < 8; i += 1) scratch[at++] = eightBytes[i]!;
        return at;
      }
      if (value >= 0 && value < tag.INT_LIMIT) {
        scratch[at] = value;
        return at + 1;
      }
      scratch[at++] = tag.INT;
      for (let rest = ((value << 1) ^ (value >> 31)) >>> 0; ; rest >>>= 7) {
        if (rest < 0x80) {
          scratch[at] = rest;
          return at + 1;
        }
        scratch[at++] = (rest & 0x7f) | 0x80;
      }
    case 'string': {
      const { length } = value;
      if (length > LONGEST_TEXT) return 0;
      scratch[at++] = tag.SHORT_TEXT | length;
      for (let i = 0; i < length; i += 1) {
        const unit = value.charCodeAt(i);
        if (unit > 0xff) return 0;
        scratch[at++] = unit;
      }
      return at;
    }
    case 'boolean':
      scratch[at] = value ? tag.TRUE : tag.FALSE;
      return at + 1;
    case 'undefined':
      scratch[at] = tag.UNDEFINED;
      return at + 1;
    default:
      if (value !== null) return 0;
      scratch[at] = tag.NULL;
      return at + 1;
  }
}

/** Stands for a value that is not read here. */
export const another: unique symbol = Symbol('another');

/** Where the next value is read. */
let position = 0;

/** The value of a flat packet that is an integer or no object, or a list of those; else `another`. */
export function readFew(bytes: Uint8Array): unknown {
  const end = bytes.length - 4;
  position = 0;
  if (bytes[0] !== tag.ARRAY) {
    const value = readOne(bytes);
    return position === end ? value : another;
  }
  const count = bytes[1]!;
  if (count > MOST) return another;
  position = 2;
  const list: unknown[] = [];
  for (let i = 0; i < count; i += 1) {
    const value = readOne(bytes);
    if (value === another) return another;
    list.push(value);
  }
  return position === end ? list : another;
}

function readOne(bytes: Uint8Array): unknown {
  const kind = bytes[position++]!;
  if (kind < tag.INT_LIMIT) return kind;
  switch (kind) {
    case tag.INT: {
      let [rest, shift] = [0, 0];
      for (let byte = 0x80; byte >= 0x80 && shift < 35; shift += 7) {
        byte = bytes[position++]!;
        rest |= (byte & 0x7f) << shift;
      }
      return (rest >>> 1) ^ -(rest & 1);
    }
    case tag.UNDEFINED:
      return undefined;
    case tag.NULL:
      return null;
    case tag.TRUE:
      return true;
    case tag.FALSE:
      return false;
    default:
      return another;
  }
}
