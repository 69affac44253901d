/** Items that come and go at both ends. Source: collections.deque */

import { checkBoolean, checkInteger, checkOptions } from '../../check.ts';
import { Failed, type Operation } from '../../loop/index.ts';
import { blockOf, defineKind, type ObjectKind, SharedObject } from '../../memory/index.ts';
import { Items, type Peeked } from '../items.ts';
import { type BlockOptions, readBlockOptions, readItems, readSyncOptions, type SyncOptions } from '../options.ts';
import { QueueCore } from '../queue-core.ts';
import { queueRefs, queueWords } from '../record.ts';
import { giveReadiness } from '../../readiness.ts';
import { SharedBuffer } from '../shared-buffer.ts';
import { coreReadiness } from '../wait-ready.ts';
import { DequeStore, LEFT_END, RIGHT_END } from './deque-store.ts';
import { openPeeked, openPeekedSync } from './peek.ts';

const longest = 0x7fff_ffff;

/** For people, from the inside of the class. */
let describeDeque: (deque: Deque) => string;

const kind: ObjectKind = defineKind({
  number: 24,
  name: 'Deque',
  words: queueWords,
  refs: queueRefs,
  create: () => new Deque(),
  describe: (deque: Deque) => describeDeque(deque),
});

/** The options of an append. */
export interface AppendOptions {
  /** Buffers that change owner: they are empty here afterwards. */
  readonly transfer?: readonly ArrayBuffer[] | undefined;
}

/** A deque in numbers. */
export interface DequeStatistics {
  /** Items that are there. */
  readonly size: number;
  /** The most items; 0: any number. */
  readonly maxLen: number;
  /** Items that were ever appended, modulo 2 ** 32. */
  readonly puts: number;
  /** Items that were ever popped, modulo 2 ** 32. */
  readonly gets: number;
  /** Items that were dropped at the other end of a full deque, modulo 2 ** 32. */
  readonly dropped: number;
  /** Items that were in the hands of a consumer that died while it took them. */
  readonly lost: number;
  /** Threads that wait for an item; the async waits of one thread count as one for each end. */
  readonly waitingGetters: number;
}

/** An end of the deque: a queue by itself, over the same items. */
class End<T> {
  readonly core: QueueCore<T>;
  readonly store: DequeStore;

  constructor(deque: SharedObject, items: Items, end: number) {
    this.store = new DequeStore(blockOf(deque), end);
    this.core = new QueueCore<T>(deque, this.store, items, 'deque');
  }
}

/**
 * Items that threads and processes share, which come and go at both ends. The right end is that of `append` and `pop`, the left end that of `appendLeft` and `popLeft`. A
 * full deque drops an item at the other end for each that comes, so that nothing ever waits for room. `pop` and `popLeft` wait for an item.
 *
 * Source: collections.deque
 *
 * @example
 * ```ts
 * import { Deque, Thread } from 'heddle';
 *
 * const latest = new Deque<number>(3);
 * await new Thread({ target: () => latest.extendSync([1, 2, 3, 4, 5]) }).start().join();
 * latest.rotate(1);
 * console.log([...latest], await latest.popLeft()); // prints: [ 5, 3, 4 ] 5
 * ```
 */
export class Deque<T = unknown> extends SharedObject implements Iterable<T>, AsyncIterable<T> {
  readonly #left: End<T>;
  readonly #right: End<T>;

