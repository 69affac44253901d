/** Objects in a process of their own, shared by proxies. Source: multiprocessing.Manager */

import { LifoQueue, type PriorityItem, PriorityQueue, Queue, SimpleQueue } from '../channel/index.ts';
import { checkFunction, checkOptions, checkTimeout, expected } from '../check.ts';
import { captureSite, travelByName } from '../codec/index.ts';
import { InvalidStateError, ProcessError, UnsupportedPlatformError } from '../errors.ts';
import { me } from '../memory/index.ts';
import { type MapOptions, Pool, type PoolOptions } from '../pool/index.ts';
import { sharingMissing } from '../platform/index.ts';
import { Process, startInBackground } from '../process/index.ts';
import { TypeError } from '../refusals.ts';
import { SharedArray, type SharedOptions, type TypeCode, Value } from '../shared/index.ts';
import { startMethod } from '../worker/ground.ts';
import {
  Barrier,
  type BarrierOptions,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  type LockOptions,
  RLock,
  Semaphore,
  type SemaphoreOptions,
} from '../sync/index.ts';
import type { DictKey, ManagedDict, ManagedList, ManagedNamespace } from './managed.ts';
import type { ManagedSet } from './managed-set.ts';
import { type Client, clientOf, CREATE, MANAGER, type Request, SHUTDOWN, STATISTICS } from '../proxy/index.ts';
import { type Registered, Server } from './server.ts';
import type { Proxy } from './types.ts';

/** A dictionary that a manager keeps. Source: multiprocessing.managers.DictProxy */
export type DictProxy<K = DictKey, V = unknown> = Omit<Proxy<ManagedDict<K, V>>, 'update' | 'updateSync'> & {
  /** Runs `fn` at the manager with the value of the key, and sets what it returns, with nothing of others in between. Gives that. */
  update(key: K, fn: (value: V | undefined) => V): Promise<V>;
  /** Sets all entries. */
  update(entries: Iterable<readonly [K, V]> | Readonly<Record<string, V>>): Promise<void>;
  updateSync(key: K, fn: (value: V | undefined) => V): V;
  updateSync(entries: Iterable<readonly [K, V]> | Readonly<Record<string, V>>): void;
};
/** A list that a manager keeps. Source: multiprocessing.managers.ListProxy */
export type ListProxy<T = unknown> = Proxy<ManagedList<T>>;
/** A set that a manager keeps. Source: multiprocessing.managers.SetProxy */
export type SetProxy<T = DictKey> = Proxy<ManagedSet<T>>;
/** Names and values that a manager keeps. Source: multiprocessing.managers.NamespaceProxy */
export type NamespaceProxy = Proxy<ManagedNamespace>;
/** A pool in the process of a manager. Source: multiprocessing.managers.PoolProxy */
export type PoolProxy = Omit<Proxy<Pool>, 'apply' | 'map' | 'starmap' | 'imap' | 'imapUnordered'> & {
  apply<A extends unknown[], R>(fn: (...args: A) => R, args?: A): Promise<Awaited<R>>;
  map<T, R>(fn: (item: T) => R, items: Iterable<T>, options?: MapOptions): Promise<Awaited<R>[]>;
  starmap<A extends unknown[], R>(fn: (...args: A) => R, tuples: Iterable<A>, options?: MapOptions): Promise<Awaited<R>[]>;
  imap<T, R>(fn: (item: T) => R, items: Iterable<T>, options?: MapOptions): Promise<AsyncIterable<Awaited<R>>>;
  imapUnordered<T, R>(fn: (item: T) => R, items: Iterable<T>, options?: MapOptions): Promise<AsyncIterable<Awaited<R>>>;
};

/** A manager in numbers. */
export interface ManagerStatistics {
  /** Objects that it keeps: those with proxies, and up to half a second more. */
  readonly objects: number;
  /** Threads that have called it and live. */
  readonly clients: number;
}

/** Options of {@link Manager.register}. */
export interface RegisterOptions {
  /** Names of methods and properties that proxies have. Default: all that do not begin with `_`, and iteration. */
  readonly exposed?: readonly string[] | undefined;
}

/** Options of {@link Manager.start}. */
export interface ManagerOptions<A extends unknown[] = unknown[]> {
  /** Runs in the manager's process before anything else. */
  readonly initializer?: ((...args: A) => unknown) | undefined;
  /** Its arguments. */
  readonly initArgs?: A | undefined;
}

