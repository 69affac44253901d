/** A manager of another program, over a connection. Source: multiprocessing.managers.BaseManager.connect */

import type { PriorityItem } from '../channel/index.ts';
import { checkOptions } from '../check.ts';
import { type ConnectionAddress, type ListenerAddress, readAddress, readAuthkey } from '../connection/index.ts';
import { InvalidStateError } from '../errors.ts';
import type { WaitOptions } from '../loop/index.ts';
import { connected, type Link } from '../proxy/index.ts';
import { TypeError } from '../refusals.ts';
import type { SharedArray, TypeCode, Value } from '../shared/index.ts';
import type { BarrierOptions, LockOptions, RLock, Semaphore, SemaphoreOptions } from '../sync/index.ts';
import { BaseManager } from './base.ts';
import type { AcquirerProxy, ArrayProxy, BarrierProxy, ConditionProxy, EventProxy, QueueProxy, ValueProxy } from './remote-types.ts';

/** Options of `Manager.connect`. */
export interface ConnectOptions extends WaitOptions {
  /** Where the manager listens: its `address`. */
  readonly address: ConnectionAddress;
  /** The secret that it was started with. */
  readonly authkey: Uint8Array;
  /** Milliseconds until the connection must be there and proved. Default 30,000. */
  readonly timeout?: number | undefined;
}

/** As those of `Value` and `SharedArray`; a lock is one of the manager. */
export interface NumbersOptions {
  /** The lock of `update`: `true` (default) makes a `Lock`; `false`: none; or a proxy of a lock. */
  readonly lock?: boolean | AcquirerProxy | AcquirerProxy<RLock> | undefined;
}

const defaultTimeout = 30_000;
let isMaking = false;

/**
 * A manager of another program, which need not share memory with this one: the result of `Manager.connect`. Its proxies call the manager
 * over one connection of this thread. Locks and queues are proxies, too, and their calls run at the manager.
 *
 * Source: multiprocessing.managers.BaseManager
 *
 * @example
 * ```ts
 * import { Manager } from 'heddle';
 *
 * const authkey = Buffer.from('both programs know this');
 * await using manager = await Manager.start({ authkey });
 * // In another program, which knows the address and the key:
 * using remote = await Manager.connect({ address: manager.address!, authkey });
 * const dict = await remote.dict<string, number>();
 * await dict.set('a', 1);
 * console.log(dict.getSync('a')); // prints: 1
 * ```
 */
export class RemoteManager extends BaseManager implements AsyncDisposable, Disposable {
  readonly #link: Link;
  #isClosed = false;

  /** @throws TypeError always: `Manager.connect` makes them */
  private constructor(link: Link) {
    if (!isMaking) throw new TypeError('expected Manager.connect() to make managers, got new RemoteManager()');
    super(link);
    this.#link = link;
  }

  /** As `Manager.connect`. */
  static async connect(options: ConnectOptions): Promise<RemoteManager> {
    checkOptions(options, 'the options of Manager.connect()', ['address', 'authkey', 'timeout', 'signal']);
    const { address, authkey, timeout = defaultTimeout, signal } = (options as ConnectOptions | undefined) ?? ({} as ConnectOptions);
    const place = { address: readAddress(address, 1), authkey: readAuthkey(authkey) };
    const link = await connected(place, { timeout, signal }, RemoteManager.connect);
    isMaking = true;
    try {
      return new RemoteManager(link);
    } finally {
      isMaking = false;
    }
  }