  static {
    giveReadiness(Deque, (deque: Deque) => coreReadiness(deque.#right.core, () => deque.#right.core.check('waitReady')));
    describeDeque = (deque) => {
      const { core, store } = deque.#right;
      const room = store.maxLen === 0 ? '' : ` of ${store.maxLen}`;
      return `${core.name} with ${deque.#size}${room} items${core.buffer.isShutDown ? ', shut down' : ''}${core.isClosed ? ', closed here' : ''}`;
    };
  }

  /**
   * @param maxLen items that the deque holds at most, an integer from 0 to 2147483647; 0: any number. Default 0
   * @throws TypeError, RangeError for another `maxLen`; HeddleError if the shared heap is full
   */
  constructor(maxLen: number = 0) {
    checkInteger(maxLen, 'maxLen', 0, longest);
    super(kind, (block) => {
      SharedBuffer.start(block, maxLen, false);
      DequeStore.start(block);
    });
    const items = new Items(this);
    this.#left = new End(this, items, LEFT_END);
    this.#right = new End(this, items, RIGHT_END);
  }

  /** Items that the deque holds at most; 0: any number. */
  get maxLen(): number {
    return this.#right.store.maxLen;
  }

  /** Items that are there now; others may take some before the answer is used. */
  get length(): number {
    this.#right.core.check('length');
    return this.#size;
  }

  /** True when `shutdown` was called, by any thread or process. */
  get isShutDown(): boolean {
    return this.#right.core.buffer.isShutDown;
  }

  /** While an item comes into a full one, both it and the one that goes are counted. */
  get #size(): number {
    const { size } = this.#right.core;
    const { maxLen } = this.#right.store;
    return maxLen === 0 ? size : Math.min(size, maxLen);
  }

  /**
   * Puts an item at the right end. A full deque drops the item at its left end. The item is encoded during the call, and the deque has changed when it returns.
   *
   * @throws ShutDown if the deque is shut down
   * @throws SerializationError if the item cannot cross; the deque is as it was
   */
  append(item: T, options?: AppendOptions): Operation<void> {
    return this.#append(this.#right, 'append', item, options);
  }

  /** As `append`. */
  appendSync(item: T, options?: AppendOptions): void {
    this.#appendSync(this.#right, 'appendSync', this.appendSync, item, options);
  }

  /** Puts an item at the left end; see `append`. A full deque drops the item at its right end. */
  appendLeft(item: T, options?: AppendOptions): Operation<void> {
    return this.#append(this.#left, 'appendLeft', item, options);
  }

  /** As `appendLeft`. */
  appendLeftSync(item: T, options?: AppendOptions): void {
    this.#appendSync(this.#left, 'appendLeftSync', this.appendLeftSync, item, options);
  }

  #append({ core }: End<T>, verb: string, item: T, options: AppendOptions | undefined): Operation<void> {
    core.check(verb);
    return core.putOne(item, verb, undefined, readTransfer(options));
  }

