/**
 * Calls of a manager that one thread makes: which wait, what has come for them, and the functions of this thread that the manager may call. How requests and
 * replies travel is for those that extend it: over queues in shared memory (`client.ts`), or over a socket (`link.ts`).
 */

import { AsyncResource } from 'node:async_hooks';
import { captureSite, type CallSite, joinStacks } from '../codec/index.ts';
import { EOFError, InvalidStateError } from '../errors.ts';
import { blocking } from '../loop/index.ts';
import { TypeError } from '../refusals.ts';
import { ignoreRejection, isThenable } from '../thenable.ts';
import { answerNamed, argumentNamed } from './arguments.ts';
import { DROP, HOLD } from './extras.ts';
import { GET, PIPELINE, SET } from './methods.ts';
import { CALLBACK, type CallbackRef, CREATE, ERROR, FORGET, MANAGER, type Reply } from './protocol.ts';

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
 * Marks a function as one that runs in this thread when a manager's object calls it, instead of a copy at the manager. The object receives
 * an async function. The function is called while this thread's event loop runs, or while this thread waits in a Sync call of the same
 * manager. The object may keep it: calls work as long as this thread lives, but do not keep the program alive. Mark the argument itself:
 * functions inside of other values are copied.
 *
 * In a Sync call to which it was given it cannot return a promise, as the thread that would settle it is blocked: the call fails with `InvalidStateError`.
 *
 * @throws TypeError if it is not a function
 */
export function callback<F extends (...args: any[]) => unknown>(fn: F): F {
  if (typeof fn !== 'function') throw new TypeError('expected callback() to get a function');
  const marked = ((...args: unknown[]) => fn(...args)) as F;
  atCallers.add(marked);
  return marked;
}

/** One call, as it is sent. */
export interface Outgoing {
  /** Number of the call; 0: nothing is answered. */
  readonly call: number;
  readonly object: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

export abstract class Calls {
  protected readonly calls: Map<number, Call> = new Map();
  /** Sync calls that wait, and what has come for them: a callback may make one while another waits. */
  protected readonly blocked: Map<number, Reply | undefined> = new Map();
  protected readonly callbacks: Map<number, Callback> = new Map();
  /** Numbers of the answers that the manager waits for. */
  protected readonly answering: Set<unknown> = new Set();
  /** The Sync call that waits, the innermost of them; 0: none. */
  #blockedIn = 0;
  #last = 0;

  /** Sends a call. @throws EOFError if the manager has ended */
  protected abstract send(outgoing: Outgoing, name: string): void;
  /** Sends what a callback gave, or has thrown. @throws EOFError if the manager has ended, SerializationError if the value cannot cross */
  protected abstract sendAnswer(answer: unknown, isOk: boolean, value: unknown): void;
  /** A promise waits: replies are received from now on. */
  protected abstract await(): void;
  /** Blocks for a while, or until replies have come. @throws EOFError if the manager has ended */
  protected abstract waitSync(name: string): void;
  /** A Sync call has ended. */
  protected abstract unblocked(): void;
  /** An error that says that the manager has ended. */
  protected abstract ended(name: string): EOFError;
  /** Why a Sync call would wait for itself. */
  protected whyNotSync(): string | undefined {
    return undefined;
  }

  /** Puts references in the place of callbacks. */
  #withRefs(args: readonly unknown[], call: number, given: number[]): readonly unknown[] {
    if (!args.some((one) => typeof one === 'function' && atCallers.has(one))) return args;
    return args.map((one) => {
      if (typeof one !== 'function' || !atCallers.has(one)) return one;
      const number = (this.#last += 1);
      // A callback runs in the context of the call that it was given to.
      this.callbacks.set(number, { fn: AsyncResource.bind(one as Callback['fn']), call });
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
      this.send({ call, object, method, args: all }, name);
    } catch (error) {
      for (const number of given) this.callbacks.delete(number);
      throw argumentNamed(error, method, args);
    }
    return call;
  }

  /** @param signal aborts the call where it waits, at the manager */
  call(object: number, method: string, args: readonly unknown[], name: string, site: CallSite, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const call = this.#begin(object, method, args, name);
      this.calls.set(
        call,
        signal === undefined ? { name, site, resolve, reject } : this.#abortable(call, { name, site, resolve, reject }, signal),
      );
      this.await();
    });
  }

