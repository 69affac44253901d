/**
 * Calls of a manager, from one thread. All proxies of one manager in a thread share a queue for replies.
 *
 *   call ──▶ the manager's queue ──▶ … ──▶ this thread's queue ──▶ the promise, or the Sync call that waits
 *
 * A Sync call reads replies itself, and settles those of promises that come before its own. A manager that has died answers no more: whoever waits looks at
 * that some times a second, and fails.
 */

import { captureSite, type CallSite, joinStacks } from '../codec/index.ts';
import { Queue } from '../channel/index.ts';
import { Empty, EOFError, InvalidStateError, ShutDown } from '../errors.ts';
import { blocking } from '../loop/index.ts';
import { isDead, me } from '../memory/index.ts';
import { clearTimeout, setTimeout } from '../real-timers.ts';
import {
  ANSWER,
  CALLBACK,
  type CallbackRef,
  CHECK,
  CREATE,
  ERROR,
  FORGET,
  GONE,
  HELLO,
  MANAGER,
  type Reply,
  type Request,
  UNREADABLE,
} from './protocol.ts';
import { TypeError } from '../refusals.ts';
import { isThenable } from '../thenable.ts';
import { descriptionOf, GET, numberOf, PIPELINE, type Proxied, requestsOf, serverOf, SET, setCaller } from './proxy.ts';

/** Milliseconds after which one that waits looks whether the manager lives. */
const patience = 50;
/** Replies that are taken at a time. */
const mostAtOnce = 1000;
/** Milliseconds between two looks for calls of callbacks, while no call waits: such looks keep no program alive. */
const lookEvery = 20;

interface Call {
  readonly name: string;
  readonly site: CallSite;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A function that the manager calls here, and the call that it was an argument of. */
interface Callback {
  readonly fn: (...args: unknown[]) => unknown;
  readonly call: number;
}

/** Functions that run where they are, when the manager calls them. */
const atCallers = new WeakSet<object>();

/**
 * Marks a function as one that runs in this thread when a manager's object calls it, instead of a copy that runs at the manager. The object gets an async
 * function. It is called while this thread's event loop runs, or while this thread waits in a Sync call of the same manager. The object may keep it: it can be
 * called as long as this thread lives, but keeps no program alive. Mark what is itself an argument: functions inside of other values are copied.
 *
 * In a Sync call to which it was given it cannot return a promise, as the thread that would settle it is blocked: the call fails with `InvalidStateError`.
 *
 * @throws TypeError if it is no function
 */
export function callback<F extends (...args: any[]) => unknown>(fn: F): F {
  if (typeof fn !== 'function') throw new TypeError('expected callback() to get a function');
  const marked = ((...args: unknown[]) => fn(...args)) as F;
  atCallers.add(marked);
  return marked;
}

export class Client {
  readonly #server: number;
  /** Undefined: the manager has ended. */
  #requests: Queue | undefined;
  /** Undefined: it was not called yet, or has ended. */
  #replies: Queue<Reply> | undefined;
  readonly #calls: Map<number, Call> = new Map();
  /** Sync calls that wait, and what has come for them: a callback may make one while another waits. */
  readonly #blocked: Map<number, Reply | undefined> = new Map();
  readonly #callbacks: Map<number, Callback> = new Map();
  /** Why a message was lost. */
  #unreadable: unknown;
  #last = 0;
  #isReading = false;
  #look: NodeJS.Timeout | undefined;

  constructor(requests: Queue, server: number) {
    this.#requests = requests;
    this.#server = server;
  }

  /** The manager is not there any more: nothing of it is kept. */
  #letGo(): void {
    this.#requests = undefined;
    this.#replies = undefined;
    this.#callbacks.clear();
    clearTimeout(this.#look);
    this.#look = undefined;
  }

  #ended(name: string): EOFError {
    this.#letGo();
    return new EOFError(`${name}(): the manager has ended, and answers no more`);
  }