type AnyClass = abstract new (...args: any[]) => object;

/** What a manager's process makes without `register`. */
const ownTypes: ReadonlySet<string> = new Set(['dict', 'list', 'set', 'Namespace', 'Pool']);
const registry = new Map<string, Registered>();
let count = 0;
let isMaking = false;

/** What runs in the manager's process. */
export async function serveManager(
  requests: Queue<Request>,
  started: SimpleQueue<readonly [number, unknown?]>,
  classes: ReadonlyMap<string, Registered>,
  initializer: ((...args: any[]) => unknown) | undefined,
  initArgs: readonly unknown[],
): Promise<void> {
  const server = new Server(requests, new Map([...classes, ['Pool', { Class: Pool }]]));
  try {
    await initializer?.(...initArgs);
  } catch (error) {
    await started.put([0, error]);
    return;
  }
  await started.put([me]);
  await server.serve();
  // Whatever its objects still do ends with it.
  process.exit();
}

travelByName(serveManager, 'manager/index.js');

/**
 * A process that keeps objects, and the proxies by which threads and processes share them. A proxy is a handle: it can be an argument, a captured variable, an
 * item of a queue, or a value in another object of the manager. The object goes with its last proxy.
 *
 * Calls are atomic: between the calls of all proxies nothing overlaps, but where a method waits. `update(key, fn)` changes a value in one step.
 *
 * Source: multiprocessing.Manager
 *
 * @example
 * ```ts
 * import { Manager, Process } from 'heddle';
 *
 * await using manager = await Manager.start();
 * const counts = await manager.dict<string, number>();
 * const children = ['a', 'b', 'a'].map((word) =>
 *   new Process({
 *     target: () => {
 *       counts.updateSync(word, (n = 0) => n + 1);
 *     },
 *   }).start(),
 * );
 * for (const child of children) await child.join();
 * console.log(await counts.get('a'), await counts.size); // prints: 2 2
 * ```
 */
export class Manager implements AsyncDisposable {
  readonly #requests: Queue<any>;
  readonly #process: Process<any>;
  readonly #client: Client;
  #ending: Promise<void> | undefined;

  /** @throws TypeError always: `Manager.start` makes managers */
  private constructor(requests: Queue<any>, server: number, process: Process<any>) {
    if (!isMaking) throw new TypeError('expected Manager.start() to make managers, got new Manager()');
    this.#requests = requests;
    this.#process = process;
    this.#client = clientOf(requests, server);
  }

  /**
   * Starts a manager's process, which ends with this program at the latest.
   *
   * @throws what its initializer has thrown; ProcessError if it ended before it was ready; UnsupportedPlatformError without native calls
   */
  static async start<A extends unknown[] = unknown[]>(options: ManagerOptions<A> = {}): Promise<Manager> {
    checkOptions(options, 'the options of a Manager', ['initializer', 'initArgs']);
    const { initializer, initArgs = [] } = options;
    if (initializer !== undefined) checkFunction(initializer, 'initializer');
    if (!Array.isArray(initArgs)) throw new TypeError(expected('initArgs', 'an array', initArgs));
    const missing = startMethod() === 'thread' ? undefined : sharingMissing();
    if (missing !== undefined) throw new UnsupportedPlatformError(`a manager's process is called over shared memory: ${missing}`);
    const requests = new Queue<Request>();
    const started = new SimpleQueue<readonly [number, unknown?]>();
    const process = new Process({
      target: serveManager,
      args: [requests, started, registry, initializer, initArgs] as never,
      name: `Manager-${(count += 1)}`,
      daemon: false,
    });
    startInBackground(process);
    const ended = process.sentinel.then((): readonly [number, unknown?] => {
      // Calls that come now fail at once.
      requests.shutdown({ immediate: true });
      return [0, new ProcessError(`${process.name} ended before it was ready: exit code ${process.exitCode}`)];
    });
    const [server, error] = await Promise.race([started.get(), ended]);
    if (server === 0) throw error;
    isMaking = true;
    try {
      return new Manager(requests, server, process);
    } finally {
      isMaking = false;
    }
  }