  /** Checks that the connection is open. */
  protected check(verb: string): void {
    if (this.#isClosed) throw new InvalidStateError(`Manager.${verb}(): the connection to the manager was closed here`);
  }

  /** Where the manager listens. */
  get address(): ListenerAddress {
    return this.#link.place.address;
  }

  /** True: it was closed here, or the manager has ended. */
  get closed(): boolean {
    return this.#isClosed || !this.#link.isOpen;
  }

  /** Makes a `Queue` at the manager. */
  Queue<T = unknown>(maxSize?: number): Promise<QueueProxy<T>> {
    return this.make('Queue', [maxSize], this.Queue);
  }

  /** As `Queue`, and blocks the thread. */
  QueueSync<T = unknown>(maxSize?: number): QueueProxy<T> {
    return this.makeSync('Queue', [maxSize], this.QueueSync);
  }

  /** Makes a `JoinableQueue` at the manager. */
  JoinableQueue<T = unknown>(maxSize?: number): Promise<QueueProxy<T>> {
    return this.make('JoinableQueue', [maxSize], this.JoinableQueue);
  }

  /** As `JoinableQueue`, and blocks the thread. */
  JoinableQueueSync<T = unknown>(maxSize?: number): QueueProxy<T> {
    return this.makeSync('JoinableQueue', [maxSize], this.JoinableQueueSync);
  }

  /** Makes a `LifoQueue` at the manager. */
  LifoQueue<T = unknown>(maxSize?: number): Promise<QueueProxy<T>> {
    return this.make('LifoQueue', [maxSize], this.LifoQueue);
  }

  /** As `LifoQueue`, and blocks the thread. */
  LifoQueueSync<T = unknown>(maxSize?: number): QueueProxy<T> {
    return this.makeSync('LifoQueue', [maxSize], this.LifoQueueSync);
  }

  /** Makes a `PriorityQueue` at the manager. */
  PriorityQueue<T extends PriorityItem = PriorityItem>(maxSize?: number): Promise<QueueProxy<T>> {
    return this.make('PriorityQueue', [maxSize], this.PriorityQueue);
  }

  /** As `PriorityQueue`, and blocks the thread. */
  PriorityQueueSync<T extends PriorityItem = PriorityItem>(maxSize?: number): QueueProxy<T> {
    return this.makeSync('PriorityQueue', [maxSize], this.PriorityQueueSync);
  }

  /** Makes a `Lock` at the manager. A connection has it as a thread has it: it goes on when the connection ends. */
  Lock(options?: LockOptions): Promise<AcquirerProxy> {
    return this.make('Lock', [options], this.Lock);
  }

  /** As `Lock`, and blocks the thread. */
  LockSync(options?: LockOptions): AcquirerProxy {
    return this.makeSync('Lock', [options], this.LockSync);
  }

  /** Makes a `RLock` at the manager. All of a connection is one scope of it. */
  RLock(options?: LockOptions): Promise<AcquirerProxy<RLock>> {
    return this.make('RLock', [options], this.RLock);
  }

  /** As `RLock`, and blocks the thread. */
  RLockSync(options?: LockOptions): AcquirerProxy<RLock> {
    return this.makeSync('RLock', [options], this.RLockSync);
  }

  /** Makes a `Semaphore` at the manager. */
  Semaphore(value?: number, options?: SemaphoreOptions): Promise<AcquirerProxy<Semaphore>> {
    return this.make('Semaphore', [value, options], this.Semaphore);
  }

  /** As `Semaphore`, and blocks the thread. */
  SemaphoreSync(value?: number, options?: SemaphoreOptions): AcquirerProxy<Semaphore> {
    return this.makeSync('Semaphore', [value, options], this.SemaphoreSync);
  }

  /** Makes a `BoundedSemaphore` at the manager. */
  BoundedSemaphore(value?: number, options?: SemaphoreOptions): Promise<AcquirerProxy<Semaphore>> {
    return this.make('BoundedSemaphore', [value, options], this.BoundedSemaphore);
  }

  /** As `BoundedSemaphore`, and blocks the thread. */
  BoundedSemaphoreSync(value?: number, options?: SemaphoreOptions): AcquirerProxy<Semaphore> {
    return this.makeSync('BoundedSemaphore', [value, options], this.BoundedSemaphoreSync);
  }

  /** Makes a `Condition` at the manager. @param lock one of this manager; default a new one */
  Condition(lock?: AcquirerProxy | AcquirerProxy<RLock>): Promise<ConditionProxy> {
    return this.make('Condition', [lock], this.Condition);
  }

  /** As `Condition`, and blocks the thread. */
  ConditionSync(lock?: AcquirerProxy | AcquirerProxy<RLock>): ConditionProxy {
    return this.makeSync('Condition', [lock], this.ConditionSync);
  }

  /** Makes an `Event` at the manager. */
  Event(): Promise<EventProxy> {
    return this.make('Event', [], this.Event);
  }

  /** As `Event`, and blocks the thread. */
  EventSync(): EventProxy {
    return this.makeSync('Event', [], this.EventSync);
  }

  /** Makes a `Barrier` at the manager. */
  Barrier(parties: number, options?: BarrierOptions): Promise<BarrierProxy> {
    return this.make('Barrier', [parties, options], this.Barrier);
  }

  /** As `Barrier`, and blocks the thread. */
  BarrierSync(parties: number, options?: BarrierOptions): BarrierProxy {
    return this.makeSync('Barrier', [parties, options], this.BarrierSync);
  }

  /** Makes a `Value` at the manager. */
  Value<T extends TypeCode>(
    type: T,
    initial?: ConstructorParameters<typeof Value<T>>[1],
    options?: NumbersOptions,
  ): Promise<ValueProxy<T>> {
    return this.make('Value', [type, initial, options], this.Value);
  }

  /** As `Value`, and blocks the thread. */
  ValueSync<T extends TypeCode>(type: T, initial?: ConstructorParameters<typeof Value<T>>[1], options?: NumbersOptions): ValueProxy<T> {
    return this.makeSync('Value', [type, initial, options], this.ValueSync);
  }

  /** Makes a `SharedArray` at the manager. */
  Array<T extends TypeCode>(
    type: T,
    sizeOrInit: ConstructorParameters<typeof SharedArray<T>>[1],
    options?: NumbersOptions,
  ): Promise<ArrayProxy<T>> {
    return this.make('Array', [type, sizeOrInit, options], this.Array);
  }

  /** As `Array`, and blocks the thread. */
  ArraySync<T extends TypeCode>(
    type: T,
    sizeOrInit: ConstructorParameters<typeof SharedArray<T>>[1],
    options?: NumbersOptions,
  ): ArrayProxy<T> {
    return this.makeSync('Array', [type, sizeOrInit, options], this.ArraySync);
  }

  /**
   * Closes this thread's connection: its holdings are released, and pending and later calls fail. The manager goes on. A second call has no
   * effect.
   */
  close(): void {
    this.#isClosed = true;
    this.#link.close();
  }

  /** As `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}
