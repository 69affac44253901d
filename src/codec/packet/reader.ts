/** Reads back what {@link Writer} wrote. Every length is checked against what is left, so damaged bytes cannot ask for memory. */

import { types } from 'node:util';
import { SerializationError } from '../../errors.ts';
import { readShortText, shortText } from '../kinds/short-text.ts';
import * as tag from './tags.ts';
import { memory } from './writer.ts';

/** The bytes are not what any encoder wrote. */
export function damaged(what: string): SerializationError {
  return new SerializationError(`the message is damaged: ${what}`);
}

/** Node's own text readers work on any bytes; asking a small array for its buffer, as a Buffer would, costs more than all else. */
const { latin1Slice, ucs2Slice } = Buffer.prototype as unknown as Record<
  'latin1Slice' | 'ucs2Slice',
  (this: Uint8Array, start: number, end: number) => string
>;

/** The number of doubles from which a view for them pays off. */
const VIEW_FROM = 16;

/** Memory from this size on is copied by a slice. */
const COPY_LIMIT = 256;
const UNFILLED_FROM = 65_536;

const eightBytes = new Uint8Array(8);
const oneDouble = new Float64Array(eightBytes.buffer);

const noBytes = new Uint8Array(0);

export class Reader {
  bytes: Uint8Array = noBytes;
  /** Where the last message ends. */
  end = 0;
  position = 0;
  #view: DataView | undefined;

  /** Reads from here on what lies between two places of `bytes`. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    if (end > bytes.length || start > end) throw damaged('it ends too early');
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.#view = undefined;
  }

  /** Lets go of the bytes. */
  forget(): void {
    this.bytes = noBytes;
    this.position = 0;
    this.end = 0;
    this.#view = undefined;
  }

  /** The number in the last four bytes, which are taken off. */
  uint32AtEnd(): number {
    const { bytes, end } = this;
    if (this.left < 4) throw damaged('it ends too early');
    this.end = end - 4;
    return (bytes[end - 4]! | (bytes[end - 3]! << 8) | (bytes[end - 2]! << 16) | (bytes[end - 1]! << 24)) >>> 0;
  }

  /** For many doubles at once. */
  #numbers(): DataView {
    this.#view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.#view;
  }

  get left(): number {
    return this.end - this.position;
  }

  byte(): number {
    if (this.position >= this.end) throw damaged('it ends too early');
    return this.bytes[this.position++] as number;
  }

  /** Passes by the next bytes if they are these. */
  skip(these: Uint8Array): boolean {
    const { bytes, position } = this;
    const { length } = these;
    if (position + length > this.end) return false;
    for (let i = 0; i < length; i += 1) if (bytes[position + i] !== these[i]) return false;
    this.position = position + length;
    return true;
  }

  varint(): number {
    let value = this.byte();
    if (value < 0x80) return value;
    value &= 0x7f;
    for (let factor = 0x80; ; factor *= 0x80) {
      const next = this.byte();
      value += (next & 0x7f) * factor;
      if (next < 0x80) break;
      if (factor > 2 ** 49) throw damaged('a number has no end');
    }
    if (value > Number.MAX_SAFE_INTEGER) throw damaged('a number is out of range');
    return value;
  }

  /** A count of things that take at least `size` bytes each. */
  count(size: number): number {
    const count = this.varint();
    if (count * size > this.left) throw damaged('it ends too early');
    return count;
  }

  int(): number {
    const value = this.varint();
    return (value >>> 1) ^ -(value & 1);
  }

  double(): number {
    const { bytes, position } = this;
    if (position + 8 > this.end) throw damaged('it ends too early');
    for (let i = 0; i < 8; i += 1) eightBytes[i] = bytes[position + i] as number;
    this.position = position + 8;
    return oneDouble[0] as number;
  }

  doubles(): number[] {
    const count = this.count(8);
    const values: number[] = [];
    if (count < VIEW_FROM) {
      for (let i = 0; i < count; i += 1) values.push(this.double());
      return values;
    }
    const view = this.#numbers();
    for (let i = 0; i < count; i += 1) values.push(view.getFloat64(this.position + i * 8, true));
    this.position += count * 8;
    return values;
  }

  int8s(): number[] {
    const count = this.count(1);
    const { bytes, position } = this;
    const values: number[] = [];
    for (let i = 0; i < count; i += 1) values.push(((bytes[position + i] as number) << 24) >> 24);
    this.position += count;
    return values;
  }

  int16s(): number[] {
    const count = this.count(2);
    const { bytes, position } = this;
    const values: number[] = [];
    for (let at = position; at < position + count * 2; at += 2)
      values.push((((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 24)) >> 16);
    this.position += count * 2;
    return values;
  }

  int32s(): number[] {
    const count = this.count(4);
    const { bytes, position } = this;
    const values: number[] = [];
    for (let at = position; at < position + count * 4; at += 4)
      values.push(
        (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24),
      );
    this.position += count * 4;
    return values;
  }

  /** The next `count` bytes, where they lie. */
  raw(count: number): Uint8Array {
    if (count > this.left) throw damaged('it ends too early');
    const bytes = this.bytes.subarray(this.position, this.position + count);
    this.position += count;
    return bytes;
  }

  /** The next `count` bytes in memory of their own. */
  copy(count: number): ArrayBuffer {
    const bytes = this.raw(count);
    const { buffer, byteOffset } = bytes;
    // Memory that is not filled with zeros first is worth its making where it is large.
    if (count >= UNFILLED_FROM) {
      const copy = memory(count);
      copy.set(bytes);
      return copy.buffer as ArrayBuffer;
    }
    if (count > COPY_LIMIT && !types.isSharedArrayBuffer(buffer)) return buffer.slice(byteOffset, byteOffset + count);
    const copy = new Uint8Array(new ArrayBuffer(count));
    copy.set(bytes);
    return copy.buffer;
  }

  /** A string with its tag. */
  text(): string {
    const text = this.textAfter(this.byte());
    if (text === undefined) throw damaged('text is missing');
    return text;
  }

  /** The string that `kind` begins; `undefined` if `kind` begins something else. */
  textAfter(kind: number): string | undefined {
    if (kind >= tag.SHORT_TEXT && kind < tag.SHORT_TEXT + tag.SHORT_TEXT_LIMIT) return this.latin1(kind - tag.SHORT_TEXT);
    if (kind === tag.LATIN1) return this.latin1(this.count(1));
    if (kind === tag.UTF16) {
      const size = this.count(2) * 2;
      this.position += size;
      return ucs2Slice.call(this.bytes, this.position - size, this.position);
    }
    return undefined;
  }

  latin1(length: number): string {
    const start = this.position;
    const end = start + length;
    if (end > this.end) throw damaged('it ends too early');
    this.position = end;
    return length > shortText ? latin1Slice.call(this.bytes, start, end) : readShortText(this.bytes, start, length);
  }
}
