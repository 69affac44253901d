/** Reads back what {@link Writer} wrote. Every length is checked against what is left, so damaged bytes cannot ask for memory. */

import { SerializationError } from '../errors.ts';
import * as tag from './tags.ts';

/** The bytes are not what any encoder wrote. */
export function damaged(what: string): SerializationError {
  return new SerializationError(`the message is damaged: ${what}`);
}

/** Up to this length a string is put together by a loop; above it a native call is faster. */
const LOOP_LIMIT = 12;

export class Reader {
  readonly bytes: Buffer;
  /** How many messages there are: the last four bytes tell. */
  readonly messages: number;
  position = 0;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.byteLength < 4) throw damaged('it ends too early');
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.messages = this.#view.getUint32(bytes.byteLength - 4, true);
  }

  get left(): number {
    return this.bytes.length - this.position;
  }

  byte(): number {
    const value = this.bytes[this.position];
    if (value === undefined) throw damaged('it ends too early');
    this.position += 1;
    return value;
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
    const value = this.#view.getFloat64(this.position, true);
    this.position += 8;
    return value;
  }

  doubles(): number[] {
    const count = this.count(8);
    const values: number[] = [];
    for (let i = 0; i < count; i += 1) values.push(this.#view.getFloat64(this.position + i * 8, true));
    this.position += count * 8;
    return values;
  }

  int8s(): number[] {
    const count = this.count(1);
    const values: number[] = [];
    for (let i = 0; i < count; i += 1) values.push(this.#view.getInt8(this.position + i));
    this.position += count;
    return values;
  }

  int16s(): number[] {
    const count = this.count(2);
    const values: number[] = [];
    for (let i = 0; i < count; i += 1) values.push(this.#view.getInt16(this.position + i * 2, true));
    this.position += count * 2;
    return values;
  }

  int32s(): number[] {
    const count = this.count(4);
    const values: number[] = [];
    for (let i = 0; i < count; i += 1) values.push(this.#view.getInt32(this.position + i * 4, true));
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
    const copy = new Uint8Array(this.checked(count));
    copy.set(this.raw(count));
    return copy.buffer;
  }

  checked(count: number): number {
    if (count > this.left) throw damaged('it ends too early');
    return count;
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
      return this.bytes.toString('utf16le', this.position - size, this.position);
    }
    return undefined;
  }

  latin1(length: number): string {
    const start = this.position;
    const end = start + length;
    if (end > this.bytes.length) throw damaged('it ends too early');
    this.position = end;
    if (length > LOOP_LIMIT) return this.bytes.toString('latin1', start, end);
    const { bytes } = this;
    let text = '';
    for (let i = start; i < end; i += 1) text += String.fromCharCode(bytes[i] as number);
    return text;
  }
}
