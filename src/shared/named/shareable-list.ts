/**
 * A list of plain values in named memory, with the layout of Python's. Source: multiprocessing.shared_memory.ShareableList
 *
 *    ┌───────┬───────────────────┬─ … ─┬─ … ────────────────────┬─ … ──────────┐
 *    │ count │ offsets, count+1  │ slots of the values  │ formats, 8 bytes each │ codes, 1 each │
 *    └───────┴───────────────────┴─ … ─┴─ … ────────────────────┴─ … ──────────┘
 *    64-bit little-endian integers; offsets count from the first slot, and the last one is the end of the slots
 */

import { inspect } from 'node:util';
import { checkInteger, checkOptions, expected, quote } from '../../check.ts';
import { travelByName } from '../../codec/index.ts';
import { HeddleError } from '../../errors.ts';
import { sentAs, type Substitute } from '../../handles.ts';
import { RangeError, TypeError } from '../../refusals.ts';
import { showAsText } from '../../repr.ts';
import { FLOAT, isSame, lengthOf, NOTHING, type Packed, pack, packFloat, type ShareableValue, slotFor, unpack } from './list-format.ts';
import { SharedMemory } from './shared-memory.ts';

/** Options of a {@link ShareableList}. */
export interface ShareableListOptions {
  /** The name of its block. Default: a new one. Without values: the list that has the name. */
  readonly name?: string | undefined;
  /** As that of {@link SharedMemory}. */
  readonly track?: boolean | undefined;
}

/** Numbers that describe a {@link ShareableList}. */
export interface ShareableListStatistics {
  /** The number of values. */
  readonly length: number;
  /** Bytes of its block. */
  readonly size: number;
}

let isFloatAt: (list: ShareableList, item: number) => boolean;

const textOfFormat = new TextDecoder('latin1');

/**
 * A list of numbers, booleans, text, bytes and `null` in a {@link SharedMemory}, which Python reads and writes too. Its length never changes, and each value has a slot: 8 bytes, or for text and
 * bytes the multiple of 8 above their length. A value of another type may take the place, if it fits.
 *
 * Integers have 64 bits: those beyond 2^53 are bigints. Other numbers are Python's floats. The layout fills text and bytes up with zeros; so a value that ends in NUL is refused, where
 * Python loses its end. Nothing is locked: guard what several change.
 *
 * Source: multiprocessing.shared_memory.ShareableList
 *
 * @example
 * ```ts
 * import { ShareableList } from 'heddle';
 *
 * using list = new ShareableList(['howdy', -273.154, 100, null, true]);
 * list.set(2, 42);
 * console.log([...list], list.format); // prints: [ 'howdy', -273.154, 42, null, true ] 8sdqxxxxxx?xxxxxxxx?
 * ```
 */
export class ShareableList implements Iterable<ShareableValue>, Disposable {
  /** The block that it lies in. */
  readonly shm: SharedMemory;
  /** How many values it has. */
  readonly length: number;
  readonly #offsets: Float64Array;