  /** @throws EOFError if the manager has ended */
  #send(request: Request, name: string): void {
    const requests = this.#requests;
    if (requests === undefined) throw this.#ended(name);
    try {
      if (this.#replies === undefined) {
        const replies = new Queue<Reply>();
        requests.putNowait([me, 0, MANAGER, HELLO, replies]);
        this.#replies = replies;
      }
      requests.putNowait(request);
    } catch (error) {
      throw error instanceof ShutDown ? this.#ended(name) : error;
    }
  }

  /** Puts references in the place of callbacks. */
  #withRefs(args: readonly unknown[], call: number, given: number[]): readonly unknown[] {
    if (!args.some((one) => typeof one === 'function' && atCallers.has(one))) return args;
    return args.map((one) => {
      if (typeof one !== 'function' || !atCallers.has(one)) return one;
      const number = (this.#last += 1);
      this.#callbacks.set(number, { fn: one as Callback['fn'], call });
      given.push(number);
      return { '@@heddle.callback': number } satisfies CallbackRef;
    });
  }

  /** Sends a call. Returns its number. */
  #begin(object: number, method: string, args: readonly unknown[], name: string): number {
    if (isUpdating) throw new InvalidStateError(`${name}(): called by the function of an update, for which the manager waits`);
    const call = (this.#last += 1);
    const given: number[] = [];
    // Where the arguments of the object stand.
    const at = object === MANAGER && method === CREATE ? 1 : method === PIPELINE ? 2 : -1;
    const all =
      at === -1
        ? this.#withRefs(args, call, given)
        : args.map((one, i) => (i === at ? this.#withRefs(one as readonly unknown[], call, given) : one));
    try {
      this.#send([me, call, object, method, ...all], name);
    } catch (error) {
      for (const number of given) this.#callbacks.delete(number);
      throw error;
    }
    return call;
  }

  call(object: number, method: string, args: readonly unknown[], name: string, site: CallSite): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = this.#begin(object, method, args, name);
      this.#calls.set(call, { name, site, resolve, reject });
      if (!this.#isReading) void this.#read();
    });
  }

  /** Reads replies as long as calls wait for them. */
  async #read(): Promise<void> {
    this.#isReading = true;
    const replies = this.#replies!;
    try {
      while (this.#calls.size > 0) {
        try {
          for (const reply of await replies.getMany(mostAtOnce, patience)) this.#receive(reply);
        } catch (error) {
          if (!(error instanceof Empty)) this.#check(error);
          else if (isDead(this.#server, true)) this.#failAll();
        }
      }
    } finally {
      this.#isReading = false;
      this.#lookLater();
    }
  }

  /** While no call waits, the manager may call callbacks. */
  #lookLater(): void {
    if (this.#isReading || this.#look !== undefined || this.#callbacks.size === 0) return;
    this.#look = setTimeout(() => {
      this.#look = undefined;
      if (this.#isReading || this.#replies === undefined) return;
      if (!this.#replies.empty()) this.#takeAll(this.#replies);
      else if (isDead(this.#server, false)) this.#letGo();
      this.#lookLater();
    }, lookEvery).unref();
  }

  #takeAll(from: Queue<Reply>): void {
    try {
      for (const reply of from.getManySync(mostAtOnce, 0)) this.#receive(reply);
    } catch (error) {
      if (!(error instanceof Empty)) this.#check(error);
    }
  }

  /** A message was lost: which call that concerns is for the manager to say. */
  #check(error: unknown): void {
    this.#unreadable = error;
    try {
      this.#send([me, 0, MANAGER, CHECK, [...this.#calls.keys(), ...this.#blocked.keys()]], 'check');
    } catch (ended) {
      // Those that wait see it themselves.
      if (!(ended instanceof EOFError)) throw ended;
    }
  }

  #failAll(): void {
    for (const { name, site, reject } of this.#calls.values()) {
      const error = this.#ended(name);
      joinStacks(error, site);
      reject(error);
    }
    this.#calls.clear();
  }

  /** @param blockedIn number of the Sync call that waits meanwhile */
  #receive(reply: Reply, blockedIn: number = 0): void {
    const [number, kind, ...rest] = reply;
    if (kind === CALLBACK) return void this.#callBack(number, rest, blockedIn);
    if (kind === FORGET) return void this.#callbacks.delete(number);
    if (kind === UNREADABLE) return this.#check(rest[0]);
    if (kind === GONE) return this.#receive([number, ERROR, this.#unreadable], blockedIn);
    if (this.#blocked.has(number)) {
      // The first counts: a check may have been answered since.
      if (this.#blocked.get(number) === undefined) this.#blocked.set(number, reply);
      return;
    }
    const call = this.#calls.get(number);
    if (call === undefined) return;
    this.#calls.delete(number);
    if (kind === ERROR) {
      joinStacks(rest[0], call.site);
      call.reject(rest[0]);
    } else call.resolve(rest[0]);
  }

  callSync(object: number, method: string, args: readonly unknown[], name: string, above: (...args: any[]) => unknown): unknown {
    if (this.#server === me && !isUpdating)
      throw new InvalidStateError(`${name}Sync(): called in the thread of its manager, which would wait for itself: use ${name}()`);
    const number = this.#begin(object, method, args, name);
    this.#blocked.set(number, undefined);
    try {
      return blocking(`${name}Sync()`, above, () => this.#waitFor(number, name, above));
    } finally {
      this.#blocked.delete(number);
      this.#lookLater();
    }
  }

  #waitFor(number: number, name: string, above: (...args: any[]) => unknown): unknown {
    let reply: Reply | undefined;
    while ((reply = this.#blocked.get(number)) === undefined) {
      if (this.#replies === undefined) throw this.#ended(`${name}Sync`);
      let next: Reply;
      try {
        next = this.#replies.getSync(patience);
      } catch (error) {
        if (!(error instanceof Empty)) this.#check(error);
        else if (isDead(this.#server, true)) throw this.#ended(`${name}Sync`);
        continue;
      }
      this.#receive(next, number);
    }
    if (reply[1] !== ERROR) return reply[2];
    joinStacks(reply[2], captureSite(above));
    throw reply[2];
  }

  /** The manager calls a function of this thread. */
  async #callBack(number: number, [answer, ...args]: readonly unknown[], blockedIn: number): Promise<void> {
    let outcome: [boolean, unknown];
    try {
      const { fn, call } = this.#callbacks.get(number)!;
      const value = fn(...args);
      const isPromise = isThenable(value);
      if (isPromise && call === blockedIn) {
        value.then(undefined, () => {});
        throw new InvalidStateError(
          'a callback returned a promise, which cannot settle while its thread waits in a Sync call: use the promise form',
        );
      }
      outcome = [true, isPromise ? await value : value];
    } catch (error) {
      outcome = [false, error];
    }
    this.#answer(answer, outcome);
  }

  #answer(answer: unknown, outcome: [boolean, unknown]): void {
    try {
      this.#send([me, 0, MANAGER, ANSWER, answer, ...outcome], 'callback');
    } catch (error) {
      // A manager that has ended wants no answer.
      if (error instanceof EOFError) return;
      // What the function gave cannot cross.
      this.#answer(answer, [false, error]);
    }
  }
}

/** Whether the function of an `update` runs here, for which the manager waits. */
let isUpdating = false;

/** Runs the function of an `update`: a call of the manager would wait for itself, and is refused. */
export function whileUpdating<R>(work: () => R): R {
  isUpdating = true;
  try {
    return work();
  } finally {
    isUpdating = false;
  }
}

const clients = new Map<number, Client>();

/** This thread's client of the manager that is called on a queue. */
export function clientOf(requests: Queue, server: number): Client {
  let client = clients.get(server);
  if (client === undefined) clients.set(server, (client = new Client(requests, server)));
  return client;
}

function nameOf(proxy: Proxied, method: string, args: readonly unknown[]): string {
  const of = method === GET || method === SET ? String(args[0]) : method.startsWith('.') ? method.slice(1) : method;
  return `${descriptionOf(proxy).name}.${of}`;
}

setCaller({
  call(proxy, method, args, above) {
    const client = clientOf(requestsOf(proxy), serverOf(proxy));
    return client.call(numberOf(proxy), method, args, nameOf(proxy, method, args), captureSite(above));
  },
  callSync(proxy, method, args, above) {
    const client = clientOf(requestsOf(proxy), serverOf(proxy));
    return client.callSync(numberOf(proxy), method, args, nameOf(proxy, method, args), above);
  },
});
