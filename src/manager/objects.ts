/**
 * The objects that a manager keeps, each under a number, and what holds them: handles in shared memory, and connections.
 *
 *   kept ── its proxy goes in a reply ──▶ held: records of proxies in shared memory, and a count of each connection ── none left ──▶ dropped
 */

import type { Queue } from '../channel/index.ts';
import { isShared } from '../handles.ts';
import { collect, heapStatistics, me, refOf } from '../memory/index.ts';
import { type Description, heldOf, makeProxy, numberOf, Proxied, release, type Request, serverOf } from '../proxy/index.ts';
import { TypeError } from '../refusals.ts';
import { describeShared } from './shared-types.ts';

/** An object, and what holds it. */
export interface Kept {
  readonly object: object;
  readonly number: number;
  /** Of the records of proxies in shared memory. There may be several: one that was swept while a connection held the object is made anew. */
  refs: number[];
  /** How often connections hold it. */
  remote: number;
  /** A handle that came home from a connection. */
  home?: WeakRef<Proxied> | undefined;
  readonly description: Description;
}

/** Returns the exposed methods of an object: those that its class lists, or all public ones. */
function describeObject(object: object, name: string, exposed: readonly string[] | undefined): Description {
  const methods = new Set<string>();
  const properties = new Set<string>();
  const sort = (key: string, descriptor: PropertyDescriptor): void => {
    if (key === 'constructor' || key === 'then' || (exposed === undefined && key.startsWith('_'))) return;
    if (typeof descriptor.value === 'function') methods.add(key);
    else properties.add(key);
  };
  for (let at = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object)
    for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(at))) sort(key, descriptor);
  const keep = (names: Set<string>): string[] => [...names].filter((key) => exposed === undefined || exposed.includes(key));
  const isIterable = exposed === undefined && (Symbol.iterator in object || Symbol.asyncIterator in object);
  return { name, methods: keep(methods), properties: keep(properties), isIterable };
}

export class KeptObjects {
  readonly #requests: Queue<Request>;
  readonly #nextNumber: () => number;
  readonly #kept: Map<number, Kept> = new Map();
  /** Numbers of objects in shared memory that connections know, by their blocks. */
  readonly #sharedNumbers: Map<number, number> = new Map();
  /** Handles on objects that are kept now: the replies that are sent next carry them. */
  #fresh: Proxied[] = [];

  constructor(requests: Queue<Request>, nextNumber: () => number) {
    this.#requests = requests;
    this.#nextNumber = nextNumber;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** @throws TypeError if it is not there any more */
  get(number: number): Kept {
    const kept = this.#kept.get(number);
    if (kept === undefined) throw new TypeError('the object of this proxy is not there any more');
    return kept;
  }

  /** Keeps an object, and gives a proxy of it, for a reply that is made in this job and sent before `releaseSent`. */
  keep(object: object, name: string, exposed: readonly string[] | undefined): Proxied {
    const number = this.#nextNumber();
    const description = describeObject(object, name, exposed);
    const proxy = makeProxy(description, { requests: this.#requests, number, server: me });
    this.#kept.set(number, { object, number, refs: [refOf(proxy)], remote: 0, description });
    this.#fresh.push(proxy);
    return proxy;
  }

  /** Called after replies were sent. The receivers of proxies hold them now; a client that has died does not. */
  releaseSent(): void {
    if (this.#fresh.length === 0) return;
    const sent = this.#fresh;
    this.#fresh = [];
    for (const proxy of sent) release(proxy);
  }

  /** By what connections know an object; undefined: they cannot have it. */
  nameFor(object: object): readonly [number: number, description: Description] | undefined {
    const kept = object instanceof Proxied ? this.#ofProxy(object) : this.#ofShared(object);
    return kept === undefined ? undefined : [kept.number, kept.description];
  }

  #ofProxy(proxy: Proxied): Kept | undefined {
    return serverOf(proxy) === me ? this.#kept.get(numberOf(proxy)) : undefined;
  }

  #ofShared(object: object): Kept | undefined {
    const description = isShared(object) ? describeShared(object) : undefined;
    if (description === undefined) return undefined;
    const ref = refOf(object as never);
    const known = this.#kept.get(this.#sharedNumbers.get(ref) ?? 0);
    if (known !== undefined) return known;
    const kept: Kept = { object, number: this.#nextNumber(), refs: [], remote: 0, description };
    this.#kept.set(kept.number, kept);
    this.#sharedNumbers.set(ref, kept.number);
    return kept;
  }

  /** Returns the object that comes home: a handle on a proxy, or an object in shared memory. */
  objectOf(number: number): object {
    const kept = this.get(number);
    if (isShared(kept.object)) return kept.object;
    let proxy = kept.home?.deref();
    if (proxy === undefined) {
      proxy = makeProxy(kept.description, { requests: this.#requests, number, server: me });
      kept.refs.push(refOf(proxy));
      kept.home = new WeakRef(proxy);
    }
    return proxy;
  }

  /** Connections hold an object so often more, or less. */
  held(number: number, more: number): void {
    const kept = this.#kept.get(number);
    if (kept !== undefined) kept.remote += more;
  }

  /** Drops what nothing holds. */
  dropUnheld(): void {
    if (this.#kept.size === 0) return;
    if (heapStatistics().dropped > 0) collect();
    const all = [...this.#kept.values()].flatMap(({ number, refs }) => refs.map((ref) => ({ number, ref })));
    const held = heldOf(all, me);
    const there = new Set(all.filter((_, i) => held[i]).map(({ ref }) => ref));
    for (const kept of this.#kept.values()) {
      kept.refs = kept.refs.filter((ref) => there.has(ref));
      if (kept.refs.length === 0 && kept.remote === 0) this.#drop(kept);
    }
  }

  #drop({ object, number }: Kept): void {
    this.#kept.delete(number);
    if (isShared(object)) this.#sharedNumbers.delete(refOf(object as never));
  }
}
