/** A queue of tasks between threads and processes. Source: multiprocessing.Queue, multiprocessing.JoinableQueue, queue.Queue */

import { checkBoolean, checkInteger, checkOptions } from '../check.ts';
import { ItemIterator, type Operation, readWaitOptions, type SyncWaitOptions, type WaitOptions } from '../loop/index.ts';
import type { AsyncItemIterator } from '../iteration.ts';
import { type Block, defineKind, type ObjectKind, SharedObject } from '../memory/index.ts';
import {
  type BlockOptions,
  checkMost,
  type PutOptions,
  type PutSyncOptions,
  readBlockOptions,
  readItems,
  readSyncOptions,
  type SyncOptions,
  transferOf,
} from './options.ts';
import { giveReadiness } from '../readiness.ts';
import { QueueCore } from './queue-core.ts';
import { queueRefs, queueWords, ringKinds } from './record.ts';
import { RingStore } from './ring-store.ts';
import { SharedBuffer } from './shared-buffer.ts';
import { coreReadiness } from './wait-ready.ts';

const longest = 0x7fff_ffff;

/** The differences between classes of queues, inherited by subclasses. The key is a symbol, as it is not public. */
export interface QueueVariety {
  readonly kind: ObjectKind;
  /** The words of a new one, beside those that all have. @throws HeddleError if the heap is full */
  start(block: Block): void;
  core(queue: Queue<any>): QueueCore<any>;
}
export const queueVariety: unique symbol = Symbol('variety');

let describeIt: (queue: Queue<any>) => string;
/** For people, from the inside of the class. */
export const describeQueue = (queue: Queue<any>): string => describeIt(queue);

const kind: ObjectKind = defineKind({
  number: ringKinds.queue,
  name: 'Queue',
  words: queueWords,
  refs: queueRefs,
  create: () => new Queue(),
  describe: describeQueue,
});

/** A queue in numbers. */
export interface QueueStatistics {
  /** Items that are there. */
  readonly size: number;
  /** The most items; 0: any number. */
  readonly maxSize: number;
  /** Items that were ever put, modulo 2 ** 32. */
  readonly puts: number;
  /** Items that were ever taken, modulo 2 ** 32. */
  readonly gets: number;
  /** Items that were put and are not done. */
  readonly unfinishedTasks: number;
  /** Items that were in the hands of a consumer that died while it took them. */
  readonly lost: number;
  /** Threads that wait for an item; the async waits of one thread count as one. */
  readonly waitingGetters: number;
  /** Threads that wait for room. */
  readonly waitingPutters: number;
  /** Threads that wait until all tasks are done. */
  readonly waitingJoiners: number;
}

/**
 * A queue that threads and processes share: first in, first out, for any number of producers and consumers. A queue can be an argument of a
 * task, a captured variable, an item of a queue or a field. The receiver has the same queue.
 *
 * Items are values that can cross to a process, whichever thread or process takes them; SharedArrayBuffer, MessagePort and AbortSignal are refused.
 * `taskDone` and `join` count tasks, so that `JoinableQueue` is the same class under Python's name.
 *
 * Source: multiprocessing.Queue, multiprocessing.JoinableQueue, queue.Queue
 *
 * @example
 * ```ts
 * import { Process, Queue } from 'heddle';
 *
 * const queue = new Queue<number>();
 * const child = new Process({
 *   target: async () => {
 *     await queue.putMany([1, 2, 3]);
 *     queue.shutdown();
 *   },
 * }).start();
 * for await (const item of queue) console.log(item);
 * await child.join();
 * // prints: 1
 * // prints: 2
 * // prints: 3
 * ```
 */
export class Queue<T = unknown> extends SharedObject implements AsyncIterable<T> {
  readonly #core: QueueCore<T>;

