/**
 * Functions of clients that a manager calls where they are.
 *
 *   a reference among the arguments ──▶ an async function, which the object calls ──▶ CALLBACK, under a number ──▶ the client answers ──▶ settled
 *   the function is garbage ──▶ FORGET           the client has ended, or its answer was lost ──▶ rejected
 */

import { EOFError, SerializationError } from '../errors.ts';
import { CALLBACK, FORGET, isCallbackRef } from '../proxy/index.ts';

interface Answer {
  readonly client: number;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** How clients are reached. */
interface Clients {
  nextNumber(): number;
  isThere(client: number): boolean;
  /** Sends a reply at once. */
  send(client: number, callback: number, kind: number, ...rest: unknown[]): void;
}

const unreadThere = 'what a callback was called with cannot be read where it runs';
const callerEnded = (): Error => new EOFError('the caller of this function has ended');

export class Callbacks {
  readonly #clients: Clients;
  /** Answers to come. */
  readonly #answers: Map<number, Answer> = new Map();
  /** Why answers before them may be lost. */
  readonly #marks: Map<number, unknown> = new Map();
  readonly #forgotten: FinalizationRegistry<readonly [client: number, callback: number]>;

  constructor(clients: Clients) {
    this.#clients = clients;
    this.#forgotten = new FinalizationRegistry(([client, callback]) => clients.send(client, callback, FORGET));
  }

  /** Puts functions that call back in the place of references. */
  placeIn(args: unknown[], client: number): void {
    for (const [i, one] of args.entries()) if (isCallbackRef(one)) args[i] = this.#functionOf(client, one['@@heddle.callback']);
  }

  #functionOf(client: number, callback: number): (...args: unknown[]) => Promise<unknown> {
    const call = (...args: unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        if (!this.#clients.isThere(client)) throw callerEnded();
        const number = this.#clients.nextNumber();
        this.#answers.set(number, { client, resolve, reject });
        this.#clients.send(client, callback, CALLBACK, number, ...args);
      });
    this.#forgotten.register(call, [client, callback]);
    return call;
  }

  /** An answer of a client has come. */
  answered(client: number, number: number, isOk: boolean, value: unknown): void {
    if (this.#answers.get(number)?.client === client) this.#settle(number, isOk, value);
  }

  /** The call could not be sent. */
  failed(number: number, error: unknown): void {
    this.#settle(number, false, error);
  }

  #settle(number: number, isOk: boolean, value: unknown): void {
    const answer = this.#answers.get(number);
    this.#answers.delete(number);
    if (isOk) answer?.resolve(value);
    else answer?.reject(value);
  }

  /** A message of a client, or for it, was lost. Returns the number of a mark: which of its callbacks run then? @param why if it was one of the client's */
  mark(why: { readonly error: unknown } | undefined): number {
    const mark = this.#clients.nextNumber();
    this.#marks.set(mark, why === undefined ? new SerializationError(unreadThere) : why.error);
    return mark;
  }

  /** These of the client's callbacks ran when it saw the mark. All others before it are lost. */
  running(client: number, mark: number, numbers: readonly number[]): void {
    const why = this.#marks.get(mark);
    this.#marks.delete(mark);
    for (const [number, answer] of this.#answers)
      if (answer.client === client && number < mark && !numbers.includes(number)) this.#settle(number, false, why);
  }

  /** The client has ended. */
  left(client: number): void {
    for (const [number, answer] of this.#answers) if (answer.client === client) this.#settle(number, false, callerEnded());
  }
}
