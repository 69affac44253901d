/**
 * An array of numbers in shared memory. Source: multiprocessing.Array, multiprocessing.sharedctypes
 *
 *    record   head of 64 bytes │ the numbers, one after another, through any number of segments
 */

import { load, store } from '#atomics';
import { inspect } from 'node:util';
import { checkInteger, expected } from '../check.ts';
import { indexed } from '../handles.ts';
import type { SyncWaitOptions, WaitOptions } from '../loop/index.ts';
import { blockOf, defineKind, giveArray, isArriving, layout, type ObjectKind, SharedObject } from '../memory/index.ts';
import { RangeError, TypeError } from '../refusals.ts';
import type { Lock, RLock } from '../sync/index.ts';
import { type Cells, cellsOver } from './cells.ts';
import { type GuardedStatistics, GuardingLock, type SharedOptions } from './guarding-lock.ts';
import {
  arrays,
  type BigintCode,
  fromRaw,
  type Raw,
  type Settable,
  adderOf,
  changeBy,
  toRaw,
  type Type,
  type TypeCode,
  typeOfCode,
  typeOfNumber,
  type ValueOf,
} from './type-codes.ts';

const fields = layout('SharedArray', 'an array of numbers; they follow', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'none'],
  lock: ['ref', 'the lock of update(); 0: none'],
  type: ['uint32', 'the number of its type'],
  length: ['half', 'how many numbers', 2],
  reserved: ['bits', 'nothing: the numbers begin where a line of the cache does', 10],
});
const { lock: LOCK, type: TYPE, length: LENGTH } = fields;

const described = (array: SharedArray<TypeCode>): string => `${array.constructor.name} ${inspect(array.type)} of ${array.length}`;

const kind: ObjectKind = defineKind({
  number: 33,
  name: 'SharedArray',
  words: fields.size,
  refs: { first: LOCK, count: 1 },
  create: () => new SharedArray('i', 0),
  describe: described,
});
const rawKind: ObjectKind = defineKind({
  number: 34,
  name: 'RawArray',
  words: fields.size,
  refs: { first: LOCK, count: 1 },
  create: () => new RawArray('i', 0),
  describe: described,
});

/** The options of a `RawArray`, known by identity. */
const raw: SharedOptions = { lock: false };

/** The typed array that shows the numbers of a type: of booleans and characters, their bytes. */
export type ViewOf<T extends TypeCode> = T extends 'int8' | 'b'
  ? Int8Array
  : T extends 'uint8' | 'B' | 'bool' | '?' | 'c'
    ? Uint8Array
    : T extends 'int16' | 'h'
      ? Int16Array
      : T extends 'uint16' | 'H'
        ? Uint16Array
        : T extends 'int32' | 'i'
          ? Int32Array
          : T extends 'uint32' | 'I'
            ? Uint32Array
            : T extends 'float32' | 'f'
              ? Float32Array
              : T extends 'float64' | 'd'
                ? Float64Array
                : T extends 'uint64' | 'L' | 'Q'
                  ? BigUint64Array
                  : T extends BigintCode
                    ? BigInt64Array
                    : never;

/** The statistics of a `SharedArray`. */
export interface SharedArrayStatistics extends GuardedStatistics {
  /** The number of values. */
  readonly length: number;
  /** Bytes of all its numbers. */
  readonly bytes: number;
}

/**
 * An array of numbers that threads and processes share. It can be an argument of a task, a captured variable, an item or a field: each
 * receiver has the same numbers.
 *
 * `get`, `set` and `view` access the numbers without the lock. `view` is a typed array over the shared memory itself: for loops, and for
 * functions that take typed arrays. The view is valid as long as anything refers to it or to its buffer, and crosses without a copy.
 *
 * Source: multiprocessing.Array
 *
 * @example
 * ```ts
 * import { Pool, SharedArray } from 'heddle';
 *
 * const squares = new SharedArray('float64', 4);
 * const pool = new Pool(2);
 * await pool.map((i: number) => squares.set(i, i * i), [0, 1, 2, 3]);
 * console.log([...squares], squares.view[3]); // prints: [ 0, 1, 4, 9 ] 9
 * await pool.terminate();
 * ```
 */
export class SharedArray<T extends TypeCode> extends SharedObject implements Iterable<ValueOf<T>> {
  static {
    Object.defineProperty(this.prototype, indexed, { value: this.prototype[Symbol.iterator] });
  }

  readonly #type: Type;
  readonly #view: ViewOf<T>;
  readonly #cells: Cells;
  readonly #lock: GuardingLock;
  /** How many numbers it has. */
  readonly length: number;