  #appendSync({ core }: End<T>, verb: string, above: (item: T) => void, item: T, options: AppendOptions | undefined): void {
    core.check(verb);
    core.putSync([core.items.pack(item, readTransfer(options))], verb, above, 0);
  }

  /**
   * Puts items at the right end, with nothing of other threads between them. Of more than the deque holds the last ones stay.
   *
   * @throws ShutDown if the deque is shut down
   * @throws SerializationError if one cannot cross; then none went in
   */
  extend(items: Iterable<T>): Operation<void> {
    return this.#extend(this.#right, 'extend', items);
  }

  /** As `extend`. */
  extendSync(items: Iterable<T>): void {
    this.#extendSync(this.#right, 'extendSync', this.extendSync, items);
  }

  /** Puts items at the left end, one after the other; see `extend`. The last one is then the first of the deque. */
  extendLeft(items: Iterable<T>): Operation<void> {
    return this.#extend(this.#left, 'extendLeft', items);
  }

  /** As `extendLeft`. */
  extendLeftSync(items: Iterable<T>): void {
    this.#extendSync(this.#left, 'extendLeftSync', this.extendLeftSync, items);
  }

  #extend({ core }: End<T>, verb: string, items: Iterable<T>): Operation<void> {
    core.check(verb);
    return core.putMany(readItems(items), undefined, undefined, verb);
  }

  #extendSync({ core }: End<T>, verb: string, above: (items: Iterable<T>) => void, items: Iterable<T>): void {
    core.check(verb);
    core.putSync(core.packAll(readItems(items), undefined), verb, above, 0);
  }

  /**
   * Takes the item at the right end, and waits for one.
   *
   * @param options milliseconds, or `{ timeout, signal, block }`; indefinitely by default
   * @throws Empty if none came in time, or none is there with `block: false`
   * @throws ShutDown if the deque is shut down and has no more items
   */
  pop(options?: number | BlockOptions): Operation<T> {
    return this.#pop(this.#right, 'pop', options);
  }

  /** As `pop`, and blocks the thread. */
  popSync(options?: number | SyncOptions): T {
    const { core } = this.#right;
    core.check('popSync');
    return core.getSync('popSync', this.popSync, readSyncOptions(options, false, 'pop()'));
  }

  /** Takes the item at the left end, and waits for one; see `pop`. */
  popLeft(options?: number | BlockOptions): Operation<T> {
    return this.#pop(this.#left, 'popLeft', options);
  }

  /** As `popLeft`, and blocks the thread. */
  popLeftSync(options?: number | SyncOptions): T {
    const { core } = this.#left;
    core.check('popLeftSync');
    return core.getSync('popLeftSync', this.popLeftSync, readSyncOptions(options, false, 'popLeft()'));
  }

  #pop({ core }: End<T>, verb: string, options: number | BlockOptions | undefined): Operation<T> {
    core.check(verb);
    return core.get(verb, readBlockOptions(options, false));
  }

  /**
   * Turns the deque: `n` items at the right end come to the left end, one after the other. At once, for all threads and processes.
   *
   * @param n an integer; less than 0: from the left end to the right. Default 1
   */
  rotate(n: number = 1): void {
    checkInteger(n, 'n', Number.MIN_SAFE_INTEGER);
    const { core, store } = this.#right;
    core.check('rotate');
    core.buffer.within(() => store.rotate(n));
  }

  /** Gives a copy of the item at the right end, which stays. Does not wait. @throws Empty if there is none */
  peek(): Operation<T> {
    return this.#peek(this.#right, 'peek');
  }

  /** As `peek`. */
  peekSync(): T {
    return this.#peekSync(this.#right, 'peekSync');
  }

  /** Gives a copy of the item at the left end, which stays; see `peek`. */
  peekLeft(): Operation<T> {
    return this.#peek(this.#left, 'peekLeft');
  }

  /** As `peekLeft`. */
  peekLeftSync(): T {
    return this.#peekSync(this.#left, 'peekLeftSync');
  }

  #peek(end: End<T>, verb: string): Operation<T> {
    const { core } = end;
    core.check(verb);
    try {
      return openPeeked<T>(core.items, this.#look(end, verb), `${core.name}.${verb}()`);
    } catch (error) {
      return new Failed(error);
    }
  }

  #peekSync(end: End<T>, verb: string): T {
    const { core } = end;
    core.check(verb);
    return openPeekedSync<T>(core.items, this.#look(end, verb));
  }

  #look({ core, store }: End<T>, verb: string): Peeked {
    const peeked = core.buffer.within(() => {
      const message = store.peek();
      return message === undefined ? undefined : core.items.peek(message);
    });
    if (peeked === undefined) throw core.emptyError(verb, true);
    return peeked;
  }

  /** Copies of all items, from the left, as they are at the call. */
  [Symbol.iterator](): IterableIterator<T> {
    return openEach<T>(this.#right.core.items, this.#snapshot('[Symbol.iterator]'));
  }

  /** As the other iteration; modules that an item needs are loaded without blocking the thread. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return openEachAsync<T>(this.#right.core.items, this.#snapshot('[Symbol.asyncIterator]'));
  }

  #snapshot(verb: string): readonly Peeked[] {
    const { core, store } = this.#right;
    core.check(verb);
    return core.buffer.within(() => store.snapshot().map((message) => core.items.peek(message)));
  }

  /**
   * Takes no more items, for all threads and processes. `append` fails; `pop` goes on until the deque is empty, then fails.
   *
   * @param options `immediate`: the items that are there are thrown away. Default false
   */
  shutdown(options?: { readonly immediate?: boolean | undefined }): void {
    checkOptions(options, 'options', ['immediate']);
    checkBoolean(options?.immediate, 'immediate');
    this.#right.core.check('shutdown');
    this.#right.core.shutdown(options?.immediate === true);
  }

  /** Closes this handle: it can only be asked what it is. Waits for an item fail here; other handles are as they were. */
  close(): void {
    this.#left.core.close();
    this.#right.core.close();
  }

  /** The present state in numbers. */
  statistics(): DequeStatistics {
    const { core, store } = this.#right;
    const { buffer } = core;
    const { dropped } = store;
    return {
      size: this.#size,
      maxLen: store.maxLen,
      puts: buffer.puts,
      gets: (buffer.gets - dropped) >>> 0,
      dropped,
      lost: buffer.lost,
      waitingGetters: buffer.waiting().getters,
    };
  }
}

function readTransfer(options: AppendOptions | undefined): readonly ArrayBuffer[] | undefined {
  checkOptions(options, 'options', ['transfer']);
  return options?.transfer;
}

function* openEach<T>(items: Items, snapshot: readonly Peeked[]): IterableIterator<T> {
  for (const peeked of snapshot) yield openPeekedSync<T>(items, peeked);
}

async function* openEachAsync<T>(items: Items, snapshot: readonly Peeked[]): AsyncIterableIterator<T> {
  for (const peeked of snapshot) yield await openPeeked<T>(items, peeked, 'a step of an iteration');
}
