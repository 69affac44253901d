/** A queue without tasks. Source: multiprocessing.SimpleQueue, queue.SimpleQueue */

import { ItemIterator, type Operation } from '../loop/index.ts';
import type { AsyncItemIterator } from '../iteration.ts';
import { defineKind, type ObjectKind, SharedObject } from '../memory/index.ts';
import {
  type BlockOptions,
  type PutOptions,
  type PutSyncOptions,
  readBlockOptions,
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

/** For people, from the inside of the class. */
let describeQueue: (queue: SimpleQueue) => string;

const kind: ObjectKind = defineKind({
  number: ringKinds.simpleQueue,
  name: 'SimpleQueue',
  words: queueWords,
  refs: queueRefs,
  create: () => new SimpleQueue(),
  describe: (queue: SimpleQueue) => describeQueue(queue),
});

/** A simple queue in numbers. */
export interface SimpleQueueStatistics {
  /** Items that are there. */
  readonly size: number;
  /** Items that were ever put, modulo 2 ** 32. */
  readonly puts: number;
  /** Items that were ever taken, modulo 2 ** 32. */
  readonly gets: number;
  /** Items that were in the hands of a consumer that died while it took them. */
  readonly lost: number;
  /** Threads that wait for an item; the async waits of one thread count as one. */
  readonly waitingGetters: number;
}

/**
 * A `Queue` without a bound and without tasks: `put` never waits.
 *
 * Source: multiprocessing.SimpleQueue, queue.SimpleQueue
 *
 * @example
 * ```ts
 * import { SimpleQueue, Thread } from 'heddle';
 *
 * const queue = new SimpleQueue<string>();
 * new Thread({ target: () => queue.putSync('from a thread') }).start();
 * console.log(await queue.get()); // prints: from a thread
 * ```
 */
export class SimpleQueue<T = unknown> extends SharedObject implements AsyncIterable<T> {
  readonly #core: QueueCore<T>;

  static {
    giveReadiness(SimpleQueue, (queue: SimpleQueue) => coreReadiness(queue.#core, () => queue.#core.check('waitReady')));
    describeQueue = (queue) => {
      const { name, buffer, isClosed } = queue.#core;
      return `${name} with ${buffer.size} items${isClosed ? ', closed here' : ''}`;
    };
  }

  /** @throws HeddleError if the shared heap is full */
  constructor() {
    super(kind, (block) => {
      SharedBuffer.start(block, 0, false);
      RingStore.start(block);
    });
    this.#core = new QueueCore(this);
  }

  /** Puts an item; see `Queue.put`. There is always room. */
  put(item: T, options?: number | PutOptions): Operation<void> {
    const core = this.#core;
    core.check('put');
    return core.putOne(item, 'put', readBlockOptions(options, true), transferOf(options));
  }

  /** As `put`. */
  putSync(item: T, options?: number | PutSyncOptions): void {
    const core = this.#core;
    core.check('putSync');
    const timeout = readSyncOptions(options, true, 'put()');
    core.putSync([core.items.pack(item, transferOf(options))], 'putSync', this.putSync, timeout);
  }

  /** Takes the first item, and waits for one; see `Queue.get`. @throws Empty if none came in time */
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

  /** True while no item is there. */
  empty(): boolean {
    this.#core.check('empty');
    return this.#core.size === 0;
  }

  /** Closes this handle; see `Queue.close`. */
  close(): void {
    this.#core.close();
  }

  /** `for await` takes items without end. Leaving the loop withdraws the pending get. */
  [Symbol.asyncIterator](): AsyncItemIterator<T> {
    this.#core.check('[Symbol.asyncIterator]');
    return new ItemIterator(this.#core);
  }

  /** The present state in numbers. */
  statistics(): SimpleQueueStatistics {
    const { buffer } = this.#core;
    const { size } = this.#core;
    const { puts, gets, lost } = buffer;
    return { size, puts, gets, lost, waitingGetters: buffer.waiting().getters };
  }
}
