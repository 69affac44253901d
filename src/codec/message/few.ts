/**
 * A packet of a few numbers, booleans and short texts, in one pass without an encoder: what tasks are given and give most. The bytes are those that the
 * flat writer would write.
 *
 *   value · or, for a list: ARRAY n value… · ONE_FLAT
 */

import * as tag from '../packet/tags.ts';
import { ONE_FLAT } from './form.ts';
import { wroteSimple } from './simple-value.ts';

/** Longer lists are left to the flat writer. */
const MOST = 8;
const LONGEST_TEXT = 24;
/** The tag and count of a list, its values, and room for as much as a simple value may want to be sure of. */
const place = { bytes: new Uint8Array(2 + MOST * (1 + LONGEST_TEXT) + 64), position: 0 };
const eightBytes = new Uint8Array(8);
const oneDouble = new Float64Array(eightBytes.buffer);

/** @returns undefined where the value is another */
export function writeFew(value: unknown, isList: boolean): Uint8Array | undefined {
  place.position = 0;
  if (!(isList ? wroteList(value as readonly unknown[]) : wroteOne(value))) return undefined;
  const { bytes: written, position: size } = place;
  const bytes = new Uint8Array(size + 4);
  for (let i = 0; i < size; i += 1) bytes[i] = written[i]!;
  bytes[size] = ONE_FLAT & 0xff;
  bytes[size + 3] = ONE_FLAT >>> 24;
  return bytes;
}

function wroteList(list: readonly unknown[]): boolean {
  const { length } = list;
  if (length > MOST) return false;
  place.bytes[0] = tag.ARRAY;
  place.bytes[1] = length;
  place.position = 2;
  for (let i = 0; i < length; i += 1) if (!wroteOne(list[i])) return false;
  return true;
}

/** False: it is something else. */
function wroteOne(value: unknown): boolean {
  if (typeof value === 'string' && value.length > LONGEST_TEXT) return false;
  if (wroteSimple(place, value)) return true;
  const { bytes } = place;
  if (typeof value === 'number') {
    bytes[place.position++] = tag.DOUBLE;
    oneDouble[0] = value;
    for (let i = 0; i < 8; i += 1) bytes[place.position++] = eightBytes[i]!;
    return true;
  }
  if (value !== undefined && value !== null) return false;
  bytes[place.position++] = value === null ? tag.NULL : tag.UNDEFINED;
  return true;
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
