/** Calls of functions in the greenlets of a group: `apply`, `map`, `imap` and their kin. Source: gevent.pool.GroupMappingMixin */

import { checkFunction, expected } from '../../check.ts';
import { type Operation, readWaitOptions, type WaitOptions } from '../../loop/index.ts';
import { currentActivity } from '../task/current.ts';
import { activityOf, type Body, type Greenlet, type ResultOf, type Spawnable } from '../task/greenlet.ts';
import { Call, InlineCall, linkCallbacks } from './call.ts';
import { Collected } from './collected.ts';
import { ImapRun } from './imap.ts';
import { type ImapIterator, ImapResults } from './imap-results.ts';
import { Members } from './members.ts';
import { type Callbacks, checkCallbacks, checkMaxSize, type ImapOptions } from './options.ts';
import { type Items, Source, splitOptions } from './source.ts';
import { TypeError } from '../../refusals.ts';

export let membersOf: (group: GroupMapping) => Members;

/** The mapping methods of `Group` and `Pool`: each call of a function runs in its own greenlet. */
export abstract class GroupMapping {
  readonly #members: Members = new Members();

  static {
    membersOf = (group) => group.#members;
  }

  /**
   * Calls `fn(...args)` in a greenlet of the group, and waits for its result. A call by a member runs as a part of that member, without a
   * place of its own: in a full pool it would wait for itself. If no waiter is left, the call is killed.
   *
   * @throws what the function throws; CancelledError if its greenlet was killed; TimeoutError after `timeout` milliseconds
   */
  apply<R>(fn: (() => R) & Spawnable<R>): Operation<ResultOf<R>>;
  /** The same with arguments. */
  apply<A extends unknown[], R>(
    fn: ((...args: A) => R) & Spawnable<R>,
    args: readonly [...A],
    options?: number | WaitOptions,
  ): Operation<ResultOf<R>>;
  /** As above, with the arguments in a list. */
  apply<R>(fn: Body, args: readonly unknown[] = [], options?: number | WaitOptions): Operation<R> {
    return this.#apply(this.apply, fn, args, undefined, options);
  }

  /** `apply`, and then, if there is a result, `callback(result)` in a greenlet of its own. Source: gevent.pool.Group.apply_cb */
  applyCb<A extends unknown[], R>(
    fn: ((...args: A) => R) & Spawnable<R>,
    args: readonly [...A],
    callback?: (result: ResultOf<R>) => unknown,
  ): Operation<ResultOf<R>> {
    if (callback !== undefined) checkFunction(callback, 'callback');
    return this.#apply(this.applyCb, fn, args, callback, undefined);
  }

