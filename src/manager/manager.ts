/** Objects in a process of their own, shared by proxies. Source: multiprocessing.Manager */

import { LifoQueue, type PriorityItem, PriorityQueue, Queue, SimpleQueue } from '../channel/index.ts';
import { checkFunction, checkOptions, checkTimeout, expected } from '../check.ts';
import { captureSite, joinStacks, travelByName } from '../codec/index.ts';
import { type ConnectionAddress, Listener, type ListenerAddress, readAddress, readAuthkey, SocketFile } from '../connection/index.ts';
import { InvalidStateError, ProcessError, UnsupportedPlatformError } from '../errors.ts';
import { me } from '../memory/index.ts';
import { Pool } from '../pool/index.ts';
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
import { clientOf, MANAGER, type QueueClient, type Request, SHUTDOWN } from '../proxy/index.ts';
import { BaseManager, registry } from './base.ts';
import { type ConnectOptions, RemoteManager } from './remote-manager.ts';
import { type Registered, Server } from './server.ts';

/** Options of {@link Manager.start}. */
export interface ManagerOptions<A extends unknown[] = unknown[]> {
  /** Runs in the manager's process before anything else. */
  readonly initializer?: ((...args: A) => unknown) | undefined;
  /** The arguments of the initializer. */
  readonly initArgs?: A | undefined;
  /**
   * Where other programs can connect, as for `Listener.listen`: a path of a Unix socket, or `{ host, port }`. Default: nowhere; with an `authkey` alone, a Unix
   * socket in a new folder.
   */
  readonly address?: ConnectionAddress | undefined;
  /** The secret that those programs must know. At least one byte. */
  readonly authkey?: Uint8Array | undefined;
}

/** Where a manager's process listens. */
interface Place {
  readonly address: ConnectionAddress | undefined;
  readonly authkey: Uint8Array;
}

type Started = readonly [server: number, what?: unknown];

let count = 0;
let isMaking = false;

/** The main function of the manager's process. */
export async function serveManager(
  requests: Queue<Request>,
  started: SimpleQueue<Started>,
  classes: ReadonlyMap<string, Registered>,
  initializer: ((...args: any[]) => unknown) | undefined,
  initArgs: readonly unknown[],
  place: Place | undefined,
): Promise<void> {
  const server = new Server(requests, new Map([...classes, ['Pool', { Class: Pool }]]));
  let listener: Listener | undefined;
  try {
    await initializer?.(...initArgs);
    if (place !== undefined) listener = await Listener.listen(place.address, { authkey: place.authkey });
  } catch (error) {
    await started.put([0, error]);
    return;
  }
  if (listener !== undefined) void admitAll(server, listener);
  await started.put([me, listener?.address]);
  await server.serve();
  // Ends the rest of what its objects do.
  process.exit();
}

async function admitAll(server: Server, listener: Listener): Promise<void> {
  for await (const connection of listener) server.admit(connection);
}

/** Resolves to the first of both. The wait for the queue ends then: it would keep the program alive. */
async function firstOf(started: SimpleQueue<Started>, ended: Promise<Started>): Promise<Started> {
  const controller = new AbortController();
  try {
    return await Promise.race([started.get({ signal: controller.signal }), ended]);
  } finally {
    controller.abort();
  }
}

travelByName(serveManager, 'manager/index.js');

