/** Writes what most values in small messages are, without leaving the function: that is half the time of such a message. */

import * as tag from '../tags.ts';
import type { Writer } from '../writer.ts';

/** Longer text is left to the writer. */
const TEXT_LIMIT = 32;
/** Bytes that no such value exceeds. */
const MOST = 1 + TEXT_LIMIT;

/** Writes an integer of 32 bits, a boolean, or short text of one-byte characters. False: it is something else, or there is no room; nothing is written. */
export function wroteSimple(writer: Writer, value: unknown): boolean {
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
    // Minus zero is no integer.
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
