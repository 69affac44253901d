/**
 * The manager's process: it keeps the objects, and is called by messages.
 *
 *   request ──▶ the method runs ──▶ value, or promise that is awaited ──▶ reply      calls whose methods wait hold up no others
 *
 * Objects go when no proxy of them is held anywhere; replies of clients that have died are given up.
 */

import type { Queue } from '../channel/index.ts';
import { EOFError, ShutDown } from '../errors.ts';
import { collect, heapStatistics, isDead, me, refOf } from '../memory/index.ts';
import { clearInterval, setInterval } from '../real-timers.ts';
import { TypeError } from '../refusals.ts';
import { isIterator, isPromise, iteratorOf, ManagedIterator } from './iteration.ts';
import { ManagedDict, ManagedList, ManagedNamespace } from './managed.ts';
import { ManagedSet } from './managed-set.ts';
import {
  ANSWER,
  CALLBACK,
  CHECK,
  CREATE,
  type Description,
  ERROR,
  FORGET,
  GONE,
  GET,
  HELLO,
  heldOf,
  isCallbackRef,
  ITERATE,
  makeProxy,
  MANAGER,
  PIPELINE,
  Proxied,
  recordedCalls,
  release,
  type Reply,
  type Request,
  SET,
  SHUTDOWN,
  STATISTICS,
  UNREADABLE,
  VALUE,
} from '../proxy/index.ts';

/** Milliseconds between two looks for objects without proxies. */
const lookEvery = 500;
const mostAtOnce = 1000;

/** A class whose objects a manager can keep. */
export interface Registered {
  readonly Class: abstract new (...args: any[]) => object;
  readonly exposed?: readonly string[] | undefined;
}

/** What comes with a manager. */
const builtIn: Readonly<Record<string, Registered>> = {
  dict: { Class: ManagedDict },
  list: { Class: ManagedList },
  set: { Class: ManagedSet },
  Namespace: { Class: ManagedNamespace },
};

interface Kept {
  readonly object: object;
  readonly number: number;
  /** Of the proxies' record. */
  readonly ref: number;
  readonly description: Description;
}

type Method = (...args: unknown[]) => unknown;

/** What of an object is exposed: what its class says, or all that is public. */
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