  /**
   * Lets managers that are started from now on make objects of a class by `create(name)`. A manager that runs already gets it with the first `create`.
   *
   * @throws TypeError if it is no class, or the name is taken by a type that comes with managers
   */
  static register(name: string, Class: AnyClass, options: RegisterOptions = {}): void {
    if (typeof name !== 'string' || name === '') throw new TypeError(expected('name', 'a name', name));
    if (ownTypes.has(name)) throw new TypeError(expected('name', 'none of a type that comes with managers', name));
    if (typeof Class !== 'function' || typeof Class.prototype !== 'object') throw new TypeError(expected('Class', 'a class', Class));
    checkOptions(options, 'the options of register()', ['exposed']);
    if (options.exposed !== undefined && !Array.isArray(options.exposed))
      throw new TypeError(expected('exposed', 'an array of names', options.exposed));
    registry.set(name, { Class, exposed: options.exposed });
  }

  #check(verb: string): void {
    if (this.#ending !== undefined) throw new InvalidStateError(`Manager.${verb}(): the manager is shut down`);
  }

  async #make(name: string, args: readonly unknown[], above: (...args: any[]) => unknown): Promise<never> {
    this.#check(name);
    return await (this.#client.call(
      MANAGER,
      CREATE,
      [name, args, registry.get(name)],
      `Manager.${name}`,
      captureSite(above),
    ) as Promise<never>);
  }

  #makeSync(name: string, args: readonly unknown[], above: (...args: any[]) => unknown): never {
    this.#check(`${name}Sync`);
    return this.#client.callSync(MANAGER, CREATE, [name, args, registry.get(name)], `Manager.${name}`, above) as never;
  }

  /** Makes a dictionary. @param init an object, a Map, or an iterable of pairs */
  dict<K = DictKey, V = unknown>(init?: Iterable<readonly [K, V]>): Promise<DictProxy<K, V>>;
  dict<K = string, V = unknown>(init: Readonly<Record<string, V>>): Promise<DictProxy<K, V>>;
  dict(init?: unknown): Promise<DictProxy<any, any>> {
    return this.#make('dict', [init], this.dict);
  }

  /** As `dict`, and blocks the thread. */
  dictSync<K = DictKey, V = unknown>(init?: Iterable<readonly [K, V]>): DictProxy<K, V>;
  dictSync<K = string, V = unknown>(init: Readonly<Record<string, V>>): DictProxy<K, V>;
  dictSync(init?: unknown): DictProxy<any, any> {
    return this.#makeSync('dict', [init], this.dictSync);
  }

  /** Makes a list. @param init its items */
  list<T = unknown>(init?: Iterable<T>): Promise<ListProxy<T>> {
    return this.#make('list', [init], this.list);
  }

  /** As `list`, and blocks the thread. */
  listSync<T = unknown>(init?: Iterable<T>): ListProxy<T> {
    return this.#makeSync('list', [init], this.listSync);
  }

  /** Makes a set. @param init its items */
  set<T = DictKey>(init?: Iterable<T>): Promise<SetProxy<T>> {
    return this.#make('set', [init], this.set);
  }

  /** As `set`, and blocks the thread. */
  setSync<T = DictKey>(init?: Iterable<T>): SetProxy<T> {
    return this.#makeSync('set', [init], this.setSync);
  }

  /** Makes a namespace. @param init names and values to begin with */
  Namespace(init?: Readonly<Record<string, unknown>>): Promise<NamespaceProxy> {
    return this.#make('Namespace', [init], this.Namespace);
  }

  /** As `Namespace`, and blocks the thread. */
  NamespaceSync(init?: Readonly<Record<string, unknown>>): NamespaceProxy {
    return this.#makeSync('Namespace', [init], this.NamespaceSync);
  }

  /** Makes a pool in the process of the manager; its functions run in processes that this starts. @param processes as `Pool` takes it */
  Pool(processes?: number | PoolOptions): Promise<PoolProxy> {
    return this.#make('Pool', [processes], this.Pool);
  }

  /** As `Pool`, and blocks the thread. */
  PoolSync(processes?: number | PoolOptions): PoolProxy {
    return this.#makeSync('Pool', [processes], this.PoolSync);
  }

  /** Makes a `Queue`. It lies in shared memory, not at the manager: each call of it is as fast as of one that was made without a manager. */
  Queue<T = unknown>(maxSize?: number): Promise<Queue<T>> {
    return this.#local('Queue', () => new Queue<T>(maxSize));
  }

  /** As `Queue`, at once. */
  QueueSync<T = unknown>(maxSize?: number): Queue<T> {
    this.#check('QueueSync');
    return new Queue<T>(maxSize);
  }

  /** Makes a `JoinableQueue`. It lies in shared memory, not at the manager: each call of it is as fast as of one that was made without a manager. */
  JoinableQueue<T = unknown>(maxSize?: number): Promise<Queue<T>> {
    return this.#local('JoinableQueue', () => new Queue<T>(maxSize));
  }

  /** As `JoinableQueue`, at once. */
  JoinableQueueSync<T = unknown>(maxSize?: number): Queue<T> {
    this.#check('JoinableQueueSync');
    return new Queue<T>(maxSize);
  }

  /** Makes a `LifoQueue`. It lies in shared memory, not at the manager: each call of it is as fast as of one that was made without a manager. */
  LifoQueue<T = unknown>(maxSize?: number): Promise<LifoQueue<T>> {
    return this.#local('LifoQueue', () => new LifoQueue<T>(maxSize));
  }

  /** As `LifoQueue`, at once. */
  LifoQueueSync<T = unknown>(maxSize?: number): LifoQueue<T> {
    this.#check('LifoQueueSync');
    return new LifoQueue<T>(maxSize);
  }

  /** Makes a `PriorityQueue`. It lies in shared memory, not at the manager: each call of it is as fast as of one that was made without a manager. */
  PriorityQueue<T extends PriorityItem = PriorityItem>(maxSize?: number): Promise<PriorityQueue<T>> {
    return this.#local('PriorityQueue', () => new PriorityQueue<T>(maxSize));
  }

  /** As `PriorityQueue`, at once. */
  PriorityQueueSync<T extends PriorityItem = PriorityItem>(maxSize?: number): PriorityQueue<T> {
    this.#check('PriorityQueueSync');
    return new PriorityQueue<T>(maxSize);
  }

  /** Makes a `Lock`. It lies in shared memory, not at the manager: each call of it is as fast as of one that was made without a manager. */
  Lock(options?: LockOptions): Promise<Lock> {
    return this.#local('Lock', () => new Lock(options));
  }

  /** As `Lock`, at once. */
  LockSync(options?: LockOptions): Lock {
    this.#check('LockSync');
    return new Lock(options);
  }

  /** Makes an `RLock`. It lies in shared memory, not at the manager: each call of it is as fast as of one that was made without a manager. */
  RLock(options?: LockOptions): Promise<RLock> {
    return this.#local('RLock', () => new RLock(options));
  }

  /** As `RLock`, at once. */
  RLockSync(options?: LockOptions): RLock {
    this.#check('RLockSync');
    return new RLock(options);
  }

  /** Makes a `Semaphore`. It lies in shared memory, not at the manager: each call of it is as fast as of one that was made without a manager. */
  Semaphore(value?: number, options?: SemaphoreOptions): Promise<Semaphore> {
    return this.#local('Semaphore', () => new Semaphore(value, options));
  }

  /** As `Semaphore`, at once. */
  SemaphoreSync(value?: number, options?: SemaphoreOptions): Semaphore {
    this.#check('SemaphoreSync');
    return new Semaphore(value, options);
  }

  /** Makes a `BoundedSemaphore`. It lies in shared memory, not at the manager: each call of it is as fast as of one that was made without a manager. */
  BoundedSemaphore(value?: number, options?: SemaphoreOptions): Promise<BoundedSemaphore> {
    return this.#local('BoundedSemaphore', () => new BoundedSemaphore(value, options));
  }

  /** As `BoundedSemaphore`, at once. */
  BoundedSemaphoreSync(value?: number, options?: SemaphoreOptions): BoundedSemaphore {
    this.#check('BoundedSemaphoreSync');
    return new BoundedSemaphore(value, options);
  }

  /** Makes a `Condition`. It lies in shared memory, not at the manager: each call of it is as fast as of one that was made without a manager. */
  Condition(lock?: Lock | RLock): Promise<Condition> {
    return this.#local('Condition', () => new Condition(lock));
  }

  /** As `Condition`, at once. */
  ConditionSync(lock?: Lock | RLock): Condition {
    this.#check('ConditionSync');
    return new Condition(lock);
  }

  /** Makes an `Event`. It lies in shared memory, not at the manager: each call of it is as fast as of one that was made without a manager. */
  Event(): Promise<Event> {
    return this.#local('Event', () => new Event());
  }

  /** As `Event`, at once. */
  EventSync(): Event {
    this.#check('EventSync');
    return new Event();
  }

  /** Makes a `Barrier`. It lies in shared memory, not at the manager: each call of it is as fast as of one that was made without a manager. */
  Barrier(parties: number, options?: BarrierOptions): Promise<Barrier> {
    return this.#local('Barrier', () => new Barrier(parties, options));
  }

  /** As `Barrier`, at once. */
  BarrierSync(parties: number, options?: BarrierOptions): Barrier {
    this.#check('BarrierSync');
    return new Barrier(parties, options);
  }

  /** Makes a `Value`; it lies in shared memory, as the queues and locks do. */
  Value<T extends TypeCode>(type: T, initial?: ConstructorParameters<typeof Value<T>>[1], options?: SharedOptions): Promise<Value<T>> {
    return this.#local('Value', () => new Value<T>(type, initial, options));
  }

  /** As `Value`, at once. */
  ValueSync<T extends TypeCode>(type: T, initial?: ConstructorParameters<typeof Value<T>>[1], options?: SharedOptions): Value<T> {
    this.#check('ValueSync');
    return new Value<T>(type, initial, options);
  }

  /** Makes a `SharedArray`; it lies in shared memory, as the queues and locks do. */
  Array<T extends TypeCode>(
    type: T,
    sizeOrInit: ConstructorParameters<typeof SharedArray<T>>[1],
    options?: SharedOptions,
  ): Promise<SharedArray<T>> {
    return this.#local('Array', () => new SharedArray<T>(type, sizeOrInit, options));
  }

  /** As `Array`, at once. */
  ArraySync<T extends TypeCode>(
    type: T,
    sizeOrInit: ConstructorParameters<typeof SharedArray<T>>[1],
    options?: SharedOptions,
  ): SharedArray<T> {
    this.#check('ArraySync');
    return new SharedArray<T>(type, sizeOrInit, options);
  }

  #local<T>(name: string, make: () => T): Promise<T> {
    try {
      this.#check(name);
      return Promise.resolve(make());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Makes an object of a registered class at the manager.
   *
   * @throws TypeError if no class is registered under that name; what its constructor throws
   */
  async create<T extends object = any>(name: string, ...args: unknown[]): Promise<Proxy<T>> {
    checkRegistered(name);
    return await this.#make(name, args, this.create);
  }

  /** As `create`, and blocks the thread. */
  createSync<T extends object = any>(name: string, ...args: unknown[]): Proxy<T> {
    checkRegistered(name);
    return this.#makeSync(name, args, this.createSync);
  }

  /** Its present state in numbers. */
  async statistics(): Promise<ManagerStatistics> {
    this.#check('statistics');
    const [objects, clients] = (await this.#client.call(MANAGER, STATISTICS, [], 'Manager.statistics', captureSite(this.statistics))) as [
      number,
      number,
    ];
    return { objects, clients };
  }

  /** Process id of the manager. */
  get pid(): number | null {
    return this.#process.pid;
  }

  /**
   * Ends the manager. Calls that come later fail with `EOFError`, and so do those that wait. Twice is no error.
   *
   * @param timeout milliseconds until its process is ended by force. Default 1000
   */
  shutdown(timeout: number = 1000): Promise<void> {
    return (this.#ending ??= this.#end(checkTimeout(timeout)));
  }

  async #end(timeout: number): Promise<void> {
    if (this.#process.isAlive()) {
      const told = this.#client.call(MANAGER, SHUTDOWN, [], 'Manager.shutdown', captureSite(this.shutdown));
      // It may have died meanwhile.
      told.catch(() => {});
    }
    if (!(await this.#process.join(timeout))) this.#process.kill();
    await this.#process.join();
    this.#requests.shutdown({ immediate: true });
  }

  /** As `shutdown`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

function checkRegistered(name: string): void {
  if (!registry.has(name))
    throw new TypeError(expected('name', `a registered one (${[...registry.keys()].join(', ') || 'none is'})`, name));
}
