/**
 * Writes numbers, text and raw bytes one after the other into memory it is given, and asks for more when that is full.
 * The memory may be shared: nothing here assumes that it is a heap buffer, or that only this realm sees it.
 */

import * as tag from './tags.ts';

/** Gives memory of at least `size` bytes that starts with the first `used` bytes of `old`. */
export type Grow = (old: Uint8Array, used: number, size: number) => Uint8Array;

/** Memory that is not cleared first; a bare array, whose `slice` copies. */
export const memory = (size: number): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);

export const growInHeap: Grow = (old, used, size) => {
  // Room for what follows a large value, so that it is not copied once more for a few bytes.
  const bytes = memory(Math.max(size + 1024, old.length * 2));
  bytes.set(used === old.length ? old : old.subarray(0, used));
  return bytes;
};

/** Strings up to this length are copied by a loop; above it a native call is faster. */
const LOOP_LIMIT = 48;
const SHORT_LIMIT = 64;
const wide = /[^\0-\xff]/;

/** Node's own text writers work on any bytes. */
const { latin1Write, ucs2Write } = Buffer.prototype as unknown as Record<
  'latin1Write' | 'ucs2Write',
  (this: Uint8Array, text: string, offset: number, size: number) => number
>;

const eightBytes = new Uint8Array(8);
const oneDouble = new Float64Array(eightBytes.buffer);

export class Writer {
  bytes: Uint8Array;
  position = 0;
  readonly #grow: Grow;
  #view: DataView | undefined;

  constructor(bytes: Uint8Array, grow: Grow = growInHeap) {
    this.#grow = grow;
    this.bytes = bytes;
  }

  /** For many numbers at once. */
  #numbers(): DataView {
    this.#view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.#view;
  }

  /** Makes room for `count` more bytes. */
  need(count: number): void {
    if (this.position + count > this.bytes.length) this.#enlarge(this.position + count);
  }

  #enlarge(size: number): void {
    this.use(this.#grow(this.bytes, this.position, size));
  }

  /** Goes on in other memory. */
  use(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#view = undefined;
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
    for (let shift = 0; shift < 32; shift += 8) this.bytes[this.position++] = value >>> shift;
  }

  double(value: number): void {
    this.need(8);
    oneDouble[0] = value;
    for (let i = 0; i < 8; i += 1) this.bytes[this.position++] = eightBytes[i] as number;
  }

  doubles(values: readonly number[]): void {
    this.need(values.length * 8);
    const view = this.#numbers();
    for (let i = 0; i < values.length; i += 1) {
      view.setFloat64(this.position, values[i] as number, true);
      this.position += 8;
    }
  }

  int8s(values: readonly number[]): void {
    this.need(values.length);
    for (let i = 0; i < values.length; i += 1) this.bytes[this.position++] = values[i] as number;
  }

  int16s(values: readonly number[]): void {
    this.need(values.length * 2);
    const view = this.#numbers();
    for (let i = 0; i < values.length; i += 1) {
      view.setInt16(this.position, values[i] as number, true);
      this.position += 2;
    }
  }

  int32s(values: readonly number[]): void {
    this.need(values.length * 4);
    const view = this.#numbers();
    for (let i = 0; i < values.length; i += 1) {
      view.setInt32(this.position, values[i] as number, true);
      this.position += 4;
    }
  }

  raw(bytes: Uint8Array): void {
    this.need(bytes.length);
    this.bytes.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** A few bytes: for those a loop is faster than a native call. */
  short(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length > SHORT_LIMIT) {
      this.raw(bytes);
      return;
    }
    this.need(length);
    const to = this.bytes;
    let at = this.position;
    for (let i = 0; i < length; i += 1) to[at++] = bytes[i] as number;
    this.position = at;
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
    (isWide ? ucs2Write : latin1Write).call(this.bytes, value, this.position, size);
    this.position += size;
  }
}
