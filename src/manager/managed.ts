/**
 * The objects that a manager keeps for its proxies: a dict, a list, a namespace. They live in the manager's process, each called by one
 * message at a time.
 */

import { isDeepStrictEqual } from 'node:util';
import { checkInteger, expected } from '../check.ts';
import { whileUpdating } from '../proxy/index.ts';
import { RangeError, TypeError } from '../refusals.ts';
import { ignoreRejection, isThenable } from '../thenable.ts';

/** A key of a {@link ManagedDict}: compared by value. */
export type DictKey = string | number | bigint | boolean | symbol | null | undefined;

export function readKey<K>(key: K): K {
  if ((typeof key === 'object' && key !== null) || typeof key === 'function')
    throw new TypeError(expected('a key', 'a string, a number or another primitive, as objects arrive as copies', key));
  return key;
}

export function itemsOf<T>(from: Iterable<T>, name: string): Iterable<T> {
  if (typeof (from as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw new TypeError(expected(name, 'an array or another iterable', from));
  return from;
}

/** Pairs of an iterable, or of a plain object. */
function pairsOf<K, V>(from: Iterable<readonly [K, V]> | Readonly<Record<string, V>> | undefined): Iterable<readonly [K, V]> {
  if (from === undefined) return [];
  if (typeof from !== 'object' || from === null)
    throw new TypeError(expected('the entries', 'an object, a Map or an iterable of pairs', from));
  if (typeof (from as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function') return from as Iterable<readonly [K, V]>;
  return Object.entries(from) as unknown as [K, V][];
}

/** A dictionary of a manager. Source: multiprocessing.managers.DictProxy */
export class ManagedDict<K = DictKey, V = unknown> {
  readonly #map: Map<K, V>;

  /** @param init an object, a Map, or an iterable of pairs */
  constructor(init?: Iterable<readonly [K, V]> | Readonly<Record<string, V>>) {
    this.#map = new Map();
    this.#addAll(init);
  }

  #addAll(from: Iterable<readonly [K, V]> | Readonly<Record<string, V>> | undefined): void {
    for (const pair of pairsOf<K, V>(from)) {
      if (!Array.isArray(pair)) throw new TypeError(expected('each of the entries', 'a pair, [key, value]', pair));
      this.#map.set(readKey(pair[0]), pair[1]);
    }
  }

  /** How many keys there are. */
  get size(): number {
    return this.#map.size;
  }

  /** The value of a key; `fallback` if there is none. */
  get(key: K, fallback?: V): V | undefined {
    return this.#map.has(key) ? this.#map.get(key) : fallback;
  }

  /** Sets the value of a key. */
  set(key: K, value: V): void {
    this.#map.set(readKey(key), value);
  }

  /** True if the key is there. */
  has(key: K): boolean {
    return this.#map.has(key);
  }

  /** Removes a key. False: it was not there. */
  delete(key: K): boolean {
    return this.#map.delete(key);
  }

  /** Removes a key, and gives its value. @throws RangeError if it is not there and no `fallback` was given */
  pop(key: K, ...fallback: [V?]): V | undefined {
    if (!this.#map.has(key)) {
      if (fallback.length > 0) return fallback[0];
      throw new RangeError(expected('the key of pop()', 'in the dict', key));
    }
    const value = this.#map.get(key);
    this.#map.delete(key);
    return value;
  }

  /** Removes the pair that was added last, and gives it. @throws RangeError if the dict is empty */
  popItem(): [K, V] {
    const last = [...this.#map].at(-1);
    if (last === undefined) throw new RangeError('popItem(): the dict is empty');
    this.#map.delete(last[0]);
    return last;
  }

  /** The value of a key, which becomes `value` if there is none. */
  setDefault(key: K, value: V): V {
    if (!this.#map.has(key)) this.set(key, value);
    return this.#map.get(key)!;
  }

  /** Removes all items. */
  clear(): void {
    this.#map.clear();
  }

  /** The keys, in the order in which they were added. */
  keys(): K[] {
    return [...this.#map.keys()];
  }

  /** The values, in the order of insertion. */
  values(): V[] {
    return [...this.#map.values()];
  }

  /** The keys with their values, in the order of insertion. */
  entries(): [K, V][] {
    return [...this.#map];
  }

  /**
   * `update(key, fn)`: runs `fn` at the manager with the value of the key, and sets what it returns, with nothing of others in between. Gives that. If `fn`
   * throws, the old value stays. `update(entries)`: sets all of them.
   *
   * @throws TypeError if `fn` returns a promise, as others would come in between
   */
  update(key: K, fn: (value: V | undefined) => V): V;
  /** Sets several keys. */
  update(entries: Iterable<readonly [K, V]> | Readonly<Record<string, V>>): void;
  /** Sets the values of several keys. */
  update(keyOrEntries: K | Iterable<readonly [K, V]> | Readonly<Record<string, V>>, fn?: (value: V | undefined) => V): V | void {
    if (fn === undefined) return this.#addAll(keyOrEntries as Readonly<Record<string, V>>);
    const key = readKey(keyOrEntries as K);
    const value = atomically(fn, this.#map.get(key));
    this.#map.set(key, value);
    return value;
  }

  /** A copy as a plain object; its keys are text. */
  toObject(): Record<string, V> {
    return Object.fromEntries(this.#map as unknown as Map<string, V>);
  }

  /** A copy as a Map. */
  toMap(): Map<K, V> {
    return new Map(this.#map);
  }

  /** Iterates over a snapshot. */
  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#map[Symbol.iterator]();
  }
}

function atomically<V, R>(fn: (value: V) => R, value: V): R {
  if (typeof fn !== 'function') throw new TypeError(expected('fn', 'a function', fn));
  const result = whileUpdating(() => fn(value));
  if (!isThenable(result)) return result;
  ignoreRejection(result);
  throw new TypeError('expected fn to return a value, got a promise: the update is atomic, so its function cannot wait');
}

/** A list of a manager. A negative index counts from the end. Source: multiprocessing.managers.ListProxy */
export class ManagedList<T = unknown> {
  readonly #items: T[];

  constructor(init?: Iterable<T>) {
    this.#items = init === undefined ? [] : [...itemsOf(init, 'the items')];
  }

  #at(index: number): number {
    const { length } = this.#items;
    checkInteger(index, 'index', -Number.MAX_SAFE_INTEGER);
    if (index >= length || index < -length)
      throw new RangeError(expected('index', `an index of the list, which has ${length} items`, index));
    return index < 0 ? index + length : index;
  }

  /** How many items there are. */
  get length(): number {
    return this.#items.length;
  }

  /** Returns the item at an index. @throws RangeError if there is no such item */
  get(index: number): T {
    return this.#items[this.#at(index)]!;
  }

  /** Replaces the item at an index. @throws RangeError if there is no such item */
  set(index: number, value: T): void {
    this.#items[this.#at(index)] = value;
  }

  /** Adds an item at the end. */
  append(item: T): void {
    this.#items.push(item);
  }

  /** Adds items at the end. Gives the new length. */
  push(...items: T[]): number {
    return this.#items.push(...items);
  }

  /** Adds all items at the end. */
  extend(items: Iterable<T>): void {
    for (const item of itemsOf(items, 'items')) this.#items.push(item);
  }

  /** Adds an item before the one at `index`; beyond the end: at the end. */
  insert(index: number, item: T): void {
    this.#items.splice(checkInteger(index, 'index', -Number.MAX_SAFE_INTEGER), 0, item);
  }

  /** Removes an item, by default the last, and gives it. @throws RangeError if there is none */
  pop(index: number = -1): T {
    const at = this.#at(index);
    return this.#items.splice(at, 1)[0]!;
  }

  /** Removes the first item that is equal. @throws RangeError if there is none */
  remove(item: T): void {
    this.#items.splice(this.index(item), 1);
  }

  /** The place of the first item that is equal. @throws RangeError if there is none */
  index(item: T, from: number = 0): number {
    const at = this.#items.findIndex((one, i) => i >= from && isDeepStrictEqual(one, item));
    if (at === -1) throw new RangeError(expected('the item', 'in the list', item));
    return at;
  }

  /** How many items are equal to this one. */
  count(item: T): number {
    return this.#items.filter((one) => isDeepStrictEqual(one, item)).length;
  }

  /** Reverses the list in place. */
  reverse(): void {
    this.#items.reverse();
  }

  /** Sorts in place, at the manager. @param compare default: numbers and bigints by size, all else as text */
  sort(compare?: (one: T, other: T) => number): void {
    this.#items.sort(compare ?? byValue);
  }

  /** A copy of a part, as `Array.prototype.slice`. */
  slice(start?: number, end?: number): T[] {
    return this.#items.slice(start, end);
  }

  /** Removes all items. */
  clear(): void {
    this.#items.length = 0;
  }

  /**
   * Runs `fn` at the manager with the item at `index`, and puts what it returns in its place, with nothing of others in between. Gives that.
   *
   * @throws RangeError if there is no such item; TypeError if `fn` returns a promise
   */
  update(index: number, fn: (item: T) => T): T {
    const at = this.#at(index);
    const item = atomically(fn, this.#items[at]!);
    this.#items[at] = item;
    return item;
  }

  /** A copy. */
  toArray(): T[] {
    return [...this.#items];
  }

  /** Iterates over a snapshot. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#items[Symbol.iterator]();
  }
}

function byValue(one: unknown, other: unknown): number {
  if ((typeof one === 'number' || typeof one === 'bigint') && (typeof other === 'number' || typeof other === 'bigint'))
    return one < other ? -1 : one > other ? 1 : 0;
  const [a, b] = [String(one), String(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Names and values of a manager. Source: multiprocessing.managers.Namespace */
export class ManagedNamespace {
  readonly #fields: Map<string, unknown> = new Map();

  /** @param init names and values to begin with */
  constructor(init: Readonly<Record<string, unknown>> = {}) {
    for (const [name, value] of Object.entries(init)) this.#fields.set(name, value);
  }

  /** Returns the value of a name. @throws RangeError if there is no such name */
  get(name: string): unknown {
    if (!this.#fields.has(name)) throw new RangeError(expected('name', 'one of the namespace', name));
    return this.#fields.get(name);
  }

  /** Sets the value of a name. */
  set(name: string, value: unknown): void {
    if (typeof name !== 'string') throw new TypeError(expected('name', 'a string', name));
    this.#fields.set(name, value);
  }

  /** True if the name is there. */
  has(name: string): boolean {
    return this.#fields.has(name);
  }

  /** Removes a name. False: it was not there. */
  delete(name: string): boolean {
    return this.#fields.delete(name);
  }

  /** Runs `fn` at the manager with the value of the name, and sets what it returns; see `update` of a dict. */
  update(name: string, fn: (value: unknown) => unknown): unknown {
    const value = atomically(fn, this.#fields.get(name));
    this.set(name, value);
    return value;
  }

  /** A copy as a plain object. */
  toObject(): Record<string, unknown> {
    return Object.fromEntries(this.#fields);
  }
}