  #apply<R>(
    above: Body,
    fn: Body,
    args: readonly unknown[],
    callback: ((result: any) => unknown) | undefined,
    options: number | WaitOptions | undefined,
  ): Operation<R> {
    readWaitOptions(options);
    checkArguments(args);
    checkFunction(fn, 'fn');
    const isInside = this.#members.greenlets.has(currentActivity().scope.greenlet as Greenlet<any>);
    if (isInside) return new InlineCall<R>(above, fn, args, callback, options);
    return new Call<R>(activityOf(this.#members.spawn<R>(above, fn, args)), callback, options);
  }

  /**
   * Calls `fn(...args)` in a greenlet of the group, and gives that. Never waits: in a full pool the greenlet stands in line, as that of
   * `spawn` does.
   */
  applyAsync<R>(fn: (() => R) & Spawnable<R>): Greenlet<ResultOf<R>>;
  /** The same with arguments. */
  applyAsync<A extends unknown[], R>(
    fn: ((...args: A) => R) & Spawnable<R>,
    args: readonly [...A],
    options?: Callbacks<ResultOf<R>>,
  ): Greenlet<ResultOf<R>>;
  /** As above, with the arguments in a list. */
  applyAsync<R>(fn: Body, args: readonly unknown[] = [], options?: Callbacks<any>): Greenlet<R> {
    const callbacks = checkCallbacks(options);
    checkArguments(args);
    return linkCallbacks(this.#members.spawn<R>(this.applyAsync, fn, args), callbacks);
  }

  /**
   * Calls `fn` with each item, and resolves to the results in the order of the items. An item is taken from the source when there is space
   * for its greenlet. All items run, even after a failure. Then the error of the first failed item, in the order of the items, is thrown,
   * as by the `map` of processes. An error of the source comes after all those. If no waiter is left, the source is closed and the running
   * calls are killed.
   *
   * @throws CancelledError if a call was killed; TimeoutError after `timeout` milliseconds
   */
  map<T, R>(fn: ((item: T) => R) & Spawnable<R>, items: Items<T>, options?: number | WaitOptions): Operation<ResultOf<R>[]> {
    readWaitOptions(options);
    return new Call<ResultOf<R>[]>(activityOf(this.#map(this.map, fn, items)), undefined, options);
  }

  /** `map`, and then, if there are results, `callback(results)` in a greenlet of its own. Source: gevent.pool.Group.map_cb */
  mapCb<T, R>(
    fn: ((item: T) => R) & Spawnable<R>,
    items: Items<T>,
    callback?: (results: ResultOf<R>[]) => unknown,
  ): Operation<ResultOf<R>[]> {
    if (callback !== undefined) checkFunction(callback, 'callback');
    return new Call<ResultOf<R>[]>(activityOf(this.#map(this.mapCb, fn, items)), callback, undefined);
  }

  /** Runs `map` in a greenlet, and returns it at once. That greenlet is not a member, but `join` and `kill` include it. */
  mapAsync<T, R>(fn: ((item: T) => R) & Spawnable<R>, items: Items<T>, options?: Callbacks<ResultOf<R>[]>): Greenlet<ResultOf<R>[]> {
    const callbacks = checkCallbacks(options);
    return linkCallbacks(this.#map(this.mapAsync, fn, items), callbacks);
  }

  #map(above: Body, fn: Body, items: unknown): Greenlet<any> {
    checkFunction(fn, 'fn');
    return new Collected(this.#members, fn, new Source([items]), above).begin().greenlet;
  }

  /**
   * Calls `fn` with each item, and returns an iterator over the results, in the order of the items. Work begins at once. An item is taken
   * from the source when there is space for its greenlet and for its result (`maxSize`). The source may therefore be endless. Several
   * sources are zipped; the shortest ends the map.
   *
   * @example
   * ```ts
   * import { Pool, sleep, spawn } from 'heddle/coroutine';
   *
   * function* numbers() {
   *   try {
   *     for (let i = 0; ; i += 1) yield i;
   *   } finally {
   *     console.log('closed');
   *   }
   * }
   * function* half(x: number) {
   *   yield* sleep(1);
   *   if (x % 2 === 1) throw new RangeError(`${x} is odd`);
   *   return x / 2;
   * }
   * const pool = new Pool(2);
   * await spawn(function* () {
   *   using halves = pool.imap(half, numbers());
   *   for (let i = 0; i < 3; i += 1) {
   *     try {
   *       const next = yield* halves.next();
   *       console.log(next.value);
   *     } catch (error) {
   *       console.log((error as Error).message);
   *     }
   *   }
   * });
   * await pool.join();
   * // prints: 0
   * // prints: 1 is odd
   * // prints: 1
   * // prints: closed
   * ```
   */
  imap<T, R>(fn: ((item: T) => R) & Spawnable<R>, items: Items<T>, options?: ImapOptions): ImapIterator<ResultOf<R>>;
  /** The same with two zipped sources. */
  imap<T1, T2, R>(fn: ((a: T1, b: T2) => R) & Spawnable<R>, as: Items<T1>, bs: Items<T2>, options?: ImapOptions): ImapIterator<ResultOf<R>>;
  /** The same with three zipped sources. */
  imap<T1, T2, T3, R>(
    fn: ((a: T1, b: T2, c: T3) => R) & Spawnable<R>,
    as: Items<T1>,
    bs: Items<T2>,
    cs: Items<T3>,
    options?: ImapOptions,
  ): ImapIterator<ResultOf<R>>;
  /** As above, for a function of several arguments. */
  imap(fn: Body, ...rest: unknown[]): ImapIterator<any> {
    return this.#imap(this.imap, fn, rest, true);
  }

  /** `imap`, with the results as they come. */
  imapUnordered<T, R>(fn: ((item: T) => R) & Spawnable<R>, items: Items<T>, options?: ImapOptions): ImapIterator<ResultOf<R>>;
  /** The same with two zipped sources. */
  imapUnordered<T1, T2, R>(
    fn: ((a: T1, b: T2) => R) & Spawnable<R>,
    as: Items<T1>,
    bs: Items<T2>,
    options?: ImapOptions,
  ): ImapIterator<ResultOf<R>>;
  /** The same with three zipped sources. */
  imapUnordered<T1, T2, T3, R>(
    fn: ((a: T1, b: T2, c: T3) => R) & Spawnable<R>,
    as: Items<T1>,
    bs: Items<T2>,
    cs: Items<T3>,
    options?: ImapOptions,
  ): ImapIterator<ResultOf<R>>;
  /** As above, for a function of several arguments. */
  imapUnordered(fn: Body, ...rest: unknown[]): ImapIterator<any> {
    return this.#imap(this.imapUnordered, fn, rest, false);
  }

  #imap(above: Body, fn: Body, rest: readonly unknown[], isOrdered: boolean): ImapIterator<any> {
    checkFunction(fn, 'fn');
    const { iterables, options } = splitOptions<ImapOptions>(rest);
    const maxSize = checkMaxSize(options, this.#members.capacity);
    return new ImapResults(new ImapRun(this.#members, fn, new Source(iterables), above, isOrdered, maxSize).begin());
  }
}

function checkArguments(args: unknown): void {
  if (!Array.isArray(args)) throw new TypeError(expected('args', 'an array of arguments', args));
}
