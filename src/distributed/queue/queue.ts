/** A queue between programs of many machines. Source: multiprocessing.JoinableQueue, queue.Queue */

import { checkBoolean, checkInteger, checkOptions, expected } from '../../check.ts';
import { travelByName } from '../../codec/index.ts';
import { Empty, InvalidStateError, ShutDown } from '../../errors.ts';
import type { AsyncItemIterator } from '../../iteration.ts';
import { readWaitOptions, type WaitOptions } from '../../loop/index.ts';
import { RangeError, TypeError } from '../../refusals.ts';
import type { BackendOptions } from '../server/backend.ts';
import { DistributedObject, handlesFile, remoteOf, type Variety } from '../objects/distributed-object.ts';
import { Hands } from './hands.ts';
import { readLease } from '../objects/lease.ts';
import { type Delivered, Getters } from './getters.ts';
import { Putters } from './putters.ts';
import { QueueRemote } from './queue-remote.ts';
import { countScript, lookScript, shutdownScript } from './scripts.ts';
import type { Remote } from '../objects/remote.ts';
import { type DistributedValueOptions, valueKeys, Values } from '../objects/values.ts';
import { type Answer, lookEvery, timedOut } from '../objects/waiting.ts';

const longest = 0x7fff_ffff;
const longestDefaultLease = 30_000;

/** The options of a `DistributedQueue`. */
export interface DistributedQueueOptions extends BackendOptions, DistributedValueOptions {
  /**
   * When an item that was taken leaves the server. `taskDone`, the default: when its task is done; the item of a consumer that died, or closed its handle,
   * before that goes to another. `get`: when it is taken; an item that is taken while its consumer dies is lost.
   */
  readonly acknowledge?: 'taskDone' | 'get' | undefined;
  /**
   * Milliseconds after which an item goes to another consumer whose own is gone, an integer from 100 to 86400000. A consumer that lives renews it at a third of
   * them, however long its task takes. The longest of all handles counts. Default 30000.
   */
  readonly lease?: number | undefined;
}

/** How long to wait for room or for an item, and what ends the wait. */
export interface DistributedBlockOptions extends WaitOptions {
  /** `false`: does not wait at all, as a `timeout` of 0. Default true. */
  readonly block?: boolean | undefined;
}

/** An item in hand, until its task is done. */
export interface Delivery<T> {
  /** The item. */
  readonly value: T;
  /** How often it was delivered, this time included: above 1, an earlier consumer did not finish it. */
  readonly deliveries: number;
  /** Marks it as processed. @throws LeaseLost if another consumer has it now */
  done(): Promise<void>;
  /** Gives it back: it is the next that is taken. */
  putBack(): void;
}

/** A queue in numbers. */
export interface DistributedQueueStatistics {
  /** Items that are there. */
  readonly size: number;
  /** Items that the queue holds at most; 0: any number. */
  readonly maxSize: number;
  /** Items that were ever put. */
  readonly puts: number;
  /** Items that were ever taken; one that came back and was taken again counts twice. */
  readonly gets: number;
  /** Items that were put and are not done. */
  readonly unfinishedTasks: number;
  /** Items in the hands of consumers. */
  readonly inHand: number;
  /** Handles that wait for an item. */
  readonly waitingGetters: number;
  /** Handles that wait for room. */
  readonly waitingPutters: number;
}

const variety: Variety = {
  kind: 'queue',
  parts: ['items', 'back', 'getters', 'gettersSeen', 'putters', 'puttersSeen'],
  known: ['acknowledge', 'lease', ...valueKeys],
};
const blockKeys = ['block', 'timeout', 'signal'] as const;

/**
 * A queue that programs of many machines share by its name: first in, first out, for any number of producers and consumers.
 *
 * An item that was taken stays at the server until `taskDone()`: if its consumer dies before that, another gets it. So an item may be delivered twice, and
 * is never lost as long as the server keeps its data.
 *
 * Source: multiprocessing.JoinableQueue, queue.Queue
 *
 * @example
 * ```ts
 * import { DistributedQueue } from 'heddle/distributed';
 *
 * await using queue = new DistributedQueue<string>('mails', 0, { url: process.env.REDIS_URL });
 * await queue.putMany(['ada', 'grace']);
 * await queue.shutdown();
 * for await (const name of queue) {
 *   console.log(name);
 *   await queue.taskDone();
 * }
 * // prints: ada
 * // prints: grace
 * await queue.destroy();
 * ```
 */
export class DistributedQueue<T = unknown> extends DistributedObject implements AsyncIterable<T> {
  readonly #object: Remote = remoteOf(this);
  readonly #remote: QueueRemote;
  readonly #isKept: boolean;
  readonly #values: Values;
  readonly #hands: Hands;
  readonly #putters: Putters;
  readonly #getters: Getters;
  /** Items that the queue holds at most, beside those in the hands of consumers; 0: any number. */
  readonly maxSize: number;

