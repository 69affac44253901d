/** The set that a manager keeps. */

import { RangeError } from '../refusals.ts';
import { type DictKey, itemsOf, readKey } from './managed.ts';

/**
 * A set of a manager. Where a method takes items, any iterable is accepted: not a proxy of another set, but `await other.values()`. Source:
 * multiprocessing.managers.SetProxy
 */
export class ManagedSet<T = DictKey> {
  readonly #set: Set<T>;

  constructor(init?: Iterable<T>) {
    this.#set = new Set();
    if (init !== undefined) for (const item of itemsOf(init, 'the items')) this.add(item);
  }

  /** How many items there are. */
  get size(): number {
    return this.#set.size;
  }

  /** Adds an item. */
  add(item: T): void {
    this.#set.add(readKey(item));
  }

  /** True if the item is there. */
  has(item: T): boolean {
    return this.#set.has(item);
  }

  /** Removes an item. False: it was not there. */
  delete(item: T): boolean {
    return this.#set.delete(item);
  }

  /** Removes the item that was added first, and gives it. @throws RangeError if the set is empty */
  pop(): T {
    if (this.#set.size === 0) throw new RangeError('pop(): the set is empty');
    const [first] = this.#set;
    this.#set.delete(first!);
    return first!;
  }

  /** Removes all items. */
  clear(): void {
    this.#set.clear();
  }

  /** Adds all items. */
  update(items: Iterable<T>): void {
    for (const item of itemsOf(items, 'items')) this.add(item);
  }

  /** Removes what is not among the items. */
  intersectionUpdate(items: Iterable<T>): void {
    const others = setOf(items);
    for (const item of this.#set) if (!others.has(item)) this.#set.delete(item);
  }

  /** Removes the items. */
  differenceUpdate(items: Iterable<T>): void {
    for (const item of setOf(items)) this.#set.delete(item);
  }

  /** Removes those of the items that are there, and adds the others. */
  symmetricDifferenceUpdate(items: Iterable<T>): void {
    for (const item of setOf(items)) if (!this.#set.delete(item)) this.add(item);
  }

  /** A copy, with the items as well. */
  union(items: Iterable<T>): Set<T> {
    return new Set([...this.#set, ...itemsOf(items, 'items')]);
  }

  /** A copy of what is among the items, too. */
  intersection(items: Iterable<T>): Set<T> {
    const others = setOf(items);
    return new Set([...this.#set].filter((item) => others.has(item)));
  }

  /** A copy of what is not among the items. */
  difference(items: Iterable<T>): Set<T> {
    const others = setOf(items);
    return new Set([...this.#set].filter((item) => !others.has(item)));
  }

  /** A copy of what is either here or among the items. */
  symmetricDifference(items: Iterable<T>): Set<T> {
    const others = setOf(items);
    return new Set([...this.difference(others), ...[...others].filter((item) => !this.#set.has(item))]);
  }

  /** True if all items of this set are in `items`. */
  isSubsetOf(items: Iterable<T>): boolean {
    const others = setOf(items);
    return [...this.#set].every((item) => others.has(item));
  }

  /** True if all of `items` are in this set. */
  isSupersetOf(items: Iterable<T>): boolean {
    return [...setOf(items)].every((item) => this.#set.has(item));
  }

  /** True if no item is in both. */
  isDisjointFrom(items: Iterable<T>): boolean {
    return [...setOf(items)].every((item) => !this.#set.has(item));
  }

  /** The values, in the order of insertion. */
  values(): T[] {
    return [...this.#set];
  }

  /** A copy as a Set. */
  toSet(): Set<T> {
    return new Set(this.#set);
  }

  /** Iterates over a snapshot. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#set[Symbol.iterator]();
  }
}

const setOf = <T>(items: Iterable<T>): Set<T> => new Set(itemsOf(items, 'items'));
