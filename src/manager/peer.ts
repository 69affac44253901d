/** Clients of a manager: threads that share its memory, and programs that do not. */

import type { Queue } from '../channel/index.ts';
import type { SocketConnection } from '../connection/index.ts';
import { EOFError } from '../errors.ts';
import { isDead } from '../memory/index.ts';
import {
  argumentRoots,
  CALLBACK,
  ERROR,
  FORGET,
  type Received,
  replyNamed,
  type Reply,
  type Request,
  VALUE,
  Wire,
  wireKinds,
} from '../proxy/index.ts';
import { Session } from './session.ts';

/** One that calls. */
export interface Peer {
  /** Sends replies, which may concern several calls. A value that cannot cross fails its call; a callback goes to `failed`. */
  send(replies: readonly Reply[], failed: (answer: number, error: unknown) => void): void;
  hasEnded(): boolean;
}

/** A thread that shares memory with the manager, by its slot. */
export class QueuePeer implements Peer {
  readonly #slot: number;
  readonly #replies: Queue<Reply>;

  constructor(slot: number, replies: Queue<Reply>) {
    this.#slot = slot;
    this.#replies = replies;
  }

  hasEnded(): boolean {
    return isDead(this.#slot, true);
  }

  send(replies: readonly Reply[], failed: (answer: number, error: unknown) => void): void {
    try {
      // Making one message ready alone is cheaper than as a batch.
      if (replies.length === 1) this.#replies.putNowait(replies[0]!);
      else this.#replies.putManySync(replies);
    } catch {
      // One of the values cannot cross: the call ends with that, and the others go their way.
      for (const reply of replies) this.#sendOne(reply, failed);
    }
  }

  #sendOne(reply: Reply, failed: (answer: number, error: unknown) => void): void {
    try {
      this.#replies.putSync(reply);
    } catch (error) {
      const isCallback = reply[1] === CALLBACK;
      const named = replyNamed(error, isCallback);
      if (isCallback) failed(reply[2] as number, named);
      else this.#replies.putSync([reply[0], ERROR, named]);
    }
  }
}

/** The requests of a connection to the manager. */
export interface Host {
  /** A request has come. */
  take(request: Request): void;
  /** The answer of a callback has come. */
  settle(answer: number, isOk: boolean, value: unknown): void;
  /** All requests that came at a time are taken. */
  flush(): void;
  /** By what proxies of an object are made at a client that does not share memory; undefined: it cannot have one. */
  nameFor(object: object): readonly [number: number, description: unknown] | undefined;
  /** The object of that number, as it is here. */
  objectOf(number: number): object;
  /** A connection holds an object, so often more or less. */
  held(number: number, more: number): void;
  /** The connection has ended. */
  left(client: number): void;
}

/** A thread of a program that does not share memory, by its connection. */
export class WirePeer implements Peer {
  readonly #client: number;
  readonly #host: Host;
  readonly #wire: Wire;
  /** How often it holds which object. */
  readonly #held: Map<number, number> = new Map();
  #session: Session | undefined;
  #hasEnded = false;

  constructor(connection: SocketConnection, client: number, host: Host) {
    this.#client = client;
    this.#host = host;
    this.#wire = new Wire(connection, {
      nameFor: (object) => this.#nameFor(object),
      namedBy: (number) => host.objectOf(number as number),
      receive: (record) => this.#received(record),
      received: () => host.flush(),
      ended: () => this.#ended(),
    });
  }

  hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Calls an object in shared memory in the name of this connection. */
  call(call: number, object: object, method: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#hasEnded) throw new EOFError('the connection has ended');
    this.#session ??= new Session(`connection ${-this.#client} of a manager`);
    return this.#session.call(call, object, method, args);
  }

  #received({ kind, number, second, value, failure }: Received): void {
    switch (kind) {
      case wireKinds.CALL:
        if (failure !== undefined) this.#reply([number, ERROR, failure.error]);
        else if (Array.isArray(value)) this.#host.take([this.#client, number, second, ...(value as [string, ...unknown[]])]);
        break;
      case wireKinds.ANSWER:
      case wireKinds.NO_ANSWER:
        if (failure === undefined) this.#host.settle(number, kind === wireKinds.ANSWER, value);
        else this.#host.settle(number, false, failure.error);
        break;
      case wireKinds.HOLD:
        this.#hold(number, 1);
        break;
      case wireKinds.RELEASE:
        // Includes values that are not numbers.
        if (second > 0) this.#hold(number, -second);
        break;
      case wireKinds.ABORT:
        this.#session?.abort(number);
    }
  }

  #hold(number: number, more: number): void {
    const before = this.#held.get(number) ?? 0;
    // A client cannot release more than it holds.
    const after = Math.max(0, before + more);
    if (after === 0) this.#held.delete(number);
    else this.#held.set(number, after);
    this.#host.held(number, after - before);
  }

  #nameFor(object: object): unknown {
    const name = this.#host.nameFor(object);
    if (name !== undefined) this.#sent.push(name[0]);
    return name;
  }

  /** Numbers in the record that is being written. */
  #sent: number[] = [];

  send(replies: readonly Reply[], failed: (answer: number, error: unknown) => void): void {
    for (const reply of replies) this.#sendOne(reply, failed);
    this.#quietly(() => this.#wire.flush());
  }

  #sendOne(reply: Reply, failed: (answer: number, error: unknown) => void): void {
    try {
      this.#reply(reply);
    } catch (error) {
      if (error instanceof EOFError) return;
      const isCallback = reply[1] === CALLBACK;
      const named = replyNamed(error, isCallback);
      if (isCallback) failed(reply[2] as number, named);
      else this.#quietly(() => this.#reply([reply[0], ERROR, named]));
    }
  }

  #quietly(send: () => void): void {
    try {
      send();
    } catch (error) {
      if (error instanceof EOFError) return;
      throw error;
    }
  }

  #reply([number, kind, ...rest]: Reply): void {
    this.#sent = [];
    if (kind === VALUE) this.#wire.send({ kind: wireKinds.RESULT, number, second: 0 }, rest[0], argumentRoots.result);
    else if (kind === ERROR) this.#wire.send({ kind: wireKinds.FAILED, number, second: 0 }, rest[0], argumentRoots.result);
    else if (kind === FORGET) this.#wire.send({ kind: wireKinds.FORGET, number, second: 0 }, undefined, 'number');
    else if (kind === CALLBACK)
      this.#wire.send({ kind: wireKinds.CALLBACK, number, second: rest[0] as number }, rest.slice(1), argumentRoots.callback);
    for (const sent of this.#sent) this.#hold(sent, 1);
  }

  #ended(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const [number, count] of this.#held) this.#host.held(number, -count);
    this.#held.clear();
    void this.#session?.end();
    this.#host.left(this.#client);
  }

  /** Ends the connection. */
  close(): void {
    this.#wire.close();
  }
}
