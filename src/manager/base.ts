/** The common base of managers: they make objects in the manager's process, and return proxies of them. */

import { crypto } from '../builtins.ts';
import { checkOptions, expected } from '../check.ts';
import { captureSite } from '../codec/index.ts';
import { type Calls, CREATE, MANAGER, STATISTICS } from '../proxy/index.ts';
import type { PoolOptions } from '../pool/index.ts';
import { TypeError } from '../refusals.ts';
import type { DictKey } from './managed.ts';
import type { DictProxy, ListProxy, NamespaceProxy, PoolProxy, SetProxy } from './proxy-types.ts';
import type { Registered } from './server.ts';
import { sharedTypes } from './shared-types.ts';
import type { Proxy } from './types.ts';

/** A manager in numbers. */
export interface ManagerStatistics {
  /** Objects that it keeps: those with proxies, and up to half a second more. */
  readonly objects: number;
  /** Threads that have called it and live. */
  readonly clients: number;
}

/** Options of `Manager.register`. */
export interface RegisterOptions {
  /** Names of methods and properties that proxies have. Default: all that do not begin with `_`, and iteration. */
  readonly exposed?: readonly string[] | undefined;
}

/** The types that a manager's process makes without `register`. */
const ownTypes: ReadonlySet<string> = new Set(['dict', 'list', 'set', 'Namespace', 'Pool', ...sharedTypes.keys()]);
/** No other thread has it. */
let idOfThread: string | undefined;
let registrations = 0;
export const registry: Map<string, Registered> = new Map();

type Given = (abstract new (...args: any[]) => object) | ((...args: any[]) => object | Promise<object>);

/** A manager, of this program or of another: makes objects in its process, and gives proxies of them. */
export abstract class BaseManager {
  readonly #calls: Calls;

  protected constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** Checks that the manager can be called. @throws InvalidStateError if it is not to be called any more */
  protected abstract check(verb: string): void;

  /**
   * Lets managers that are started from now on make objects of a class by `create(name)`. A manager that runs already gets it with the first `create`.
   *
   * @param Class a class; or an arrow function that returns the object. Such a function may return an object that all clients share: a
   * proxy, a lock or a queue among its variables.
   *
   * @throws TypeError if it is neither, or the name is taken by a type that comes with managers
   */
  static register(name: string, Class: Given, options: RegisterOptions = {}): void {
    if (typeof name !== 'string' || name === '') throw new TypeError(expected('name', 'a name', name));
    if (ownTypes.has(name)) throw new TypeError(expected('name', 'none of a type that comes with managers', name));
    if (typeof Class !== 'function') throw new TypeError(expected('Class', 'a class, or a function that gives the object', Class));
    checkOptions(options, 'the options of register()', ['exposed']);
    if (options.exposed !== undefined && !Array.isArray(options.exposed))
      throw new TypeError(expected('exposed', 'an array of names', options.exposed));
    idOfThread ??= crypto().randomUUID();
    registry.set(name, { Class: Class as Registered['Class'], exposed: options.exposed, id: `${idOfThread} ${(registrations += 1)}` });
  }

  /** Returns the registration of a name, for a manager that does not know it yet. */
  protected registered(_name: string): Registered | undefined {
    return undefined;
  }

  /** Makes an object of a registered type, and resolves to its proxy. */
  protected async make(name: string, args: readonly unknown[], above: (...args: any[]) => unknown): Promise<never> {
    this.check(name);
    return await (this.#calls.call(
      MANAGER,
      CREATE,
      [name, args, this.registered(name)],
      `Manager.${name}`,
      captureSite(above),
    ) as Promise<never>);
  }

  /** Makes an object of a registered type, blocking the thread, and returns its proxy. */
  protected makeSync(name: string, args: readonly unknown[], above: (...args: any[]) => unknown): never {
    this.check(`${name}Sync`);
    return this.#calls.callSync(MANAGER, CREATE, [name, args, this.registered(name)], `Manager.${name}`, above) as never;
  }

  /** Makes a dictionary. @param init an object, a Map, or an iterable of pairs */
  dict<K = DictKey, V = unknown>(init?: Iterable<readonly [K, V]>): Promise<DictProxy<K, V>>;
  /** Makes a dict from a record. */
  dict<K = string, V = unknown>(init: Readonly<Record<string, V>>): Promise<DictProxy<K, V>>;
  dict(init?: unknown): Promise<DictProxy<any, any>> {
    return this.make('dict', [init], this.dict);
  }

  /** As `dict`, and blocks the thread. */
  dictSync<K = DictKey, V = unknown>(init?: Iterable<readonly [K, V]>): DictProxy<K, V>;
  /** Makes a dict from a record, blocking the thread. */
  dictSync<K = string, V = unknown>(init: Readonly<Record<string, V>>): DictProxy<K, V>;
  dictSync(init?: unknown): DictProxy<any, any> {
    return this.makeSync('dict', [init], this.dictSync);
  }

  /** Makes a list. @param init its items */
  list<T = unknown>(init?: Iterable<T>): Promise<ListProxy<T>> {
    return this.make('list', [init], this.list);
  }

  /** As `list`, and blocks the thread. */
  listSync<T = unknown>(init?: Iterable<T>): ListProxy<T> {
    return this.makeSync('list', [init], this.listSync);
  }

  /** Makes a set. @param init its items */
  set<T = DictKey>(init?: Iterable<T>): Promise<SetProxy<T>> {
    return this.make('set', [init], this.set);
  }

  /** As `set`, and blocks the thread. */
  setSync<T = DictKey>(init?: Iterable<T>): SetProxy<T> {
    return this.makeSync('set', [init], this.setSync);
  }

  /** Makes a namespace. @param init names and values to begin with */
  Namespace(init?: Readonly<Record<string, unknown>>): Promise<NamespaceProxy> {
    return this.make('Namespace', [init], this.Namespace);
  }

  /** As `Namespace`, and blocks the thread. */
  NamespaceSync(init?: Readonly<Record<string, unknown>>): NamespaceProxy {
    return this.makeSync('Namespace', [init], this.NamespaceSync);
  }

  /** Makes a pool in the process of the manager; its functions run in processes that this starts. @param processes as `Pool` takes it */
  Pool(processes?: number | PoolOptions): Promise<PoolProxy> {
    return this.make('Pool', [processes], this.Pool);
  }

  /** As `Pool`, and blocks the thread. */
  PoolSync(processes?: number | PoolOptions): PoolProxy {
    return this.makeSync('Pool', [processes], this.PoolSync);
  }

  /**
   * Makes an object of a registered class at the manager.
   *
   * @throws TypeError if no class is registered under that name; what its constructor throws
   */
  async create<T extends object = any>(name: string, ...args: unknown[]): Promise<Proxy<T>> {
    checkName(name);
    return await this.make(name, args, this.create);
  }

  /** As `create`, and blocks the thread. */
  createSync<T extends object = any>(name: string, ...args: unknown[]): Proxy<T> {
    checkName(name);
    return this.makeSync(name, args, this.createSync);
  }

  /** The present state in numbers. */
  async statistics(): Promise<ManagerStatistics> {
    this.check('statistics');
    const [objects, clients] = (await this.#calls.call(MANAGER, STATISTICS, [], 'Manager.statistics', captureSite(this.statistics))) as [
      number,
      number,
    ];
    return { objects, clients };
  }
}

function checkName(name: unknown): void {
  if (typeof name !== 'string') throw new TypeError(expected('name', 'a registered one', name));
}
