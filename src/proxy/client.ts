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
import { ANSWER, CALLBACK, type CallbackRef, ERROR, HELLO, MANAGER, type Reply, type Request } from './protocol.ts';
import { TypeError } from '../refusals.ts';
import { descriptionOf, numberOf, type Proxied, requestsOf, serverOf, setCaller } from './proxy.ts';

/** Milliseconds after which one that waits looks whether the manager lives. */
const patience = 50;
/** Replies that are taken at a time. */
const mostAtOnce = 1000;

interface Call {
  readonly name: string;
  readonly site: CallSite;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Functions that run where they are, when the manager calls them. */
const atCallers = new WeakSet<object>();

/**
 * Marks a function as one that runs in this thread when a manager's object calls it, instead of a copy that runs at the manager. The object gets an async
 * function. It is called while this thread's event loop runs, or while this thread waits in a Sync call of the same manager.
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
  readonly #requests: Queue;
  readonly #server: number;
  readonly #replies: Queue<Reply> = new Queue();
  readonly #calls: Map<number, Call> = new Map();
  readonly #callbacks: Map<number, (...args: unknown[]) => unknown> = new Map();
  #last = 0;
  #isReading = false;

  constructor(requests: Queue, server: number) {
    this.#requests = requests;
    this.#server = server;
    this.#send([me, 0, MANAGER, HELLO, this.#replies], 'hello');
  }

  #ended(name: string): EOFError {
    return new EOFError(`${name}(): the manager has ended, and answers no more`);
  }

  /** @throws EOFError if the manager has ended */
  #send(request: Request, name: string): void {
    try {
      this.#requests.putNowait(request);
    } catch (error) {
      throw error instanceof ShutDown ? this.#ended(name) : error;
    }
  }

  #argument(value: unknown): unknown {
    if (typeof value !== 'function' || !atCallers.has(value)) return value;
    const number = (this.#last += 1);
    this.#callbacks.set(number, value as () => unknown);
    return { '@@heddle.callback': number } satisfies CallbackRef;
  }

  /** Sends a call. Returns its number. */
  #begin(object: number, method: string, args: readonly unknown[], name: string): number {
    if (isUpdating) throw new InvalidStateError(`${name}(): called by the function of an update, for which the manager waits`);
    const call = (this.#last += 1);
    this.#send(
      [me, call, object, method, ...(args.some((one) => typeof one === 'function') ? args.map((one) => this.#argument(one)) : args)],
      name,
    );
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
    try {
      while (this.#calls.size > 0) {
        try {
          for (const reply of await this.#replies.getMany(mostAtOnce, patience)) this.#receive(reply);
        } catch (error) {
          if (!(error instanceof Empty)) throw error;
          if (isDead(this.#server, true)) this.#failAll();
        }
      }
    } finally {
      this.#isReading = false;
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

  #receive(reply: Reply): void {
    const [number, kind, ...rest] = reply;
    if (kind === CALLBACK) return void this.#callBack(number, rest);
    const call = this.#calls.get(number);
    if (call === undefined) return;
    this.#calls.delete(number);
    if (kind === ERROR) {
      joinStacks(rest[0], call.site);
      call.reject(rest[0]);
    } else call.resolve(rest[0]);
  }

  callSync(object: number, method: string, args: readonly unknown[], name: string, above: (...args: any[]) => unknown): unknown {
    const number = this.#begin(object, method, args, name);
    return blocking(`${name}Sync()`, above, () => this.#waitFor(number, name, above));
  }

  #waitFor(number: number, name: string, above: (...args: any[]) => unknown): unknown {
    for (;;) {
      let reply: Reply;
      try {
        reply = this.#replies.getSync(patience);
      } catch (error) {
        if (!(error instanceof Empty)) throw error;
        if (isDead(this.#server, true)) throw this.#ended(`${name}Sync`);
        continue;
      }
      if (reply[0] !== number || reply[1] === CALLBACK) {
        this.#receive(reply);
        continue;
      }
      if (reply[1] !== ERROR) return reply[2];
      joinStacks(reply[2], captureSite(above));
      throw reply[2];
    }
  }

  /** The manager calls a function of this thread. */
  async #callBack(number: number, [answer, ...args]: readonly unknown[]): Promise<void> {
    let outcome: [boolean, unknown];
    try {
      const fn = this.#callbacks.get(number)!;
      const value = fn(...args);
      outcome = [true, typeof (value as Partial<PromiseLike<unknown>> | undefined)?.then === 'function' ? await value : value];
    } catch (error) {
      outcome = [false, error];
    }
    this.#send([me, 0, MANAGER, ANSWER, answer, ...outcome], 'callback');
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

const nameOf = (proxy: Proxied, method: string): string =>
  `${descriptionOf(proxy).name}.${method.startsWith('.') ? method.slice(1) : method}`;

setCaller({
  call(proxy, method, args, above) {
    const client = clientOf(requestsOf(proxy), serverOf(proxy));
    return client.call(numberOf(proxy), method, args, nameOf(proxy, method), captureSite(above));
  },
  callSync(proxy, method, args, above) {
    const client = clientOf(requestsOf(proxy), serverOf(proxy));
    return client.callSync(numberOf(proxy), method, args, nameOf(proxy, method), above);
  },
});
