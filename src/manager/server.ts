/**
 * The manager's process: it keeps the objects, and is called by messages.
 *
 *   request ──▶ the method runs ──▶ value, or promise that is awaited ──▶ reply      calls whose methods wait hold up no others
 *
 * Objects go when no proxy of them is held anywhere; replies of clients that have died are given up.
 */

import type { Queue } from '../channel/index.ts';
import { crypto } from '../builtins.ts';
import type { SocketConnection } from '../connection/index.ts';
import { ShutDown } from '../errors.ts';
import { clearInterval, setInterval } from '../real-timers.ts';
import { TypeError } from '../refusals.ts';
import { expected } from '../check.ts';
import { isShared } from '../handles.ts';
import { isIterator, isPromise, iteratorOf, ManagedIterator } from './iteration.ts';
import { QueuePeer, type Peer, WirePeer } from './peer.ts';
import { Callbacks } from './callbacks.ts';
import { type Kept, KeptObjects } from './objects.ts';
import { sharedTypes } from './shared-types.ts';
import { ManagedDict, ManagedList, ManagedNamespace } from './managed.ts';
import { ManagedSet } from './managed-set.ts';
import {
  ANSWER,
  CHECK,
  CREATE,
  ERROR,
  GONE,
  GET,
  greeting,
  HELLO,
  isCallbackRef,
  ITERATE,
  MANAGER,
  MARK,
  PIPELINE,
  recordedCalls,
  type Reply,
  type Request,
  RUNNING,
  SET,
  setHome,
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
  readonly Class: (abstract new (...args: any[]) => object) | ((...args: any[]) => unknown);
  readonly exposed?: readonly string[] | undefined;
  /** Of the registration; none: it comes with managers. */
  readonly id?: string | undefined;
}

/** The types that come with a manager. */
const builtIn: Readonly<Record<string, Registered>> = {
  dict: { Class: ManagedDict },
  list: { Class: ManagedList },
  set: { Class: ManagedSet },
  Namespace: { Class: ManagedNamespace },
};

/** Arrow functions, methods and async functions give the object; all else makes it. */
const isConstructor = (Class: Registered['Class']): Class is new (...args: unknown[]) => object => Class.prototype !== undefined;

type Method = (...args: unknown[]) => unknown;

const asItIs = (value: unknown): unknown => value;