/**
 * A process that keeps objects, and the proxies by which threads and processes share them. A proxy is a handle: it can be an argument, a
 * captured variable, an item of a queue, or a value in another object of the manager. The object ends with its last proxy.
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
export class Manager extends BaseManager implements AsyncDisposable {
  readonly #requests: Queue<any>;
  readonly #process: Process<any>;
  readonly #client: QueueClient;
  readonly #address: ListenerAddress | undefined;
  #ending: Promise<void> | undefined;

  /** @throws TypeError always: `Manager.start` makes managers */
  private constructor(requests: Queue<any>, server: number, process: Process<any>, address: ListenerAddress | undefined) {
    if (!isMaking) throw new TypeError('expected Manager.start() or Manager.connect() to make managers, got new Manager()');
    const client = clientOf(requests, server);
    super(client);
    this.#address = address;
    this.#requests = requests;
    this.#process = process;
    this.#client = client;
  }

  /**
   * Starts a manager's process, which ends with this program at the latest.
   *
   * @throws what its initializer has thrown; ProcessError if it ended before it was ready; UnsupportedPlatformError without native calls
   */
  static async start<A extends unknown[] = unknown[]>(options: ManagerOptions<A> = {}): Promise<Manager> {
    checkOptions(options, 'the options of a Manager', ['initializer', 'initArgs', 'address', 'authkey']);
    const { initializer, initArgs = [] } = options;
    const place = readPlace(options);
    if (initializer !== undefined) checkFunction(initializer, 'initializer');
    if (!Array.isArray(initArgs)) throw new TypeError(expected('initArgs', 'an array', initArgs));
    const missing = startMethod() === 'thread' ? undefined : sharingMissing();
    if (missing !== undefined) throw new UnsupportedPlatformError(`a manager's process is called over shared memory: ${missing}`);
    const site = captureSite(Manager.start);
    const requests = new Queue<Request>();
    const started = new SimpleQueue<Started>();
    const process = new Process({
      target: serveManager,
      args: [requests, started, registry, initializer, initArgs, place] as never,
      name: `Manager-${(count += 1)}`,
      daemon: false,
    });
    startInBackground(process);
    const ended = process.sentinel.then((): Started => {
      // Calls that come now fail at once.
      requests.shutdown({ immediate: true });
      return [0, new ProcessError(`${process.name} ended before it was ready: exit code ${process.exitCode}`)];
    });
    const [server, what] = await firstOf(started, ended);
    if (server === 0) {
      // Work that its initializer has begun may keep the process alive.
      if (process.isAlive()) process.kill();
      await process.join();
      joinStacks(what, site);
      throw what;
    }
    // The process is killed where this program ends first.
    const file = typeof what === 'string' ? new SocketFile(what, place?.address === undefined) : undefined;
    void process.sentinel.then(() => (process.exitCode === 0 ? file?.forget() : file?.remove()));
    isMaking = true;
    try {
      return new Manager(requests, server, process, what as ListenerAddress | undefined);
    } finally {
      isMaking = false;
    }
  }

  /**
   * Connects to a manager that another program has started with an `authkey`. This thread's proxies call it over the connection.
   *
   * @param options where it listens, and its key; `timeout`: milliseconds until the connection must be there and proved, 30,000 by default
   * @throws as `Client`
   */
  static connect(options: ConnectOptions): Promise<RemoteManager> {
    return RemoteManager.connect(options);
  }

  /** Returns the registration of a name. */
  protected override registered(name: string): Registered | undefined {
    return registry.get(name);
  }

  /** Checks that the manager is running. */
  protected check(verb: string): void {
    if (this.#ending !== undefined) throw new InvalidStateError(`Manager.${verb}(): the manager is shut down`);
  }

  /** Makes a `Queue` in shared memory, not at the manager. Its calls are as fast as those of one made without a manager. */
  Queue<T = unknown>(maxSize?: number): Promise<Queue<T>> {
    return this.#local('Queue', () => new Queue<T>(maxSize));
  }

  /** As `Queue`, at once. */
  QueueSync<T = unknown>(maxSize?: number): Queue<T> {
    this.check('QueueSync');
    return new Queue<T>(maxSize);
  }

  /** Makes a `JoinableQueue` in shared memory, not at the manager. Its calls are as fast as those of one made without a manager. */
  JoinableQueue<T = unknown>(maxSize?: number): Promise<Queue<T>> {
    return this.#local('JoinableQueue', () => new Queue<T>(maxSize));
  }

  /** As `JoinableQueue`, at once. */
  JoinableQueueSync<T = unknown>(maxSize?: number): Queue<T> {
    this.check('JoinableQueueSync');
    return new Queue<T>(maxSize);
  }

  /** Makes a `LifoQueue` in shared memory, not at the manager. Its calls are as fast as those of one made without a manager. */
  LifoQueue<T = unknown>(maxSize?: number): Promise<LifoQueue<T>> {
    return this.#local('LifoQueue', () => new LifoQueue<T>(maxSize));
  }

  /** As `LifoQueue`, at once. */
  LifoQueueSync<T = unknown>(maxSize?: number): LifoQueue<T> {
    this.check('LifoQueueSync');
    return new LifoQueue<T>(maxSize);
  }

  /** Makes a `PriorityQueue` in shared memory, not at the manager. Its calls are as fast as those of one made without a manager. */
  PriorityQueue<T extends PriorityItem = PriorityItem>(maxSize?: number): Promise<PriorityQueue<T>> {
    return this.#local('PriorityQueue', () => new PriorityQueue<T>(maxSize));
  }

  /** As `PriorityQueue`, at once. */
  PriorityQueueSync<T extends PriorityItem = PriorityItem>(maxSize?: number): PriorityQueue<T> {
    this.check('PriorityQueueSync');
    return new PriorityQueue<T>(maxSize);
  }

  /** Makes a `Lock` in shared memory, not at the manager. Its calls are as fast as those of one made without a manager. */
  Lock(options?: LockOptions): Promise<Lock> {
    return this.#local('Lock', () => new Lock(options));
  }

  /** As `Lock`, at once. */
  LockSync(options?: LockOptions): Lock {
    this.check('LockSync');
    return new Lock(options);
  }

  /** Makes an `RLock` in shared memory, not at the manager. Its calls are as fast as those of one made without a manager. */
  RLock(options?: LockOptions): Promise<RLock> {
    return this.#local('RLock', () => new RLock(options));
  }

  /** As `RLock`, at once. */
  RLockSync(options?: LockOptions): RLock {
    this.check('RLockSync');
    return new RLock(options);
  }

  /** Makes a `Semaphore` in shared memory, not at the manager. Its calls are as fast as those of one made without a manager. */
  Semaphore(value?: number, options?: SemaphoreOptions): Promise<Semaphore> {
    return this.#local('Semaphore', () => new Semaphore(value, options));
  }

  /** As `Semaphore`, at once. */
  SemaphoreSync(value?: number, options?: SemaphoreOptions): Semaphore {
    this.check('SemaphoreSync');
    return new Semaphore(value, options);
  }

  /** Makes a `BoundedSemaphore` in shared memory, not at the manager. Its calls are as fast as those of one made without a manager. */
  BoundedSemaphore(value?: number, options?: SemaphoreOptions): Promise<BoundedSemaphore> {
    return this.#local('BoundedSemaphore', () => new BoundedSemaphore(value, options));
  }

  /** As `BoundedSemaphore`, at once. */
  BoundedSemaphoreSync(value?: number, options?: SemaphoreOptions): BoundedSemaphore {
    this.check('BoundedSemaphoreSync');
    return new BoundedSemaphore(value, options);
  }

  /** Makes a `Condition` in shared memory, not at the manager. Its calls are as fast as those of one made without a manager. */
  Condition(lock?: Lock | RLock): Promise<Condition> {
    return this.#local('Condition', () => new Condition(lock));
  }

  /** As `Condition`, at once. */
  ConditionSync(lock?: Lock | RLock): Condition {
    this.check('ConditionSync');
    return new Condition(lock);
  }

  /** Makes an `Event` in shared memory, not at the manager. Its calls are as fast as those of one made without a manager. */
  Event(): Promise<Event> {
    return this.#local('Event', () => new Event());
  }

  /** As `Event`, at once. */
  EventSync(): Event {
    this.check('EventSync');
    return new Event();
  }

  /** Makes a `Barrier` in shared memory, not at the manager. Its calls are as fast as those of one made without a manager. */
  Barrier(parties: number, options?: BarrierOptions): Promise<Barrier> {
    return this.#local('Barrier', () => new Barrier(parties, options));
  }

  /** As `Barrier`, at once. */
  BarrierSync(parties: number, options?: BarrierOptions): Barrier {
    this.check('BarrierSync');
    return new Barrier(parties, options);
  }

  /** Makes a `Value`; it lies in shared memory, as the queues and locks do. */
  Value<T extends TypeCode>(type: T, initial?: ConstructorParameters<typeof Value<T>>[1], options?: SharedOptions): Promise<Value<T>> {
    return this.#local('Value', () => new Value<T>(type, initial, options));
  }

  /** As `Value`, at once. */
  ValueSync<T extends TypeCode>(type: T, initial?: ConstructorParameters<typeof Value<T>>[1], options?: SharedOptions): Value<T> {
    this.check('ValueSync');
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
    this.check('ArraySync');
    return new SharedArray<T>(type, sizeOrInit, options);
  }

  #local<T>(name: string, make: () => T): Promise<T> {
    try {
      this.check(name);
      return Promise.resolve(make());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Where other programs can connect; undefined: nowhere. */
  get address(): ListenerAddress | undefined {
    return this.#address;
  }

  /** Process id of the manager. */
  get pid(): number | null {
    return this.#process.pid;
  }

  /**
   * Ends the manager. Later calls, and pending ones, fail with `EOFError`. A second call has no effect.
   *
   * @param timeout milliseconds until its process is ended by force. Default 1000
   */
  shutdown(timeout: number = 1000): Promise<void> {
    return (this.#ending ??= this.#end(checkTimeout(timeout)));
  }

  async #end(timeout: number): Promise<void> {
    if (this.#process.isAlive()) {
      const told = this.#client.call(MANAGER, SHUTDOWN, [], 'Manager.shutdown', captureSite(this.shutdown));
      // The manager may have died meanwhile.
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

function readPlace({ address, authkey }: ManagerOptions<any>): Place | undefined {
  if (address !== undefined) readAddress(address, 0);
  return address === undefined && authkey === undefined ? undefined : { address, authkey: readAuthkey(authkey) };
}