export class Server {
  readonly #requests: Queue<Request>;
  readonly #classes: Map<string, Registered>;
  readonly #kept: Map<number, Kept> = new Map();
  readonly #clients: Map<number, Queue<Reply>> = new Map();
  /** Answers of clients that are awaited, and whose. */
  readonly #answers: Map<number, { readonly client: number; readonly settle: (isOk: boolean, value: unknown) => void }> = new Map();
  /** Calls whose methods wait. */
  readonly #atWork: Map<number, Set<number>> = new Map();
  #replies: Map<number, Reply[]> = new Map();
  /** Handles that were not sent yet. */
  readonly #fresh: Set<Proxied> = new Set();
  /** Tells callers of functions that are garbage here. */
  readonly #forgotten: FinalizationRegistry<readonly [client: number, callback: number]> = new FinalizationRegistry(([client, callback]) =>
    this.#replyNow(client, callback, FORGET),
  );
  #last = 0;

  constructor(requests: Queue<Request>, classes: ReadonlyMap<string, Registered>) {
    this.#requests = requests;
    this.#classes = new Map([...Object.entries(builtIn), ...classes]);
  }

  /** Serves until it is told to end. */
  async serve(): Promise<void> {
    const look = setInterval(() => this.#lookAround(), lookEvery);
    try {
      for (;;) {
        for (const request of await this.#next()) this.#take(request);
        this.#flush();
      }
    } catch (error) {
      if (!(error instanceof ShutDown)) throw error;
    } finally {
      clearInterval(look);
    }
  }

  async #next(): Promise<readonly Request[]> {
    try {
      return await this.#requests.getMany(mostAtOnce);
    } catch (error) {
      if (error instanceof ShutDown) throw error;
      // That request is gone, and says no more whose it was.
      for (const client of this.#clients.keys()) this.#push(client, [0, UNREADABLE, error]);
      return [];
    }
  }

  #take([client, call, object, method, ...args]: Request): void {
    if (object === MANAGER && this.#manage(client, call, method, args)) return;
    // A pipeline may give several iterations.
    const sendable = (result: unknown): unknown =>
      method === PIPELINE && object !== MANAGER ? (result as unknown[]).map((one) => this.#sendable(one)) : this.#sendable(result);
    try {
      const value =
        object === MANAGER ? this.#create(client, ...(args as [string, unknown[], Registered?])) : this.#call(client, object, method, args);
      if (!isPromise(value)) return this.#reply(client, call, VALUE, sendable(value));
      // What looks like a promise may throw, or settle twice.
      let atWork = this.#atWork.get(client);
      if (atWork === undefined) this.#atWork.set(client, (atWork = new Set()));
      atWork.add(call);
      const ended = (kind: number, result: unknown): void => {
        atWork.delete(call);
        this.#replyNow(client, call, kind, result);
      };
      Promise.resolve(value)
        .then(sendable)
        .then(
          (result) => ended(VALUE, result),
          (error: unknown) => ended(ERROR, error),
        );
    } catch (error) {
      this.#reply(client, call, ERROR, error);
    }
  }

  /** True: nothing is to be answered, or it was. */
  #manage(client: number, call: number, method: string, args: readonly unknown[]): boolean {
    switch (method) {
      case HELLO:
        this.#clients.set(client, args[0] as Queue<Reply>);
        return true;
      case ANSWER: {
        const [number, isOk, value] = args as [number, boolean, unknown];
        this.#settle(number, isOk, value);
        return true;
      }
      case CHECK: {
        const atWork = this.#atWork.get(client);
        for (const waiting of args[0] as number[]) if (atWork?.has(waiting) !== true) this.#push(client, [waiting, GONE]);
        return true;
      }
      case STATISTICS:
        this.#lookAround();
        this.#reply(client, call, VALUE, [this.#kept.size, this.#clients.size]);
        return true;
      case SHUTDOWN:
        this.#replyNow(client, call, VALUE, undefined);
        this.#requests.shutdown({ immediate: true });
        return true;
      default:
        return method !== CREATE;
    }
  }

  #create(client: number, name: string, args: unknown[], registered?: Registered): Proxied {
    this.#placeCallbacks(client, args);
    const known = registered ?? this.#classes.get(name);
    if (known === undefined) throw new TypeError(`expected a registered type, got '${name}'`);
    const { Class, exposed } = known;
    return this.#keep(new (Class as new (...args: unknown[]) => object)(...args), name, exposed);
  }

  #keep(object: object, name: string, exposed: readonly string[] | undefined): Proxied {
    const number = (this.#last += 1);
    const description = describeObject(object, name, exposed);
    const proxy = makeProxy(description, { requests: this.#requests, number, server: me });
    this.#kept.set(number, { object, number, ref: refOf(proxy), description });
    this.#fresh.add(proxy);
    return proxy;
  }

  #call(client: number, number: number, method: string, args: unknown[]): unknown {
    const kept = this.#kept.get(number);
    if (kept === undefined) throw new TypeError('the object of this proxy is not there any more');
    const object = kept.object as Record<string, unknown>;
    this.#placeCallbacks(client, method === PIPELINE ? (args[2] as unknown[]) : args);
    switch (method) {
      case GET:
        return object[this.#exposed(kept, args[0] as string, kept.description.properties)];
      case SET:
        object[this.#exposed(kept, args[0] as string, kept.description.properties)] = args[1];
        return undefined;
      case PIPELINE:
        return this.#pipeline(kept, recordedCalls(...(args as Parameters<typeof recordedCalls>)));
      case ITERATE:
        return iteratorOf(object as never);
      default:
        return (object[this.#exposed(kept, method, kept.description.methods)] as Method)(...args);
    }
  }

  #exposed({ description }: Kept, name: string, names: readonly string[]): string {
    if (!names.includes(name)) throw new TypeError(`${description.name} exposes no '${name}'`);
    return name;
  }

  /** Several calls, one behind the other; the first that fails ends them. A promise only if one of them waits. */
  #pipeline(kept: Kept, calls: Iterator<[string, unknown[]]>): unknown[] | Promise<unknown[]> {
    const results: unknown[] = [];
    for (let next = calls.next(); next.done !== true; next = calls.next()) {
      const value = this.#callOne(kept, next.value);
      if (isPromise(value)) return this.#pipelineOn(kept, calls, results, value);
      results.push(value);
    }
    return results;
  }

  async #pipelineOn(kept: Kept, calls: Iterator<[string, unknown[]]>, results: unknown[], first: Promise<unknown>): Promise<unknown[]> {
    results.push(await first);
    for (let next = calls.next(); next.done !== true; next = calls.next()) results.push(await this.#callOne(kept, next.value));
    return results;
  }

  #callOne(kept: Kept, [method, args]: [string, unknown[]]): unknown {
    return (kept.object as Record<string, Method>)[this.#exposed(kept, method, kept.description.methods)]!(...args);
  }

  /** Puts functions that call back in the place of references. */
  #placeCallbacks(client: number, args: unknown[]): void {
    for (const [i, one] of args.entries()) if (isCallbackRef(one)) args[i] = this.#callbackOf(client, one['@@heddle.callback']);
  }

  /** A function that runs at a client. */
  #callbackOf(client: number, callback: number): (...args: unknown[]) => Promise<unknown> {
    const call = (...args: unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        if (!this.#clients.has(client)) throw callerEnded();
        const number = (this.#last += 1);
        this.#answers.set(number, { client, settle: (isOk, value) => (isOk ? resolve(value) : reject(value)) });
        this.#replyNow(client, callback, CALLBACK, number, ...args);
      });
    this.#forgotten.register(call, [client, callback]);
    return call;
  }

  /** An iteration stays here, and a proxy of it goes. */
  #sendable(value: unknown): unknown {
    return isIterator(value) ? this.#keep(new ManagedIterator(value), 'Iterator', undefined) : value;
  }

  #replyNow(client: number, call: number, kind: number, ...rest: unknown[]): void {
    this.#reply(client, call, kind, ...rest);
    this.#flush();
  }

  #reply(client: number, call: number, kind: number, ...rest: unknown[]): void {
    if (call !== 0) this.#push(client, [call, kind, ...rest]);
  }

  #push(client: number, reply: Reply): void {
    let replies = this.#replies.get(client);
    if (replies === undefined) this.#replies.set(client, (replies = []));
    replies.push(reply);
  }

  /** Sends the replies of this turn, those of a client at once. */
  #flush(): void {
    if (this.#replies.size === 0) return;
    const all = this.#replies;
    this.#replies = new Map();
    for (const [client, replies] of all) this.#send(client, replies);
    // Now those that have received them hold the proxies; for a client that has died, none does.
    for (const proxy of this.#fresh) release(proxy);
    this.#fresh.clear();
  }

  #send(client: number, replies: readonly Reply[]): void {
    const queue = this.#clients.get(client);
    if (queue === undefined) return;
    try {
      queue.putManySync(replies);
    } catch {
      // One of the values cannot cross: the call ends with that, and the others go their way.
      for (const reply of replies) this.#sendOne(queue, reply);
    }
  }

  #sendOne(queue: Queue<Reply>, reply: Reply): void {
    try {
      queue.putSync(reply);
    } catch (error) {
      if (reply[1] === CALLBACK) this.#settle(reply[2] as number, false, error);
      else queue.putSync([reply[0], ERROR, error]);
    }
  }

  #settle(number: number, isOk: boolean, value: unknown): void {
    const answer = this.#answers.get(number);
    this.#answers.delete(number);
    answer?.settle(isOk, value);
  }

  /** Drops objects that no proxy stands for, and clients that have died. */
  #lookAround(): void {
    for (const client of this.#clients.keys()) if (isDead(client, true)) this.#forget(client);
    if (this.#kept.size === 0) return;
    if (heapStatistics().dropped > 0) collect();
    const kept = [...this.#kept.values()];
    const held = heldOf(kept, me);
    for (const [i, { number }] of kept.entries()) if (!held[i]) this.#kept.delete(number);
  }

  #forget(client: number): void {
    this.#clients.delete(client);
    this.#replies.delete(client);
    this.#atWork.delete(client);
    for (const [number, answer] of this.#answers) if (answer.client === client) this.#settle(number, false, callerEnded());
  }
}

const callerEnded = (): Error => new EOFError('the caller of this function has ended');
