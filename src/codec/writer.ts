/**
 * Writes numbers, text and raw bytes one after the other into memory it is given, and asks for more when that is full.
 * The memory may be shared: nothing here assumes that it is a heap buffer, or that only this realm sees it.
 */

import * as tag from './tags.ts';

/** Gives memory of at least `size` bytes that starts with the first `used` bytes of `old`. */
export type Grow = (old: Uint8Array, used: number, size: number) => Uint8Array;

export const growInHeap: Grow = (old, used, size) => {
  const bytes = Buffer.allocUnsafeSlow(Math.max(size, old.length * 2, 1024));
  bytes.set(used === old.length ? old : old.subarray(0, used));
  return bytes;
};

/** Strings up to this length are copied by a loop; above it a native call is faster. */
const LOOP_LIMIT = 48;
const wide = /[^\0-\xff]/;

export class Writer {
  bytes: Buffer;
  position = 0;
  readonly #grow: Grow;
  #view: DataView;

  constructor(bytes: Uint8Array, grow: Grow = growInHeap) {
    this.#grow = grow;
    this.bytes = asBuffer(bytes);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Makes room for `count` more bytes. */
  need(count: number): void {
    if (this.position + count > this.bytes.length) this.#enlarge(this.position + count);
  }

  #enlarge(size: number): void {
    const bytes = this.#grow(this.bytes, this.position, size);
    this.bytes = asBuffer(bytes);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(value: number): void {
    if (this.position === this.bytes.length) this.#enlarge(this.position + 1);
    this.bytes[this.position++] = value;
  }

  /** An unsigned integer up to `Number.MAX_SAFE_INTEGER`, 7 bits a byte. */
  varint(value: number): void {
    this.need(8);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.position++] = (rest % 0x80) | 0x80;
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 0x80);
    }
    this.bytes[this.position++] = rest;
  }

  int(value: number): void {
    if (value >= 0 && value < tag.INT_LIMIT) {
      this.byte(value);
    } else {
      this.byte(tag.INT);
      this.varint(((value << 1) ^ (value >> 31)) >>> 0);
    }
  }

  number(value: number): void {
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      this.int(value);
    } else {
      this.byte(tag.DOUBLE);
      this.double(value);
    }
  }

  uint32(value: number): void {
    this.need(4);
    this.#view.setUint32(this.position, value, true);
    this.position += 4;
  }

  double(value: number): void {
    this.need(8);
    this.#view.setFloat64(this.position, value, true);
    this.position += 8;
  }

  doubles(values: readonly number[]): void {
    this.need(values.length * 8);
    for (let i = 0; i < values.length; i += 1) {
      this.#view.setFloat64(this.position, values[i] as number, true);
      this.position += 8;
    }
  }

  int8s(values: readonly number[]): void {
    this.need(values.length);
    for (let i = 0; i < values.length; i += 1) this.bytes[this.position++] = values[i] as number;
  }

  int16s(values: readonly number[]): void {
    this.need(values.length * 2);
    for (let i = 0; i < values.length; i += 1) {
      this.#view.setInt16(this.position, values[i] as number, true);
      this.position += 2;
    }
  }

  int32s(values: readonly number[]): void {
    this.need(values.length * 4);
    for (let i = 0; i < values.length; i += 1) {
      this.#view.setInt32(this.position, values[i] as number, true);
      this.position += 4;
    }
  }

  raw(bytes: Uint8Array): void {
    this.need(bytes.length);
    this.bytes.set(bytes, this.position);
    this.position += bytes.length;
  }

  text(value: string): void {
    const { length } = value;
    if (length > LOOP_LIMIT || !this.#shortText(value, length)) this.#longText(value, length);
  }

  /** Bails out, with nothing written, at the first character that needs two bytes. */
  #shortText(value: string, length: number): boolean {
    this.need(length + 1);
    const { bytes } = this;
    let at = this.position;
    bytes[at++] = tag.SHORT_TEXT | length;
    for (let i = 0; i < length; i += 1) {
      const unit = value.charCodeAt(i);
      if (unit > 0xff) return false;
      bytes[at++] = unit;
    }
    this.position = at;
    return true;
  }

  #longText(value: string, length: number): void {
    const isWide = wide.test(value);
    if (!isWide && length < tag.SHORT_TEXT_LIMIT) {
      this.byte(tag.SHORT_TEXT | length);
    } else {
      this.byte(isWide ? tag.UTF16 : tag.LATIN1);
      this.varint(length);
    }
    const size = isWide ? length * 2 : length;
    this.need(size);
    this.bytes.write(value, this.position, size, isWide ? 'utf16le' : 'latin1');
    this.position += size;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