  /**
   * @param values of a new list. Left out: the list that has the name, or without a name an empty one
   * @throws TypeError, RangeError for values that a list cannot hold, and options that are not known
   * @throws HeddleError if the block that has the name holds no list
   * @throws as SharedMemory
   */
  constructor(values?: Iterable<ShareableValue> | null, options?: ShareableListOptions) {
    checkOptions(options, 'the options of a ShareableList', ['name', 'track']);
    const { name, track } = options ?? {};
    if ((values === undefined || values === null) && name !== undefined) {
      this.shm = arriving ?? new SharedMemory({ name, track });
      try {
        this.#offsets = offsetsIn(this.shm);
      } catch (error) {
        this.shm.close();
        throw error;
      }
      this.length = this.#offsets.length - 1;
      return;
    }
    const items = itemsOf(values ?? []);
    this.length = items.length;
    this.#offsets = new Float64Array(items.length + 1);
    for (const [i, { slot }] of items.entries()) this.#offsets[i + 1] = this.#offsets[i]! + slot;
    this.shm = new SharedMemory({ name, create: true, size: this.#codesBegin + items.length, track });
    const view = this.#view();
    for (let i = 0; i <= items.length; i += 1) view.setBigInt64(8 + i * 8, BigInt(this.#offsets[i]!), true);
    for (const [i, { packed }] of items.entries()) this.#write(i, packed);
    // Last: a program that attaches meanwhile finds an empty list.
    view.setBigInt64(0, BigInt(items.length), true);
  }

  get #slotsBegin(): number {
    return (this.length + 2) * 8;
  }

  get #formatsBegin(): number {
    return this.#slotsBegin + this.#offsets[this.length]!;
  }

  get #codesBegin(): number {
    return this.#formatsBegin + this.length * 8;
  }

  #view(): DataView {
    const { buffer, byteOffset, byteLength } = this.shm.buf;
    return new DataView(buffer, byteOffset, byteLength);
  }

