/**
 * Numbers side by side in one typed array: 32-bit integers for as long as all are integers, then doubles.
 *
 *   packet of a row:   n numbers of equal width | n, ROW, and DOUBLE_ROW if they are doubles: four bytes
 *
 * The kind is found while the row is filled. Each number comes out as it went in: -0 and NaN are doubles.
 */

import { types } from 'node:util';
import { memory } from '../packet/writer.ts';

/** Bits of the number in a packet's last four bytes: the packet is a row; its numbers are doubles. */
const ROW = 0x8000_0000;
const DOUBLE_ROW = 0x4000_0000;
const MAX_COUNT = DOUBLE_ROW - 1;
const FIRST_CAPACITY = 64;
/** Rows up to this many numbers are filled in memory that is used again. */
const SPARE_CAPACITY = 4096;

export type Numbers = Int32Array | Float64Array;

/** The contents of a packet's last four bytes. */
export interface RowHead {
  readonly count: number;
  readonly isDouble: boolean;
}

export class NumberRow {
  length = 0;
  #ints: Int32Array;
  #doubles: Float64Array;
  #isDouble = false;

  constructor() {
    this.#doubles = new Float64Array(FIRST_CAPACITY);
    this.#ints = new Int32Array(this.#doubles.buffer);
  }

  get capacity(): number {
    return this.#doubles.length;
  }

  clear(): void {
    this.length = 0;
    this.#isDouble = false;
  }

  /** Bytes of the packet so far, without its end. */
  get size(): number {
    return this.#isDouble ? this.length * 8 : this.length * 4;
  }

  add(value: number): void {
    const at = this.length;
    if (at === this.#doubles.length) this.#grow();
    if (!this.#isDouble) {
      if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
        this.#ints[at] = value;
        this.length = at + 1;
        return;
      }
      this.#widen();
    }
    this.#doubles[at] = value;
    this.length = at + 1;
  }

  at(index: number): number {
    return (this.#isDouble ? this.#doubles : this.#ints)[index] as number;
  }

  toPacket(): Uint8Array {
    const { size, length } = this;
    const bytes = memory(size + 4);
    bytes.set(new Uint8Array(this.#doubles.buffer, 0, size));
    const head = length + (this.#isDouble ? ROW + DOUBLE_ROW : ROW);
    for (let i = 0; i < 4; i += 1) bytes[size + i] = head >>> (8 * i);
    return bytes;
  }

  #grow(): void {
    const doubles = new Float64Array(this.#doubles.length * 4);
    doubles.set(this.#doubles);
    this.#doubles = doubles;
    this.#ints = new Int32Array(doubles.buffer);
  }

  /** The integers and the doubles lie in the same memory: from the last on, none is overwritten before it is read. */
  #widen(): void {
    this.#isDouble = true;
    for (let i = this.length - 1; i >= 0; i -= 1) this.#doubles[i] = this.#ints[i] as number;
  }
}

let spare: NumberRow | undefined;

/** An empty row. */
export function takeRow(): NumberRow {
  const row = spare ?? new NumberRow();
  spare = undefined;
  row.clear();
  return row;
}

/** Gives the memory of a row back. */
export function releaseRow(row: NumberRow): void {
  if (row.capacity <= SPARE_CAPACITY) spare = row;
}

/** Reads the last number of a packet; undefined if the packet is not a row. */
export function rowHeadOf(last: number): RowHead | undefined {
  return last < ROW ? undefined : { count: last & MAX_COUNT, isDouble: (last & DOUBLE_ROW) !== 0 };
}

/** The numbers of a packet, in memory of their own. */
export function numbersOf(bytes: Uint8Array, { count, isDouble }: RowHead): Numbers {
  const Row = isDouble ? Float64Array : Int32Array;
  const size = count * Row.BYTES_PER_ELEMENT;
  const { buffer, byteOffset } = bytes;
  // A packet that has all of its memory is not copied.
  if (byteOffset === 0 && buffer.byteLength === bytes.byteLength && !types.isSharedArrayBuffer(buffer)) return new Row(buffer, 0, count);
  const own = memory(size);
  own.set(bytes.subarray(0, size));
  return new Row(own.buffer as ArrayBuffer, 0, count);
}