export class Server {
  readonly #requests: Queue<Request>;
  readonly #classes: Map<string, Registered>;
  readonly #objects: KeptObjects;
  readonly #callbacks: Callbacks = new Callbacks({
    nextNumber: () => (this.#last += 1),
    isThere: (client) => this.#clients.has(client),
    send: (client, callback, kind, ...rest) => this.#replyNow(client, callback, kind, ...rest),
  });
  /** Threads that share memory, by their slots; connections by numbers below 0. */
  readonly #clients: Map<number, Peer> = new Map();
  readonly #id: string = crypto().randomUUID();
  #connections = 0;
  /** Why a request was lost. */
  #unreadable: unknown;
  /** Calls whose methods wait. */
  readonly #atWork: Map<number, Set<number>> = new Map();
  #replies: Map<number, Reply[]> = new Map();
  #last = 0;

  constructor(requests: Queue<Request>, classes: ReadonlyMap<string, Registered>) {
    this.#requests = requests;
    this.#objects = new KeptObjects(requests, () => (this.#last += 1));
    this.#classes = new Map([...Object.entries(builtIn), ...classes]);
    setHome({ id: this.#id, objectOf: (number) => this.#objects.objectOf(number) });
  }

  /** Serves until it is told to end. */
  async serve(): Promise<void> {
    const look = setInterval(() => this.#lookAround(), lookEvery);
    try {
      for (;;) {
        await this.#next();
        for (let left = mostAtOnce; left > 0 && !this.#requests.empty(); left -= 1) this.#takeOne();
        this.#flush();
      }
    } catch (error) {
      if (!(error instanceof ShutDown)) throw error;
    } finally {
      clearInterval(look);
    }
  }

  /** Waits for a request, and takes it. Requests that come together are taken one by one, which is cheaper. */
  async #next(): Promise<void> {
    let request: Request;
    try {
      request = await this.#requests.get();
    } catch (error) {
      return this.#lost(error);
    }
    this.#take(request);
  }

  #takeOne(): void {
    let request: Request;
    try {
      request = this.#requests.getNowait();
    } catch (error) {
      return this.#lost(error);
    }
    this.#take(request);
  }

  /** A request is gone, and says no more whose it was. @throws ShutDown if none will come */
  #lost(error: unknown): void {
    if (error instanceof ShutDown) throw error;
    this.#unreadable = error;
    for (const client of this.#clients.keys()) this.#push(client, [0, UNREADABLE, error]);
  }

  #take([client, call, object, method, ...args]: Request): void {
    if (object === MANAGER && this.#manage(client, call, method, args)) return;
    try {
      const [value, toSend] =
        object === MANAGER
          ? this.#create(client, ...(args as [string, unknown[], Registered?]))
          : [this.#call(client, call, object, method, args), method === PIPELINE ? this.#sendableAll : this.#sendable];
      if (!isPromise(value)) return this.#reply(client, call, VALUE, toSend(value));
      // A thenable may throw, or settle twice.
      let atWork = this.#atWork.get(client);
      if (atWork === undefined) this.#atWork.set(client, (atWork = new Set()));
      atWork.add(call);
      const ended = (kind: number, result: unknown): void => {
        atWork.delete(call);
        this.#replyNow(client, call, kind, result);
      };
      const failed = (error: unknown): void => ended(ERROR, error);
      // Objects that are kept for a reply are sent in the same job.
      void Promise.resolve(value)
        .then((result) => ended(VALUE, toSend(result)), failed)
        .catch(failed);
    } catch (error) {
      this.#reply(client, call, ERROR, error);
    }
  }

  /** Returns true if no answer is due, or it was sent. */
  #manage(client: number, call: number, method: string, args: readonly unknown[]): boolean {
    if (client < 0 && method !== CREATE && method !== STATISTICS) {
      if (method === HELLO) this.#reply(client, call, VALUE, greeting(this.#id));
      else this.#reply(client, call, ERROR, new TypeError(`a connection cannot ask a manager for '${method}'`));
      return true;
    }
    switch (method) {
      case HELLO:
        this.#clients.set(client, new QueuePeer(client, args[0] as Queue<Reply>));
        return true;
      case ANSWER: {
        const [number, isOk, value] = args as [number, boolean, unknown];
        this.#callbacks.answered(client, number, isOk, value);
        return true;
      }
      case CHECK: {
        const atWork = this.#atWork.get(client);
        for (const waiting of args[0] as number[]) if (atWork?.has(waiting) !== true) this.#push(client, [waiting, GONE]);
        const mark = this.#callbacks.mark(args[1] === true ? { error: this.#unreadable } : undefined);
        this.#push(client, [mark, MARK]);
        return true;
      }
      case RUNNING: {
        this.#callbacks.running(client, ...(args as [number, number[]]));
        return true;
      }
      case STATISTICS:
        this.#lookAround();
        this.#reply(client, call, VALUE, [this.#objects.size, this.#clients.size]);
        return true;
      case SHUTDOWN:
        this.#replyNow(client, call, VALUE, undefined);
        this.#requests.shutdown({ immediate: true });
        return true;
      default:
        return method !== CREATE;
    }
  }

  /** Makes an object, or waits for it; and what is sent of it. */
  #create(client: number, name: string, args: unknown[], registered?: Registered): [made: unknown, toSend: (made: unknown) => unknown] {
    this.#callbacks.placeIn(args, client);
    const Shared = client < 0 ? sharedTypes.get(name) : undefined;
    if (Shared !== undefined) return [new (Shared as new (...args: unknown[]) => object)(...args), asItIs];
    const { Class, exposed } = this.#registered(client, name, registered);
    const keep = (made: unknown): unknown => this.#given(made, name, exposed);
    // An object of a class may look like a promise.
    return isConstructor(Class) ? [keep(new Class(...args)), asItIs] : [(Class as Method)(...args), keep];
  }

  /**
   * Returns the registration of a name. Threads of the manager's own program may register a name anew; connections use the existing
   * registration.
   */
  #registered(client: number, name: string, sent: Registered | undefined): Registered {
    const here = this.#classes.get(name);
    // One that is known already is the same, with what it keeps.
    const known = client < 0 || sent === undefined || sent.id === here?.id ? here : sent;
    if (known === undefined) throw new TypeError(expected('name', `a registered one (${[...this.#classes.keys()].join(', ')})`, name));
    if (known !== here) this.#classes.set(name, known);
    return known;
  }

  /** The result of a registered function may be a proxy, or lie in shared memory: then it travels as such. */
  #given(made: unknown, name: string, exposed: readonly string[] | undefined): unknown {
    if (typeof made !== 'object' || made === null) throw new TypeError(expected(`what ${name} gives`, 'an object', made));
    return isShared(made) ? made : this.#objects.keep(made, name, exposed);
  }

  #call(client: number, call: number, number: number, method: string, args: unknown[]): unknown {
    const kept = this.#objects.get(number);
    if (isShared(kept.object)) return this.#callShared(client, call, kept, method, args);
    const object = kept.object as Record<string, unknown>;
    this.#callbacks.placeIn(method === PIPELINE ? (args[2] as unknown[]) : args, client);
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

  /** Calls an object in shared memory in the name of a connection. */
  #callShared(client: number, call: number, kept: Kept, method: string, args: unknown[]): unknown {
    const { name, methods, properties } = kept.description;
    if (method === GET || method === SET) this.#exposed(kept, args[0] as string, properties);
    else if (method !== PIPELINE) this.#exposed(kept, method, methods);
    const all = method === PIPELINE ? (args[2] as unknown[]) : args;
    if (all.some(isCallbackRef)) throw new TypeError(`a ${name} takes no function of callback(): its functions run at the manager`);
    return (this.#clients.get(client) as WirePeer).call(call, kept.object, method, args);
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

  /** An iteration stays here, and a proxy of it goes. */
  readonly #sendable = (value: unknown): unknown =>
    isIterator(value) ? this.#objects.keep(new ManagedIterator(value), 'Iterator', undefined) : value;

  /** A pipeline may give several. */
  readonly #sendableAll = (results: unknown): unknown => (results as unknown[]).map(this.#sendable);

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
    this.#objects.releaseSent();
  }

  #send(client: number, replies: readonly Reply[]): void {
    this.#clients.get(client)?.send(replies, (answer, error) => this.#callbacks.failed(answer, error));
  }

  // ---- clients that do not share memory

  /** Serves a connection whose other end is proved. */
  admit(connection: SocketConnection): void {
    const client = -(this.#connections += 1);
    const peer = new WirePeer(connection, client, {
      take: (request) => this.#take(request),
      settle: (answer, isOk, value) => this.#callbacks.answered(client, answer, isOk, value),
      flush: () => this.#flush(),
      nameFor: (object) => this.#objects.nameFor(object),
      objectOf: (number) => this.#objects.objectOf(number),
      held: (number, more) => this.#objects.held(number, more),
      left: () => this.#forget(client),
    });
    if (!peer.hasEnded()) this.#clients.set(client, peer);
  }

  /** Drops objects that no proxy stands for, and clients that have died. */
  #lookAround(): void {
    for (const [client, peer] of this.#clients) if (peer.hasEnded()) this.#forget(client);
    this.#objects.dropUnheld();
  }

  #forget(client: number): void {
    this.#clients.delete(client);
    this.#replies.delete(client);
    this.#atWork.delete(client);
    this.#callbacks.left(client);
  }
}
