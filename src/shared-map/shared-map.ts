/**
 * A hash map between threads and processes, without a server.
 *
 *    set:   value ─▶ message (`channel/items.ts`)   key ─▶ bytes, hash ─▶ stripe: the upper bits │ slot: the lower ones
 *    get:   key ─▶ bytes, hash ─▶ stripe, read without its mutex ─▶ message ─▶ value
 */

import { load, store } from '#atomics';
import { crypto } from '../builtins.ts';
import { types } from 'node:util';
import { checkFunction, expected } from '../check.ts';
import { Items, type Message, type Packed, PARCEL, type Peeked, Turns } from '../channel/index.ts';
import { FLAT, prepare, prepareSync } from '../codec/index.ts';
import { HeddleError } from '../errors.ts';
import {
  Done,
  Failed,
  type Operation,
  Pending,
  readSyncTimeout,
  readWaitOptions,
  type SyncWaitOptions,
  type WaitOptions,
} from '../loop/index.ts';
import { blockOf, defineKind, type ObjectKind, refOf, SharedObject, theAgent } from '../memory/index.ts';
import { TypeError } from '../refusals.ts';
import { atOnce } from '../thenable.ts';
import { checkKey, decodeKey, EncodedKey, type SharedMapKey } from './key.ts';
import { mapRefs, mapWords, SEED, stripeCount, wordsOf } from './record.ts';
import { mostInline, ReadValue } from './reader.ts';
import { Stripe } from './stripe.ts';
import { isUpdating, refuseWithin, runUpdate, UpdateLocks } from './updates.ts';

const mapKind: ObjectKind = defineKind({
  number: 35,
  name: 'SharedMap',
  words: mapWords,
  refs: mapRefs,
  create: () => new SharedMap(),
  describe: (map: SharedMap) => `${map.constructor.name} with ${map.size} entries`,
});

const stripeShift = 32 - Math.log2(stripeCount);

/** A `SharedMap` in numbers. */
export interface SharedMapStatistics {
  /** Entries. */
  readonly size: number;
  /** Bytes of all entries, with what is kept free for further ones; without values in memory of their own. */
  readonly bytes: number;
}

/** The key of the call that is being made: no code of the user's runs while it is needed. */
const scratch = new EncodedKey();
/** As are the bytes of a flat value. */
const current = new ReadValue();

/** A call that has happened, and is over when the event loop has had its turn, or modules are loaded. */
class Later<T> extends Pending<T> {
  readonly #call: string;

  constructor(turn: Promise<void>, call: string, result: () => T) {
    super();
    this.#call = call;
    void turn
      .then(result)
      .then((its) => this.settle(its))
      .catch((error: Error) => this.reject(error));
  }

  describe(): string {
    return `SharedMap.${this.#call}()`;
  }
}

/**
 * A hash map that threads and processes share. The map is in shared memory: no server process answers, and a read takes no lock. A map can
 * be an argument of a task, a captured variable, an item of a queue or a field. The receiver has the same map.
 *
 * Keys are primitives, equal as `Map` has it, and arrays of primitives, equal by their elements. Values are what may be an item of a `Queue`, shared objects with
 * them; each `get` gives a copy. Entries have no order.
 *
 * @example
 * ```ts
 * import { Pool, SharedMap } from 'heddle';
 *
 * const words = new SharedMap<string, number>();
 * const pool = new Pool(2);
 * await pool.map((word: string) => void words.updateSync(word, (count = 0) => count + 1), ['to', 'be', 'or', 'not', 'to', 'be']);
 * console.log(await words.get('be'), words.getSync('not'), words.size); // prints: 2 1 4
 * await pool.terminate();
 * ```
 */
export class SharedMap<K extends SharedMapKey = SharedMapKey, V = unknown> extends SharedObject implements Iterable<[K, V]> {
  readonly #items: Items;
  readonly #seed: number;
  readonly #segments: (Int32Array | undefined)[] = [];
  readonly #stripes: (Stripe | undefined)[] = [];
  readonly #turns: Turns = new Turns();
  #locks: UpdateLocks | undefined;
  /** The copied part of a value that is read in the mutex. */
  #peeked: Peeked | undefined;
  readonly #peek = (message: Message): void => void (this.#peeked = this.#items.peek(kept(message)));