  static {
    const variety: QueueVariety = { kind, start: (block) => RingStore.start(block), core: (queue) => new QueueCore(queue) };
    Object.defineProperty(Queue, queueVariety, { value: variety });
    giveReadiness(Queue, (queue: Queue) => coreReadiness(queue.#core, () => queue.#core.check('waitReady')));
    describeIt = (queue) => {
      const { name, buffer, isClosed } = queue.#core;
      const room = buffer.maxSize === 0 ? '' : ` of ${buffer.maxSize}`;
      return `${name} with ${buffer.size}${room} items${buffer.isShutDown ? ', shut down' : ''}${isClosed ? ', closed here' : ''}`;
    };
  }

  /**
   * @param maxSize items that the queue holds at most, an integer up to 2147483647; 0 or less: any number. Default 0
   * @throws TypeError, RangeError for another `maxSize`; HeddleError if the shared heap is full
   */
  constructor(maxSize: number = 0) {
    checkInteger(maxSize, 'maxSize', Number.MIN_SAFE_INTEGER, longest);
    const own = (new.target as unknown as { readonly [queueVariety]: QueueVariety })[queueVariety];
    super(own.kind, (block) => {
      SharedBuffer.start(block, Math.max(maxSize, 0), true);
      own.start(block);
    });
    this.#core = own.core(this) as QueueCore<T>;
  }

  /** Items that the queue holds at most; 0: any number. */
  get maxSize(): number {
    return this.#core.buffer.maxSize;
  }

  /** True when `shutdown` was called, by any thread or process. */
  get isShutDown(): boolean {
    return this.#core.buffer.isShutDown;
  }

  /**
   * Puts an item, and waits for room. The item is encoded during the call: later changes are not seen.
   *
   * @param options milliseconds, or `{ timeout, signal, block, transfer }`; indefinitely by default
   * @throws Full if there was no room in time, or there is none with `block: false`
   * @throws ShutDown if the queue is shut down, or was meanwhile
   * @throws SerializationError if the item cannot cross; the queue is as it was
   */
  put(item: T, options?: number | PutOptions): Operation<void> {
    const core = this.#core;
    core.check('put');
    const wait = readBlockOptions(options, true);
    return core.putOne(item, 'put', wait, transferOf(options));
  }

  /** As `put`, and blocks the thread. Async puts of this thread that still wait go in first. */
  putSync(item: T, options?: number | PutSyncOptions): void {
    const core = this.#core;
    core.check('putSync');
    const timeout = readSyncOptions(options, true, 'put()');
    core.putSync([core.items.pack(item, transferOf(options))], 'putSync', this.putSync, timeout);
  }

  /** Puts an item if there is room. @throws Full if there is none @throws ShutDown if the queue is shut down */
  putNowait(item: T): void {
    const core = this.#core;
    core.check('putNowait');
    core.putSync([core.items.pack(item)], 'putNowait', this.putNowait, 0);
  }

  /**
   * Puts items one after the other; no other put of this thread comes between them.
   *
   * @throws Full, ShutDown as `put`; `error.count` of them went in before
   * @throws SerializationError if one cannot cross; then none went in
   */
  putMany(items: Iterable<T>, options?: number | PutOptions): Operation<void> {
    const core = this.#core;
    core.check('putMany');
    const wait = readBlockOptions(options, true);
    return core.putMany(readItems(items), wait, transferOf(options));
  }

  /** As `putMany`, and blocks the thread. */
  putManySync(items: Iterable<T>, options?: number | PutSyncOptions): void {
    const core = this.#core;
    core.check('putManySync');
    const timeout = readSyncOptions(options, true, 'putMany()');
    core.putSync(core.packAll(readItems(items), transferOf(options)), 'putManySync', this.putManySync, timeout);
  }

  /**
   * Takes the first item, and waits for one.
   *
   * @param options milliseconds, or `{ timeout, signal, block }`; indefinitely by default
   * @throws Empty if none came in time, or none is there with `block: false`
   * @throws ShutDown if the queue is shut down and has no more items
   */
  get(options?: number | BlockOptions): Operation<T> {
    const core = this.#core;
    core.check('get');
    return core.get('get', readBlockOptions(options, false));
  }

  /** As `get`, and blocks the thread. */
  getSync(options?: number | SyncOptions): T {
    const core = this.#core;
    core.check('getSync');
    return core.getSync('getSync', this.getSync, readSyncOptions(options, false, 'get()'));
  }

  /** Takes the first item if there is one. @throws Empty if there is none @throws ShutDown if the queue is shut down and has no more items */
  getNowait(): T {
    const core = this.#core;
    core.check('getNowait');
    return core.getSync('getNowait', this.getNowait, 0);
  }

  /**
   * Waits for one item, and takes what is there then.
   *
   * @param max how many at most, an integer >= 1, or `Infinity`
   * @throws Empty, ShutDown as `get`
   */
  getMany(max: number, options?: number | BlockOptions): Operation<T[]> {
    const core = this.#core;
    core.check('getMany');
    checkMost(max);
    return core.getMany(max, readBlockOptions(options, false));
  }

  /** As `getMany`, and blocks the thread. */
  getManySync(max: number, options?: number | SyncOptions): T[] {
    const core = this.#core;
    core.check('getManySync');
    checkMost(max);
    return core.getManySync(max, this.getManySync, readSyncOptions(options, false, 'getMany()'));
  }

  /** Items that are there now; others may take some before the answer is used. */
  qsize(): number {
    this.#core.check('qsize');
    return this.#core.size;
  }

  /** True while no item is there. */
  empty(): boolean {
    this.#core.check('empty');
    return this.#core.size === 0;
  }

  /** True while there is no room for an item. */
  full(): boolean {
    this.#core.check('full');
    return !this.#core.buffer.hasRoom;
  }

  /** Marks one item that was taken as processed. @throws RangeError if more are marked than were put */
  taskDone(): void {
    this.#core.check('taskDone');
    this.#core.taskDone();
  }

  /**
   * Waits until all items that were put are marked by `taskDone`: true; false after `timeout` ms.
   *
   * @throws OwnerDied once, if a consumer died with unmarked items, which count as processed from then on
   */
  join(options?: number | WaitOptions): Operation<boolean> {
    this.#core.check('join');
    return this.#core.join(options === undefined ? undefined : readWaitOptions(options));
  }

  /** As `join`, and blocks the thread. */
  joinSync(options?: number | SyncWaitOptions): boolean {
    this.#core.check('joinSync');
    return this.#core.joinSync(this.joinSync, readSyncOptions(options, false, 'join()'));
  }

  /**
   * Takes no more items, for all threads and processes. `put` fails, also where it waits; `get` goes on until the queue is drained, then fails; iterations end.
   *
   * @param options `immediate`: the items that are there are thrown away. Default false
   */
  shutdown(options?: { readonly immediate?: boolean | undefined }): void {
    checkOptions(options, 'options', ['immediate']);
    checkBoolean(options?.immediate, 'immediate');
    this.#core.check('shutdown');
    this.#core.shutdown(options?.immediate === true);
  }

  /** Closes this handle: it can only be asked what it is. Gets that wait here fail; puts that wait still go in. Other handles are as they were. */
  close(): void {
    this.#core.close();
  }

  /** `for await` takes items until the queue is shut down and drained. Leaving the loop withdraws the pending get. */
  [Symbol.asyncIterator](): AsyncItemIterator<T> {
    this.#core.check('[Symbol.asyncIterator]');
    return new ItemIterator(this.#core);
  }

  /** The present state in numbers. */
  statistics(): QueueStatistics {
    const { buffer } = this.#core;
    const { getters, putters, joiners } = buffer.waiting();
    return {
      size: this.#core.size,
      maxSize: buffer.maxSize,
      puts: buffer.puts,
      gets: buffer.gets,
      unfinishedTasks: buffer.books!.count(),
      lost: buffer.lost,
      waitingGetters: getters,
      waitingPutters: putters,
      waitingJoiners: joiners,
    };
  }
}