  /**
   * @param maxSize items that the queue holds at most, an integer up to 2147483647, the same for all handles; 0 or less: any number. Default 0
   * @throws TypeError, RangeError for a name, a size or options that cannot be, and for a server that is refused
   */
  constructor(name: string, maxSize: number = 0, options?: DistributedQueueOptions) {
    checkInteger(maxSize, 'maxSize', Number.MIN_SAFE_INTEGER, longest);
    super(variety, name, [maxSize], options);
    const how = options?.acknowledge ?? 'taskDone';
    if (how !== 'taskDone' && how !== 'get') throw new TypeError(expected('acknowledge', "'taskDone' or 'get'", how));
    this.#isKept = how === 'taskDone';
    this.maxSize = Math.max(maxSize, 0);
    this.#values = new Values(`queue ${name}`, options);
    this.#remote = new QueueRemote(this.#object, this.maxSize);
    this.#hands = new Hands(this.#remote, readLease(options?.lease ?? longestDefaultLease));
    this.#putters = new Putters(this.#remote);
    this.#getters = new Getters(this.#remote, this.#hands, this.#values);
    this.#object.onClose = async () => {
      const error = new InvalidStateError(`this handle on the ${this.#remote.title} was closed while the call waited`);
      this.#putters.end(error);
      this.#getters.end(error);
      await this.#hands.close();
    };
  }

  /**
   * Puts an item, and waits for room. The item is encoded during the call: later changes are not seen.
   *
   * @param options milliseconds, or `{ timeout, signal, block }`; indefinitely by default
   * @throws Full if there was no room in time, or there is none with `block: false`
   * @throws ShutDown if the queue is shut down, or was meanwhile
   * @throws SerializationError if the item cannot cross to another machine; the queue is as it was
   * @throws BackendLost if the server cannot be reached
   */
  async put(item: T, options?: number | DistributedBlockOptions): Promise<void> {
    const wait = readBlock(options);
    return this.#putters.put([this.#values.pack(item, 'item')], wait, false);
  }

  /** Puts an item if there is room. @throws Full if there is none, and as `put` */
  putNowait(item: T): Promise<void> {
    return this.put(item, 0);
  }

  /**
   * Puts items one after the other; no other put of this handle comes between them.
   *
   * @throws Full, ShutDown, BackendLost as `put`; `error.count` of them are known to be in
   * @throws SerializationError if one cannot cross; then none went in
   */
  async putMany(items: Iterable<T>, options?: number | DistributedBlockOptions): Promise<void> {
    const wait = readBlock(options);
    if (typeof (items as Iterable<T> | null | undefined)?.[Symbol.iterator] !== 'function')
      throw new TypeError(expected('items', 'an iterable', items));
    const packed = Array.from(items, (item, i) => this.#values.pack(item, `items[${i}]`));
    if (packed.length > 0) return this.#putters.put(packed, wait, true);
    wait.signal?.throwIfAborted();
    if (await this.isShutDown) throw new ShutDown(`the ${this.#remote.title} is shut down`);
  }

  /**
   * Takes the first item, and waits for one.
   *
   * @param options milliseconds, or `{ timeout, signal, block }`; indefinitely by default
   * @throws Empty if none came in time, or none is there with `block: false`
   * @throws ShutDown if the queue is shut down and has no more items
   * @throws BackendLost if the server cannot be reached
   */
  async get(options?: number | DistributedBlockOptions): Promise<T> {
    const [item] = await this.#take(1, options, true);
    return item!.value as T;
  }

  /** Takes the first item if there is one. @throws Empty if there is none, and as `get` */
  getNowait(): Promise<T> {
    return this.get(0);
  }

  /**
   * Waits for one item, and takes what is there then.
   *
   * @param max how many at most, an integer >= 1, or `Infinity`; one request brings up to 512
   * @throws as `get`
   */
  async getMany(max: number, options?: number | DistributedBlockOptions): Promise<T[]> {
    if (max !== Infinity) checkInteger(max, 'max', 1);
    const items = await this.#take(max, options, true);
    return items.map(({ value }) => value as T);
  }

  /** As `get`, and gives what is known of the item; its own `done()` marks it, not `taskDone()`. @throws as `get` */
  async receive(options?: number | DistributedBlockOptions): Promise<Delivery<T>> {
    const [item] = await this.#take(1, options, false);
    const { id, value, deliveries } = item!;
    let done: Promise<void> | undefined;
    return {
      value: value as T,
      deliveries,
      done: () => (done ??= this.#isKept ? this.#hands.done(id, true) : this.taskDone()),
      putBack: () => {
        if (!this.#isKept)
          throw new InvalidStateError('putBack() of an item that has left the server: the queue has { acknowledge: "get" } here');
        if (done !== undefined) throw new InvalidStateError('putBack() of an item that is done');
        this.#hands.putBack([id]);
        done = Promise.resolve();
      },
    };
  }

  async #take(max: number, options: number | DistributedBlockOptions | undefined, isPlain: boolean): Promise<Delivered[]> {
    const items = await this.#getters.get(max, readBlock(options), isPlain);
    if (!this.#isKept) await Promise.all(items.map(({ id }) => this.#hands.done(id, false)));
    return items;
  }

  /** Items that are there now, without those in the hands of consumers. Others may take some before the answer is used. */
  async qsize(): Promise<number> {
    return (await this.statistics()).size;
  }

  /** True while no item is there. */
  async empty(): Promise<boolean> {
    return (await this.qsize()) === 0;
  }

  /** True while there is no room for an item. */
  async full(): Promise<boolean> {
    return this.maxSize > 0 && (await this.qsize()) >= this.maxSize;
  }

  /** True when `shutdown` was called, by any handle. */
  get isShutDown(): Promise<boolean> {
    return this.#look().then((numbers) => numbers[8] === 1);
  }

  /**
   * Marks an item as processed: the one that this handle has had for longest, of those that `get`, `getMany` and iterations took. An item of `receive` is
   * marked by its own `done()`.
   *
   * @throws RangeError if this handle has no item
   * @throws LeaseLost if another consumer has the item now
   */
  async taskDone(): Promise<void> {
    if (this.#isKept) {
      const id = this.#hands.first();
      if (id === undefined) throw new RangeError('taskDone() was called more often than this handle took items');
      return this.#hands.done(id, true);
    }
    const [, isThere] = await this.#remote.call<number>(countScript, []);
    if (isThere === 0) throw new RangeError('taskDone() was called more often than items were put');
  }

  /**
   * Waits until all items that were put are processed: true; false after `timeout` ms. Items of consumers that died are processed by others.
   *
   * @throws BackendLost if the server cannot be reached
   */
  async join(options?: number | WaitOptions): Promise<boolean> {
    const { client, keys } = this.#object;
    const got = await this.#object.wait<true>(
      () => ({
        ask: async (): Promise<Answer<true>> => ((await this.#look())[4] === 0 ? { value: true } : { again: lookEvery }),
        listen: (look) => client.listen(keys[0] as string, look),
      }),
      options,
    );
    return got !== timedOut;
  }

  /**
   * Takes no more items, for all handles. `put` fails, also where it waits; `get` goes on until the queue is drained, then fails; iterations end.
   *
   * @param options `immediate`: the items that are there are thrown away. Default false
   */
  async shutdown(options?: { readonly immediate?: boolean | undefined }): Promise<void> {
    checkOptions(options, 'options', ['immediate']);
    checkBoolean(options?.immediate, 'immediate');
    await this.#remote.call(shutdownScript, [options?.immediate === true ? 1 : 0]);
  }

  /** `for await` takes items until the queue is shut down and drained. Leaving the loop withdraws the pending get. */
  [Symbol.asyncIterator](): AsyncItemIterator<T> {
    const left = new AbortController();
    let isOver = false;
    const end = { done: true, value: undefined } as const;
    const iterator: AsyncItemIterator<T> = {
      next: async () => {
        if (isOver) return end;
        try {
          return { done: false, value: await this.get({ signal: left.signal }) };
        } catch (error) {
          if (!isOver && !(error instanceof ShutDown)) throw error;
          isOver = true;
          return end;
        }
      },
      return: () => {
        isOver = true;
        left.abort(new Empty('the loop was left'));
        return Promise.resolve(end);
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** The present state in numbers. */
  async statistics(): Promise<DistributedQueueStatistics> {
    const [size = 0, maxSize = 0, puts = 0, gets = 0, unfinishedTasks = 0, inHand = 0, waitingGetters = 0, waitingPutters = 0] =
      await this.#look();
    return { size, maxSize, puts, gets, unfinishedTasks, inHand, waitingGetters, waitingPutters };
  }

  async #look(): Promise<number[]> {
    const [, numbers] = await this.#remote.call<number[]>(lookScript, []);
    return numbers;
  }
}
travelByName(DistributedQueue, handlesFile);

function readBlock(options: number | DistributedBlockOptions | undefined): WaitOptions {
  const read = readWaitOptions(options, blockKeys);
  if (typeof options !== 'object') return read;
  checkBoolean(options.block, 'block');
  return options.block === false ? { ...read, timeout: 0 } : read;
}