  /**
   * @param entries keys and values that it has at first
   * @throws TypeError for something else, or a key that is not allowed; SerializationError for a value that cannot cross; HeddleError if the shared heap is full
   */
  constructor(entries?: Iterable<readonly [K, V]> | null) {
    const first = entries === undefined || entries === null ? [] : readEntries(entries);
    super(mapKind, ({ words, at }) => void store(words, at + SEED, newSeed()));
    const { words, at } = blockOf(this);
    this.#items = new Items(this, refOf(this), 'value', mostInline);
    this.#seed = load(words, at + SEED);
    for (const [key, its] of first) this.#set(key, its, 'set');
  }

  #stripe(hash: number): Stripe {
    return this.#stripeAt(hash >>> stripeShift);
  }

  #stripeAt(index: number): Stripe {
    return (this.#stripes[index] ??= new Stripe(blockOf(this), index, this.#segments));
  }

  /** Entries that are there now, in all threads and processes. While others write, no moment need have had as many. */
  get size(): number {
    let size = 0;
    for (let i = 0; i < stripeCount; i += 1) size += this.#stripeAt(i).size;
    return size;
  }

  /**
   * The value of a key; undefined if it is not there.
   *
   * @param options milliseconds, or `{ timeout, signal }`, as waiting calls take it; it does not wait for other threads
   * @throws TypeError for a key that is not allowed; and what decoding the value throws
   */
  get(key: K, options?: number | WaitOptions): Operation<V | undefined> {
    return this.#call('get', options, () => {
      const read = this.#read(key);
      if (read === undefined) return undefined;
      const loading = this.#load(read);
      const open = (): V => this.#items.openPeeked(read) as V;
      return loading === undefined ? open() : new Later(loading, 'get', open);
    });
  }

  /** As `get`, at once. */
  getSync(key: K, options?: number | SyncWaitOptions): V | undefined {
    if (options !== undefined) readSyncTimeout(options, 'get()');
    const read = this.#read(key);
    return read === undefined ? undefined : this.#open(read);
  }

  /** Resolves to `true` if a key is there. @throws as `get` */
  has(key: K, options?: number | WaitOptions): Operation<boolean> {
    return this.#call('has', options, () => this.#has(key));
  }

  /** As `has`, at once. */
  hasSync(key: K, options?: number | SyncWaitOptions): boolean {
    if (options !== undefined) readSyncTimeout(options, 'has()');
    return this.#has(key);
  }

  /**
   * Gives a key a value. Other threads read the former value, or this one. The value is encoded during the call: later changes are not seen.
   *
   * @param options as for `get`
   * @throws TypeError for a key that is not allowed
   * @throws SerializationError if the value cannot cross; HeddleError if the shared heap is full. The map is as it was then
   */
  set(key: K, value: V, options?: number | WaitOptions): Operation<void> {
    return this.#call('set', options, () => this.#set(key, value, 'set'));
  }

  /** As `set`, at once. Returns the map. */
  setSync(key: K, value: V, options?: number | SyncWaitOptions): this {
    if (options !== undefined) readSyncTimeout(options, 'set()');
    this.#set(key, value, 'setSync');
    return this;
  }

  /** Takes a key out. False if it was not there. @throws TypeError for a key that is not allowed */
  delete(key: K, options?: number | WaitOptions): Operation<boolean> {
    return this.#call('delete', options, () => this.#delete(key, 'delete'));
  }

  /** As `delete`, at once. */
  deleteSync(key: K, options?: number | SyncWaitOptions): boolean {
    if (options !== undefined) readSyncTimeout(options, 'delete()');
    return this.#delete(key, 'deleteSync');
  }

  /** Takes all keys out that are there. One that another thread sets meanwhile may stay. */
  clear(options?: number | WaitOptions): Operation<void> {
    return this.#call('clear', options, () => this.#clear('clear'));
  }

  /** As `clear`, at once. */
  clearSync(options?: number | SyncWaitOptions): void {
    if (options !== undefined) readSyncTimeout(options, 'clear()');
    this.#clear('clearSync');
  }

  /**
   * Gives a key what a function makes of its value, in one step: no change of another thread comes between, or the function is called again with the new value.
   * If the function throws, or the thread dies in it, the old value stays. Resolves to the new value.
   *
   * Updates take turns with others of the same sixteenth of the keys. The function may call the map; it must not change its own key.
   *
   * @param fn called with the value, undefined if the key is not there; it must be synchronous
   * @param options milliseconds, or `{ timeout, signal }`, for updates of other threads that go first; indefinitely by default
   * @throws TimeoutError if they took longer than `timeout`
   * @throws TypeError if the function is async; and what `set` throws
   * @throws InvalidStateError for a call in the function of an update of the same key
   */
  async update(key: K, fn: (value: V | undefined) => V, options?: number | WaitOptions): Promise<V> {
    const wait = options === undefined ? undefined : readWaitOptions(options);
    const its = this.#keyOfUpdate(key, fn, 'update');
    try {
      const loading = this.#loadOf(its);
      if (loading !== undefined) await loading;
      return await this.#updateLocks.within(its.hash >>> stripeShift, () => this.#change(its, fn), wait);
    } finally {
      its.release();
    }
  }

  /** As `update`, and blocks the thread while it waits for updates of other threads. */
  updateSync(key: K, fn: (value: V | undefined) => V, options?: number | SyncWaitOptions): V {
    const timeout = options === undefined ? Infinity : readSyncTimeout(options, 'update()');
    const its = this.#keyOfUpdate(key, fn, 'updateSync');
    try {
      return this.#updateLocks.withinSync(its.hash >>> stripeShift, () => this.#change(its, fn), timeout);
    } finally {
      its.release();
    }
  }

  /**
   * Keys with their values. Each key that is there from the first step to the last comes once; one that is set or taken out meanwhile comes at most once. A
   * value is the one at some moment in between: a sixteenth of the map is copied at a time.
   */
  entries(): IterableIterator<[K, V]> {
    return this.#each((key, read) => [key(), this.#open(read())]);
  }

  /** The keys, by the rules of `entries`. */
  keys(): IterableIterator<K> {
    return this.#each((key) => key());
  }

  /** The values, by the rules of `entries`. */
  values(): IterableIterator<V> {
    return this.#each((_key, read) => this.#open(read()));
  }

  /** @param make gives an element of each entry: calls `key` and `read` at once */
  *#each<R>(make: (key: () => K, read: () => Peeked) => R): IterableIterator<R> {
    for (let i = 0; i < stripeCount; i += 1) {
      const { words, end, peeked } = this.#stripeAt(i).snapshot((message) => this.#items.peek(message));
      let parcels = 0;
      let from = 0;
      const key = (): K => decodeKey(words, from + 2) as K;
      const read = (): Peeked => {
        const header = words[from + 1]!;
        if ((header & PARCEL) !== 0) return peeked[parcels]!;
        const message = { kind: header & 0xf, length: header >>> 4, words, from: from + 2 + wordsOf(words[from]!), number: 0 };
        return { message, handles: none, bytes: undefined };
      };
      while (from < end) {
        yield make(key, read);
        if ((words[from + 1]! & PARCEL) !== 0) parcels += 1;
        from += 2 + wordsOf(words[from]!) + wordsOf(words[from + 1]! >>> 4);
      }
    }
  }

  /** As `entries`. */
  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries();
  }

  /** Calls a function with each value and its key, by the rules of `entries`. */
  forEach(fn: (value: V, key: K, map: this) => void, thisArg?: unknown): void {
    checkFunction(fn, 'fn');
    for (const [key, its] of this.entries()) fn.call(thisArg, its, key, this);
  }

  /** The present state in numbers. */
  statistics(): SharedMapStatistics {
    let bytes = mapWords * 4;
    for (let i = 0; i < stripeCount; i += 1) bytes += this.#stripeAt(i).bytes;
    return { size: this.size, bytes };
  }

  /** Makes a call that does not wait, in its promise form. */
  #call<R>(call: string, options: number | WaitOptions | undefined, make: () => R | Operation<R>): Operation<R> {
    try {
      if (options !== undefined) {
        const { signal } = readWaitOptions(options);
        if (signal?.aborted === true) return new Failed(signal.reason);
      }
      const result = make();
      if (result instanceof Later) return result as Operation<R>;
      const turn = this.#turns.due();
      return turn === undefined ? new Done(result as R) : new Later(turn, call, () => result as R);
    } catch (error) {
      return new Failed(error);
    }
  }

  /** The message of a key's value; undefined: the key is not there. A flat one is overwritten by the next call. */
  #read(key: K): Peeked | undefined {
    scratch.encode(checkKey(key), this.#seed);
    return this.#readOf(scratch);
  }

  #readOf(key: EncodedKey): Peeked | undefined {
    if (!this.#stripe(key.hash).read(key, current, this.#peek)) return undefined;
    const peeked = this.#peeked;
    if (peeked !== undefined) {
      this.#peeked = undefined;
      return peeked;
    }
    // While another one is decoded code of the user's may run, and read from the map.
    return current.bytes[0] === FLAT ? flat : { message: kept(current), handles: none, bytes: undefined };
  }

  /** Loads the modules of a value; undefined: they are there. */
  #load({ message }: Peeked): Promise<void> | undefined {
    const modules = this.#items.modulesOf(message);
    return modules.length === 0 ? undefined : prepare({ modules });
  }

  #open(read: Peeked): V {
    if (read !== flat) prepareSync(this.#items.modulesOf(read.message));
    return this.#items.openPeeked(read) as V;
  }

  #has(key: K): boolean {
    scratch.encode(checkKey(key), this.#seed);
    return this.#stripe(scratch.hash).has(scratch);
  }

  #set(key: K, its: V, call: string): void {
    const checked = checkKey(key);
    const packed = this.#items.pack(its);
    try {
      scratch.encode(checked, this.#seed);
      if (isUpdating()) refuseWithin(refOf(this), scratch, call);
    } catch (error) {
      this.#items.drop(packed);
      throw error;
    }
    this.#store(scratch, packed);
  }

  /** False: the entry is not of the version that is expected. */
  #store(key: EncodedKey, packed: Packed, version?: number): boolean {
    try {
      if (this.#stripe(key.hash).set(key, packed, version)) return true;
    } catch (error) {
      // Of another error it is not known whether the value is there.
      if (error instanceof HeddleError) this.#items.drop(packed);
      throw error;
    }
    this.#items.drop(packed);
    return false;
  }

  #delete(key: K, call: string): boolean {
    scratch.encode(checkKey(key), this.#seed);
    if (isUpdating()) refuseWithin(refOf(this), scratch, call);
    return this.#stripe(scratch.hash).delete(scratch);
  }

  #clear(call: string): void {
    if (isUpdating()) refuseWithin(refOf(this), undefined, call);
    for (let i = 0; i < stripeCount; i += 1) this.#stripeAt(i).clear();
  }

  get #updateLocks(): UpdateLocks {
    return (this.#locks ??= new UpdateLocks(blockOf(this)));
  }

  /** A key of an update: others may be encoded before that is over. */
  #keyOfUpdate(key: K, fn: unknown, call: string): EncodedKey {
    checkFunction(fn, 'fn');
    if (types.isAsyncFunction(fn)) throw new TypeError('expected fn to be a function that answers at once, got an async function');
    const checked = checkKey(key);
    const its = EncodedKey.take();
    its.encode(checked, this.#seed);
    if (isUpdating()) refuseWithin(refOf(this), its, call);
    return its;
  }

  #loadOf(key: EncodedKey): Promise<void> | undefined {
    const read = this.#readOf(key);
    return read === undefined ? undefined : this.#load(read);
  }

  #change(key: EncodedKey, fn: (value: V | undefined) => V): V {
    for (;;) {
      const read = this.#readOf(key);
      const { version } = current;
      const before = read === undefined ? undefined : this.#open(read);
      let after = before as V;
      const packed = runUpdate(refOf(this), key, () => this.#items.pack((after = atOnce(() => fn(before), 'fn'))));
      if (this.#store(key, packed, version)) return after;
    }
  }
}

const none: readonly SharedObject[] = [];
/** The message in `current`, which is flat. */
const flat: Peeked = { message: current, handles: none, bytes: undefined };

/** A copy of a message that the next call does not overwrite. */
function kept({ kind, length, words }: Message): Message {
  return { kind, length, number: 0, words: words.slice(0, wordsOf(length)) };
}

function newSeed(): number {
  // A model must do the same each time.
  return theAgent().memory.kind === 'model' ? 0 : crypto().randomInt(2 ** 32) | 0;
}

function readEntries<K, V>(entries: Iterable<readonly [K, V]>): (readonly [K, V])[] {
  if (typeof (entries as Iterable<unknown> | undefined)?.[Symbol.iterator] !== 'function')
    throw new TypeError(expected('entries', 'an iterable of [key, value]', entries));
  return Array.from(entries, (entry: unknown) => {
    if (Array.isArray(entry) && entry.length === 2) return entry as unknown as [K, V];
    throw new TypeError(expected('an entry', '[key, value]', entry));
  });
}
