/** How an object says for itself what it is made of: the answer to state that cannot be seen from outside. */

import { checkFunction, checkOptions, expected } from '../../check.ts';
import { common } from '../../copies.ts';
import type { AnyFunction } from '../courier.ts';
import { TypeError } from '../../refusals.ts';

/** The two directions of {@link registerReducer}. */
export interface Reducer<T extends object, D> {
  /** Returns the data of `instance`: any value that can cross. */
  reduce: (instance: T) => D;
  /** Makes an instance of it on the other side. */
  rebuild: (data: D) => T;
}

/** The reducers of all copies of heddle in this thread. */
const known = common('reducers', () => ({ reducers: new WeakMap<AnyFunction, Reducer<object, unknown>>(), areThereAny: false }));

/**
 * Lets instances of a class cross that otherwise could not, such as those with `#private` fields. The two functions travel with the class,
 * so a worker needs no registration. A registration covers instances of exactly this class; a subclass needs its own. A second registration
 * replaces the first.
 *
 * @throws TypeError if `Class` is not a class, or the reducer lacks one of its functions
 *
 * @example
 * ```ts
 * import { registerReducer, ThreadPoolExecutor } from 'heddle';
 *
 * class Account {
 *   #balance: number;
 *   constructor(balance: number) {
 *     this.#balance = balance;
 *   }
 *   get balance(): number {
 *     return this.#balance;
 *   }
 * }
 * registerReducer(Account, { reduce: (account) => account.balance, rebuild: (balance) => new Account(balance) });
 *
 * await using pool = new ThreadPoolExecutor();
 * console.log(await pool.submit((account: Account) => account.balance + 1, new Account(41))); // 42
 * ```
 */
export function registerReducer<T extends object, D>(Class: abstract new (...args: never[]) => T, reducer: Reducer<T, D>): void {
  if (typeof Class !== 'function' || typeof Class.prototype !== 'object') throw new TypeError(expected('Class', 'a class', Class));
  if (typeof reducer !== 'object' || reducer === null) throw new TypeError(expected('reducer', '{ reduce, rebuild }', reducer));
  checkOptions(reducer, 'a reducer', ['reduce', 'rebuild']);
  checkFunction(reducer.reduce, 'reduce');
  checkFunction(reducer.rebuild, 'rebuild');
  known.reducers.set(Class as unknown as AnyFunction, reducer as unknown as Reducer<object, unknown>);
  known.areThereAny = true;
}

export function reducerOf(fn: AnyFunction | undefined): Reducer<object, unknown> | undefined {
  return known.areThereAny && fn !== undefined ? known.reducers.get(fn) : undefined;
}

/** True if decoding may call a `rebuild`. */
export function hasReducers(): boolean {
  return known.areThereAny;
}

/** A reducer that came with its class. One registered here goes first. */
export function learnReducer(fn: AnyFunction, reducer: Reducer<object, unknown>): void {
  known.areThereAny = true;
  if (!known.reducers.has(fn)) known.reducers.set(fn, reducer);
}
