/** Writes what most values in small messages are, without leaving the function: that is half the time of such a message. */

import * as tag from '../packet/tags.ts';
import type { Writer } from '../packet/writer.ts';
import { FLAT } from './form.ts';

/** Longer text is left to the writer. */
const TEXT_LIMIT = 32;
/** Bytes that no such value exceeds. */
const MOST = 1 + TEXT_LIMIT;

/**
 * Writes the message of such a value to the beginning of some memory, with space for 36 bytes, and zeros up to the next word. Returns the
 * number of bytes; 0 for any other value.
 */
export function encodeSimple(bytes: Uint8Array, value: unknown): number {
  place.bytes = bytes;
  place.position = 1;
  if (!wroteSimple(place, value)) return 0;
  bytes[0] = FLAT;
  const { position } = place;
  bytes[position] = 0;
  bytes[position + 1] = 0;
  bytes[position + 2] = 0;
  return position;
}

const place: Pick<Writer, 'bytes' | 'position'> = { bytes: new Uint8Array(0), position: 0 };

/**
 * Writes an integer of 32 bits, a boolean, or short text of one-byte characters. Returns false, having written nothing, for any other value
 * or without space.
 */
export function wroteSimple(writer: Pick<Writer, 'bytes' | 'position'>, value: unknown): boolean {
  const { bytes, position } = writer;
  if (position + MOST > bytes.length) return false;
  if (typeof value === 'string') {
    const { length } = value;
    if (length > TEXT_LIMIT) return false;
    const from = position + 1;
    for (let i = 0; i < length; i += 1) {
      const unit = value.charCodeAt(i);
      if (unit > 0xff) return false;
      bytes[from + i] = unit;
    }
    bytes[position] = tag.SHORT_TEXT | length;
    writer.position = from + length;
    return true;
  }
  if (typeof value === 'number') {
    // Minus zero is not an integer.
    if ((value | 0) !== value || (value === 0 && 1 / value < 0)) return false;
    writer.position = writeInt(bytes, position, value);
    return true;
  }
  if (typeof value !== 'boolean') return false;
  bytes[position] = value ? tag.TRUE : tag.FALSE;
  writer.position = position + 1;
  return true;
}

/** As `Writer.int`, where there is room. Returns the place behind it. */
function writeInt(bytes: Uint8Array, position: number, value: number): number {
  let at = position;
  if (value >= 0 && value < tag.INT_LIMIT) {
    bytes[at] = value;
    return at + 1;
  }
  bytes[at++] = tag.INT;
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}