  /** Which item an index names. */
  #at(index: number): number {
    if (this.length === 0) throw new RangeError(expected('index', 'in a list that has items', index));
    checkInteger(index, 'index', -this.length, this.length - 1);
    return index < 0 ? index + this.length : index;
  }

  #slotOf(item: number): number {
    return this.#offsets[item + 1]! - this.#offsets[item]!;
  }

  #formatOf(item: number): string {
    const at = this.#formatsBegin + item * 8;
    return textOfFormat.decode(this.shm.buf.slice(at, at + 8)).replace(/\0+$/, '');
  }

  /** One of the values. @param index from 0, or from -1 backwards @throws RangeError if there is none; InvalidStateError if the block is closed */
  get(index: number): ShareableValue {
    const item = this.#at(index);
    const format = this.#formatOf(item);
    const length = lengthOf(format);
    const code = this.shm.buf[this.#codesBegin + item]!;
    if (length === undefined || length > this.#slotOf(item) || code > NOTHING)
      throw new HeddleError(`item ${item} of ${this.shm.name} has the format ${quote(format)}, which no ShareableList has`);
    const at = this.#slotsBegin + this.#offsets[item]!;
    return unpack(format, code, this.shm.buf.slice(at, at + length));
  }

  /**
   * Gives an item another value, of any type that fits its slot. A number stays a float where the item is one.
   *
   * @param index from 0, or from -1 backwards
   * @throws RangeError if there is no such item, or the value is longer than the slot: the old one stays; TypeError for what a list cannot hold
   */
  set(index: number, value: ShareableValue): void {
    const item = this.#at(index);
    const isFloat = typeof value === 'number' && this.#formatOf(item) === FLOAT;
    const packed = isFloat ? packFloat(value) : pack(value, 'value');
    const slot = this.#slotOf(item);
    if (packed.bytes.length > slot)
      throw new RangeError(
        `the value exceeds available storage: item ${item} has ${slot} bytes, and ${quote(value)} needs ${packed.bytes.length}`,
      );
    this.#write(item, packed);
  }

  #write(item: number, { format, code, bytes }: Packed): void {
    const { buf } = this.shm;
    const slot = this.#slotOf(item);
    const text = format === 's' ? `${slot}s` : format;
    const at = this.#formatsBegin + item * 8;
    buf.fill(0, at, at + 8);
    for (let i = 0; i < text.length; i += 1) buf[at + i] = text.charCodeAt(i);
    buf[this.#codesBegin + item] = code;
    const from = this.#slotsBegin + this.#offsets[item]!;
    buf.set(bytes, from);
    // The rest of a slot of text; Python leaves what stands behind a number.
    if (format === 's') buf.fill(0, from + bytes.length, from + slot);
  }

  /** How often a value is in the list. Bytes are compared by content. */
  count(value: ShareableValue): number {
    let count = 0;
    for (const each of this) if (isSame(value, each)) count += 1;
    return count;
  }

  /** The index of the first item that has a value. @throws RangeError if there is none */
  index(value: ShareableValue): number {
    for (let i = 0; i < this.length; i += 1) if (isSame(value, this.get(i))) return i;
    throw new RangeError(`expected value to be in the list, got ${quote(value)}`);
  }

  /** The formats of all items, as Python's `struct` has them. */
  get format(): string {
    let all = '';
    for (let i = 0; i < this.length; i += 1) all += this.#formatOf(i);
    return all;
  }

  /** Each value, read when it is its turn. */
  *[Symbol.iterator](): IterableIterator<ShareableValue> {
    for (let i = 0; i < this.length; i += 1) yield this.get(i);
  }

  /** As that of its block. */
  [Symbol.dispose](): void {
    this.shm[Symbol.dispose]();
  }

  /** The present state, as numbers. */
  statistics(): ShareableListStatistics {
    return { length: this.length, size: this.shm.size };
  }

  /** For people. */
  toString(): string {
    const { name } = this.shm;
    const values = this.shm.statistics().mapped === 0 ? 'closed' : inspect([...this]);
    return `ShareableList(${values}, name=${inspect(name)})`;
  }

  static {
    isFloatAt = (list, item) => list.#formatOf(item) === FLOAT;
    showAsText(this);
    Object.defineProperty(this.prototype, sentAs, {
      value(this: ShareableList): Substitute {
        return { data: this.shm, Class: ShareableList, rebuild: listIn };
      },
    });
  }
}

/** The block of the list that is being made. */
let arriving: SharedMemory | undefined;

/** The list in a block that another thread has sent. */
export function listIn(shm: SharedMemory): ShareableList {
  arriving = shm;
  try {
    return new ShareableList(undefined, { name: shm.name });
  } finally {
    arriving = undefined;
  }
}

interface Item {
  readonly packed: Packed;
  readonly slot: number;
}

function itemsOf(values: Iterable<unknown>): Item[] {
  if (typeof (values as Partial<Iterable<unknown>> | undefined)?.[Symbol.iterator] !== 'function' || typeof values === 'string')
    throw new TypeError(expected('values', 'an iterable of values', values));
  const list = values instanceof ShareableList ? values : undefined;
  return Array.from(values, (value, i) => {
    // A copy of a list has the floats of the list.
    const packed = list !== undefined && typeof value === 'number' && isFloatAt(list, i) ? packFloat(value) : pack(value, `values[${i}]`);
    return { packed, slot: packed.format === 's' ? slotFor(packed.bytes.length) : 8 };
  });
}

/** Where the slots of a list begin, and the end of the last. @throws HeddleError if the block holds no list */
function offsetsIn(shm: SharedMemory): Float64Array {
  const { buf, size, name } = shm;
  const view = new DataView(buf.buffer, buf.byteOffset, size);
  const refuse = (why: string): never => {
    throw new HeddleError(`${name} holds no ShareableList: ${why}`);
  };
  if (size < 16) refuse(`it has ${size} bytes`);
  const read = (at: number): number => Number(view.getBigInt64(at, true));
  const count = read(0);
  const most = Math.floor((size - 16) / 25);
  if (!(count >= 0 && count <= most)) refuse(`its count is ${count}`);
  const offsets = new Float64Array(count + 1);
  for (let i = 0; i <= count; i += 1) {
    const offset = (offsets[i] = read(8 + i * 8));
    if (i === 0 ? offset !== 0 : offset < offsets[i - 1]! + 8) refuse(`item ${i} begins at ${offset}`);
  }
  if ((count + 2) * 8 + offsets[count]! + count * 9 > size) refuse('its items end behind the block');
  return offsets;
}

travelByName(ShareableList, 'shared/index.js');
travelByName(listIn, 'shared/index.js');