  /** The manager ends the wait: what it gave out before that arrives. */
  #abortable(number: number, { resolve, reject, ...call }: Call, signal: AbortSignal): Call {
    const onAbort = (): void => this.abort(number);
    signal.addEventListener('abort', onAbort, { once: true });
    const settled = (): void => signal.removeEventListener('abort', onAbort);
    return {
      ...call,
      resolve: (value) => {
        settled();
        resolve(value);
      },
      reject: (error) => {
        settled();
        reject(signal.aborted ? signal.reason : error);
      },
    };
  }

  /** Ends the wait of a call at the manager. */
  protected abort(_call: number): void {}

  /** @param above the function whose caller blocks */
  callSync(object: number, method: string, args: readonly unknown[], name: string, above: (...args: any[]) => unknown): unknown {
    const why = isUpdating ? undefined : this.whyNotSync();
    if (why !== undefined) throw new InvalidStateError(`${name}Sync(): ${why}: use ${name}()`);
    const number = this.#begin(object, method, args, `${name}Sync`);
    const outer = this.#blockedIn;
    this.blocked.set(number, undefined);
    this.#blockedIn = number;
    try {
      return blocking(`${name}Sync()`, above, () => this.#waitFor(number, name, above));
    } finally {
      this.#blockedIn = outer;
      this.blocked.delete(number);
      this.unblocked();
    }
  }

  #waitFor(number: number, name: string, above: (...args: any[]) => unknown): unknown {
    let reply: Reply | undefined;
    while ((reply = this.blocked.get(number)) === undefined) this.waitSync(`${name}Sync`);
    if (reply[1] !== ERROR) return reply[2];
    joinStacks(reply[2], captureSite(above));
    throw reply[2];
  }

  /** The manager answers no more. */
  protected failAll(): void {
    for (const { name, site, reject } of this.calls.values()) {
      const error = this.ended(name);
      joinStacks(error, site);
      reject(error);
    }
    this.calls.clear();
  }

  /** A reply has come, or a call of a function of this thread. */
  protected receive([number, kind, ...rest]: Reply): void {
    if (kind === CALLBACK) return void this.#callBack(number, rest, this.#blockedIn);
    if (kind === FORGET) return void this.callbacks.delete(number);
    if (this.blocked.has(number)) {
      // The first counts: a check may have been answered since.
      if (this.blocked.get(number) === undefined) this.blocked.set(number, [number, kind, ...rest]);
      return;
    }
    const call = this.calls.get(number);
    if (call === undefined) return;
    this.calls.delete(number);
    if (kind === ERROR) {
      joinStacks(rest[0], call.site);
      call.reject(rest[0]);
    } else call.resolve(rest[0]);
  }

  /** The manager calls a function of this thread. @param blockedIn number of the Sync call that waits meanwhile */
  async #callBack(number: number, [answer, ...args]: readonly unknown[], blockedIn: number): Promise<void> {
    let outcome: [boolean, unknown];
    this.answering.add(answer);
    try {
      const { fn, call } = this.callbacks.get(number)!;
      const value = fn(...args);
      const isPromise = isThenable(value);
      if (isPromise && call === blockedIn) {
        ignoreRejection(value);
        throw new InvalidStateError(
          'a callback returned a promise, which cannot settle while its thread waits in a Sync call: use the promise form',
        );
      }
      outcome = [true, isPromise ? await value : value];
    } catch (error) {
      outcome = [false, error];
    }
    this.#answer(answer, outcome);
    this.answering.delete(answer);
  }

  #answer(answer: unknown, [isOk, value]: [boolean, unknown]): void {
    try {
      this.sendAnswer(answer, isOk, value);
    } catch (error) {
      // A manager that has ended wants no answer.
      if (error instanceof EOFError) return;
      // The function's result cannot cross.
      this.#answer(answer, [false, answerNamed(error)]);
    }
  }
}

/** True while the function of an `update` runs here, for which the manager waits. */
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

/** Calls that methods at the caller make. */
const calledFor: Readonly<Record<string, string | undefined>> = { [HOLD]: 'hold', [DROP]: 'release' };

/** The name of a call in errors. */
export function nameOfCall(type: string, method: string, args: readonly unknown[]): string {
  const of = method === GET || method === SET ? String(args[0]) : (calledFor[method] ?? method);
  return `${type}.${of}`;
}