  /**
   * @param type what numbers they are: `'int32'`, `'float64'`, … or a letter of Python's
   * @param sizeOrInit how many, all 0; or the numbers
   * @throws TypeError for a type that is not known, a value of a wrong type, or options that are not known
   * @throws RangeError for a size or a value that is out of range
   */
  constructor(type: T, sizeOrInit: number | Iterable<Settable<T>>, options?: SharedOptions) {
    let lock: Lock | RLock | undefined;
    let first: ArrayLike<Raw> | undefined;
    if (isArriving()) super(kind);
    else {
      const its = typeOfCode(type);
      first = typeof sizeOrInit === 'number' ? undefined : rawsOf(its, sizeOrInit);
      const length = first === undefined ? checkInteger(sizeOrInit, 'size', 0, mostBytes / its.bytes) : first.length;
      lock = GuardingLock.from(options);
      const words = fields.size + Math.ceil((length * its.bytes) / 8) * 2;
      super(
        options === raw ? rawKind : kind,
        (block) => {
          GuardingLock.write(block, LOCK, lock);
          store(block.words, block.at + TYPE, its.number);
          store(block.words, block.at + LENGTH, length | 0);
          store(block.words, block.at + LENGTH + 1, Math.floor(length / 2 ** 32));
        },
        words,
      );
    }
    const { words, at } = blockOf(this);
    this.#type = typeOfNumber(load(words, at + TYPE));
    this.length = (load(words, at + LENGTH) >>> 0) + load(words, at + LENGTH + 1) * 2 ** 32;
    const { layout: its, bytes } = this.#type;
    this.#view = giveArray(
      this,
      fields.size * 4,
      this.length * bytes,
      ({ buffer, byteOffset }) => new arrays[its](buffer, byteOffset, this.length),
    ) as ViewOf<T>;
    this.#cells = cellsOver(this.#type, this.#view);
    this.#lock = new GuardingLock(this, LOCK, lock);
    if (first !== undefined) (this.#view as { set(from: ArrayLike<Raw>): void }).set(first);
  }

  /** The type that it was made with. */
  get type(): T {
    return this.#type.code as T;
  }

  /** A typed array over the shared memory; the same one each time. */
  get view(): ViewOf<T> {
    return this.#view;
  }

  /** One of the numbers, read in one step. @param index from 0, or from -1 backwards @throws RangeError if it does not exist */
  get(index: number): ValueOf<T> {
    return fromRaw(this.#type, this.#cells.read(this.#at(index))) as ValueOf<T>;
  }

  /** Writes one of the numbers in one step. @throws RangeError, TypeError if the value does not fit its type, or the index is invalid */
  set(index: number, value: Settable<T>): void {
    const at = this.#at(index);
    this.#cells.write(at, toRaw(this.#type, value, `element ${at}`));
  }

  /** Adds to one of the numbers, without the lock, so that no addition of another thread is lost. Returns the sum. @throws as `Value.add` */
  add(index: number, addend: T extends 'bool' | '?' | 'c' ? never : Settable<T>): ValueOf<T> {
    return this.#cells.change(this.#at(index), adderOf(this.#type, addend)) as ValueOf<T>;
  }

  #at(index: number): number {
    if (index >= 0 && index < this.length && Number.isInteger(index)) return index;
    if (this.length === 0) throw new RangeError(expected('index', 'in an array that has elements', index));
    const last = this.length - 1;
    checkInteger(index, 'index', -this.length, last);
    return index + this.length;
  }

  /** The numbers of a part in a new array, as `Array.prototype.slice`. */
  slice(begin: number = 0, end: number = this.length): ValueOf<T>[] {
    const part = this.#view.subarray(begin, end) as ArrayLike<Raw>;
    return Array.from(part, (each) => fromRaw(this.#type, each) as ValueOf<T>);
  }

  /**
   * Sets all numbers of a part to one value, as `Array.prototype.fill`. @throws TypeError, RangeError if the value does not fit its type
   */
  fill(value: Settable<T>, begin?: number, end?: number): this {
    (this.#view as { fill(value: Raw, begin?: number, end?: number): void }).fill(toRaw(this.#type, value, 'value'), begin, end);
    return this;
  }

  /** Each number, read when it is its turn. */
  *[Symbol.iterator](): IterableIterator<ValueOf<T>> {
    for (let i = 0; i < this.length; i += 1) yield this.get(i);
  }

  /** The lock of `update`. @throws InvalidStateError if it has none */
  getLock(): Lock | RLock {
    return this.#lock.get();
  }

  /** Gives one of the numbers what a function makes of it, while the lock is held. Resolves to the new number. As `Value.update`. */
  update(index: number, fn: (value: ValueOf<T>) => Settable<T>, options?: number | WaitOptions): Promise<ValueOf<T>> {
    return this.#lock.within(fn, () => this.#change(index, fn), options);
  }

  /** As `update`, and blocks the thread while it waits for the lock. */
  updateSync(index: number, fn: (value: ValueOf<T>) => Settable<T>, timeout?: number | SyncWaitOptions): ValueOf<T> {
    return this.#lock.withinSync(fn, () => this.#change(index, fn), timeout);
  }

  #change(index: number, fn: (value: ValueOf<T>) => Settable<T>): ValueOf<T> {
    const at = this.#at(index);
    return fromRaw(this.#type, this.#cells.change(at, changeBy(this.#type, fn, `element ${at}`))) as ValueOf<T>;
  }

  /** The present state in numbers. */
  statistics(): SharedArrayStatistics {
    return { length: this.length, bytes: this.length * this.#type.bytes, ...this.#lock.statistics() };
  }
}

/** Bytes of the heap's addresses. */
const mostBytes = 64 * 2 ** 30;

/** The values as they lie in memory; a typed array of the same class has them so already. */
function rawsOf(type: Type, values: Iterable<unknown>): ArrayLike<Raw> {
  if (type.meaning !== 'bool' && values instanceof (arrays[type.layout] as unknown as new () => object))
    return values as unknown as ArrayLike<Raw>;
  if (typeof (values as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw new TypeError(expected('sizeOrInit', 'a size or an iterable of values', values));
  return Array.from(values, (value, i) => toRaw(type, value, `element ${i}`));
}

/** A `SharedArray` without a lock. Source: multiprocessing.sharedctypes.RawArray */
export class RawArray<T extends TypeCode> extends SharedArray<T> {
  /** @throws as `SharedArray` */
  constructor(type: T, sizeOrInit: number | Iterable<Settable<T>>) {
    super(type, sizeOrInit, raw);
  }
}
