/** The results of the factories of managers. */

import type { MapOptions, Pool } from '../pool/index.ts';
import type { DictKey, ManagedDict, ManagedList, ManagedNamespace } from './managed.ts';
import type { ManagedSet } from './managed-set.ts';
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
