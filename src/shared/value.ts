/**
 * A number in shared memory. Source: multiprocessing.Value, multiprocessing.sharedctypes
 *
 *    .value, add    one step in memory, without the lock
 *    update(fn)     lock ─▶ read ─▶ fn ─▶ one exchange ─▶ lock free     killed before the exchange: the old value; after it: the new one
 *                            └──── .value or add was quicker ◀┘
 */

import { load, store } from '#atomics';
import { inspect } from 'node:util';
import type { SyncWaitOptions, WaitOptions } from '../loop/index.ts';
import { blockOf, defineKind, isArriving, layout, type ObjectKind, SharedObject } from '../memory/index.ts';
import type { Lock, RLock } from '../sync/index.ts';
import { type Cells, cellsOver } from './cells.ts';
import { type GuardedStatistics, GuardingLock, type SharedOptions } from './guarding-lock.ts';
import {
  adderOf,
  changeBy,
  fromRaw,
  type Settable,
  toRaw,
  type Type,
  type TypeCode,
  typeOfCode,
  typeOfNumber,
  type ValueOf,
} from './type-codes.ts';

const fields = layout('Value', 'a number', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'none'],
  lock: ['ref', 'the lock of update(); 0: none'],
  type: ['uint32', 'the number of its type'],
  value: ['bits', 'the number, in the bytes of its type', 2],
});
const { lock: LOCK, type: TYPE, value: VALUE } = fields;

const described = (value: Value<TypeCode>): string => `${value.constructor.name} ${inspect(value.type)} ${inspect(value.value)}`;

const kind: ObjectKind = defineKind({
  number: 31,
  name: 'Value',
  words: fields.size,
  refs: { first: LOCK, count: 1 },
  create: () => new Value('i'),
  describe: described,
});
const rawKind: ObjectKind = defineKind({
  number: 32,
  name: 'RawValue',
  words: fields.size,
  refs: { first: LOCK, count: 1 },
  create: () => new RawValue('i'),
  describe: described,
});

/** The options of a `RawValue`, known by identity. */
const raw: SharedOptions = { lock: false };

/** Of each segment of the memory, by the numbers of types. */
const cellsOf = new WeakMap<Int32Array, (Cells | undefined)[]>();

function cellsIn(words: Int32Array, type: Type): Cells {
  let cells = cellsOf.get(words);
  if (cells === undefined) cellsOf.set(words, (cells = []));
  return (cells[type.number] ??= cellsOver(type, words));
}

/** The statistics of a `Value`. */
export interface ValueStatistics extends GuardedStatistics {
  /** Bytes of the number. */
  readonly bytes: number;
}

/**
 * A number that threads and processes share. It can be an argument of a task, a captured variable, an item or a field: each receiver has
 * the same number.
 *
 * `.value` reads or writes the number in one step, without its lock. To read and then write, use `add`, or `update` under the lock: a plain
 * `Lock` by default (Python: an RLock).
 *
 * Source: multiprocessing.Value
 *
 * @example
 * ```ts
 * import { Pool, Value } from 'heddle';
 *
 * const hits = new Value('i', 0);
 * const pool = new Pool(2);
 * await pool.map(() => void hits.add(1), [1, 2, 3, 4]);
 * await hits.update((count) => count * 10);
 * console.log(hits.value); // prints: 40
 * await pool.terminate();
 * ```
 */
export class Value<T extends TypeCode> extends SharedObject {
  readonly #type: Type;
  readonly #cells: Cells;
  readonly #index: number;
  readonly #lock: GuardingLock;

  /**
   * @param type what number it is: `'int32'`, `'float64'`, … or a letter of Python's
   * @param initial default 0, `false`, or the character of code 0
   * @throws TypeError for a type that is not known, a value of a wrong type, or options that are not known
   * @throws RangeError for a value that is out of range
   */
  constructor(type: T, initial?: Settable<T>, options?: SharedOptions) {
    let lock: Lock | RLock | undefined;
    if (isArriving()) super(kind);
    else {
      const its = typeOfCode(type);
      const first = initial === undefined ? undefined : toRaw(its, initial, 'value');
      lock = GuardingLock.from(options);
      super(options === raw ? rawKind : kind, (block) => {
        const { words, at } = block;
        GuardingLock.write(block, LOCK, lock);
        store(words, at + TYPE, its.number);
        if (first !== undefined) cellsIn(words, its).write(indexIn(at, its), first);
      });
    }
    const { words, at } = blockOf(this);
    this.#type = typeOfNumber(load(words, at + TYPE));
    this.#cells = cellsIn(words, this.#type);
    this.#index = indexIn(at, this.#type);
    this.#lock = new GuardingLock(this, LOCK, lock);
  }

  /** The type that it was made with. */
  get type(): T {
    return this.#type.code as T;
  }

  /** The number; read and written in one step, without the lock. @throws TypeError, RangeError if the value does not fit its type */
  get value(): ValueOf<T> {
    return fromRaw(this.#type, this.#cells.read(this.#index)) as ValueOf<T>;
  }

  set value(value: Settable<T>) {
    this.#cells.write(this.#index, toRaw(this.#type, value, 'value'));
  }

  /**
   * Adds, without the lock, so that no addition of another thread is lost. Returns the sum.
   *
   * @throws RangeError if the sum is out of range: nothing is added then
   * @throws TypeError for a wrong type, and for a boolean or a character
   */
  add(addend: T extends 'bool' | '?' | 'c' ? never : Settable<T>): ValueOf<T> {
    return this.#cells.change(this.#index, adderOf(this.#type, addend)) as ValueOf<T>;
  }

  /** The lock, for uses beyond `update`. @throws InvalidStateError if it has none */
  getLock(): Lock | RLock {
    return this.#lock.get();
  }

  /**
   * Gives the number what a function makes of it, while the lock is held. Resolves to the new number. If the function throws, or the thread dies, the
   * old number stays. No `add` is lost.
   *
   * @param fn called with the number, and again if that was changed without the lock meanwhile; it must be synchronous
   * @param options milliseconds, or `{ timeout, signal }`, for the lock; indefinitely by default
   * @throws TimeoutError if the lock took longer than `timeout`
   * @throws OwnerDied once, after the thread that held the lock has died; the lock is released again
   * @throws InvalidStateError if it has no lock
   */
  update(fn: (value: ValueOf<T>) => Settable<T>, options?: number | WaitOptions): Promise<ValueOf<T>> {
    return this.#lock.within(fn, () => this.#change(fn), options);
  }

  /** As `update`, and blocks the thread while it waits for the lock. */
  updateSync(fn: (value: ValueOf<T>) => Settable<T>, timeout?: number | SyncWaitOptions): ValueOf<T> {
    return this.#lock.withinSync(fn, () => this.#change(fn), timeout);
  }

  #change(fn: (value: ValueOf<T>) => Settable<T>): ValueOf<T> {
    return fromRaw(this.#type, this.#cells.change(this.#index, changeBy(this.#type, fn, 'value'))) as ValueOf<T>;
  }

  /** The present state in numbers. */
  statistics(): ValueStatistics {
    return { bytes: this.#type.bytes, ...this.#lock.statistics() };
  }
}

/** Where a number is, counted in numbers of its size from the segment's begin. */
function indexIn(at: number, { bytes }: Type): number {
  return ((at + VALUE) * 4) / bytes;
}

/** A `Value` without a lock. Source: multiprocessing.sharedctypes.RawValue */
export class RawValue<T extends TypeCode> extends Value<T> {
  /** @throws as `Value` */
  constructor(type: T, initial?: Settable<T>) {
    super(type, initial, raw);
  }
}
