/**
 * A connection to a manager that shares no memory with this program, and the calls that one thread makes over it.
 *
 *   call ──▶ CALL ──▶ the manager ──▶ RESULT or FAILED ──▶ the promise, or the Sync call that waits
 *
 * A proxy that arrives counts at the manager as held by this connection, until this thread says that it is garbage, or the connection ends. One that is
 * handed over to another thread stays held as long as the connection lasts; the thread that receives it connects, too.
 */

import { type ListenerAddress, type SocketConnection, describeAddress } from '../connection/index.ts';
import { EOFError, SerializationError } from '../errors.ts';
import type { Substitute } from '../handles.ts';
import { answerRoot, requestRoot } from './arguments.ts';
import { Calls, type Outgoing } from './calls.ts';
import type { Description } from './methods.ts';
import { CALLBACK, ERROR, VALUE } from './protocol.ts';
import { linkOfRemote, makeRemote, numberOfRemote, descriptionOfRemote, RemoteProxied } from './remote.ts';
import { type Received, Wire } from './wire.ts';
import { wireKinds as kinds } from './wire-kinds.ts';

/** Where a manager is, and what proves that one may call it. */
export interface ManagerPlace {
  readonly address: ListenerAddress;
  readonly authkey: Uint8Array;
}

/** The name of a proxy on its way to another thread of this program. */
export interface Travelling extends ManagerPlace {
  readonly id: string;
  readonly number: number;
  readonly description: Description;
}

interface Held {
  readonly proxy: WeakRef<RemoteProxied>;
  /** How often the manager has sent it. */
  readonly count: number;
}

export class Link extends Calls {
  readonly place: ManagerPlace;
  readonly #wire: Wire;
  readonly #held: Map<number, Held> = new Map();
  /** Proxies that were handed over to other threads. */
  readonly #handedOver: Set<RemoteProxied> = new Set();
  readonly #registry: FinalizationRegistry<number> = new FinalizationRegistry((number) => this.#forget(number));
  readonly #host: string;
  #isHolding = false;
  #closed: string | undefined;
  /** The manager's own; no other has it, also one that comes later under the same address. */
  id: string = '';
  /** True for a link that was made for proxies: the last of them closes it. */
  isBorrowed = false;

  constructor(connection: SocketConnection<any>, place: ManagerPlace) {
    super();
    this.place = place;
    this.#wire = new Wire(connection, {
      nameFor: (object) => this.#nameFor(object),
      namedBy: (name) => this.#proxyOf(...(name as [number, Description])),
      receive: (record) => this.#received(record),
      ended: () => this.failAll(),
    });
    this.#host = this.#wire.host ?? (typeof place.address === 'string' ? '' : place.address.host);
  }

  /** For people. */
  get name(): string {
    return `the manager at ${describeAddress(this.place.address)}`;
  }

  get isOpen(): boolean {
    return this.#wire.end === undefined;
  }

  protected ended(name: string): EOFError {
    this.callbacks.clear();
    const { end } = this.#wire;
    const why = this.#closed ?? `${this.name} has ended, or the connection to it`;
    return new EOFError(`${name}(): ${why}`, { cause: end?.cause });
  }

  /** Ends the connection: what this thread held at the manager is given up. */
  close(): void {
    this.#closed ??= `the connection to ${this.name} was closed here`;
    this.#handedOver.clear();
    this.#wire.close();
  }

  protected send({ call, object, method, args }: Outgoing, name: string): void {
    try {
      this.#wire.send({ kind: kinds.CALL, number: call, second: object }, [method, ...args], requestRoot);
    } catch (error) {
      throw error instanceof EOFError ? this.ended(name) : error;
    }
  }

  protected sendAnswer(answer: unknown, isOk: boolean, value: unknown): void {
    this.#wire.send({ kind: isOk ? kinds.ANSWER : kinds.NO_ANSWER, number: answer as number, second: 0 }, value, answerRoot);
  }

  #received({ kind, number, second, value, failure }: Received): void {
    switch (kind) {
      case kinds.RESULT:
        this.receive(failure === undefined ? [number, VALUE, value] : [number, ERROR, failure.error]);
        break;
      case kinds.FAILED:
        this.receive([number, ERROR, failure === undefined ? value : failure.error]);
        break;
      case kinds.CALLBACK:
        if (failure === undefined) this.receive([number, CALLBACK, second, ...(value as unknown[])]);
        else this.#refuse(second, failure.error);
        break;
      case kinds.FORGET:
        this.callbacks.delete(number);
        this.#closeUnused();
    }
    if (this.calls.size === 0) this.#hold(false);
  }

  /** Called when the arguments of a callback cannot be read here. */
  #refuse(answer: number, error: unknown): void {
    try {
      this.sendAnswer(answer, false, error);
    } catch (refused) {
      if (refused instanceof EOFError) return;
      this.sendAnswer(
        answer,
        false,
        new SerializationError(`what a callback was called with cannot be read where it runs: ${String(error)}`),
      );
    }
  }

  protected await(): void {
    // The link may have ended in the moment of the call.
    if (!this.isOpen) this.failAll();
    else this.#hold(true);
  }

  protected override failAll(): void {
    super.failAll();
    this.#hold(false);
  }

  /** A call that waits keeps the program alive. */
  #hold(holds: boolean): void {
    if (holds === this.#isHolding) return;
    this.#isHolding = holds;
    if (holds) this.#wire.ref();
    else this.#wire.unref();
  }

  protected waitSync(name: string): void {
    try {
      this.#wire.waitSync();
    } catch (error) {
      throw error instanceof EOFError ? this.ended(name) : error;
    }
  }

  protected override abort(call: number): void {
    if (this.isOpen) this.#wire.send({ kind: kinds.ABORT, number: call, second: 0 }, undefined, 'abort');
  }

  protected unblocked(): void {}

  // ---- proxies

  #nameFor(object: object): unknown {
    return object instanceof RemoteProxied && linkOfRemote(object).id === this.id ? numberOfRemote(object) : undefined;
  }

  #proxyOf(number: number, description: Description): RemoteProxied {
    const held = this.#held.get(number);
    const known = held?.proxy.deref();
    const proxy = known ?? makeRemote({ link: this, number, description });
    if (known === undefined) this.#registry.register(proxy, number);
    this.#held.set(number, {
      proxy: held !== undefined && known !== undefined ? held.proxy : new WeakRef(proxy),
      count: (held?.count ?? 0) + 1,
    });
    return proxy;
  }

  #forget(number: number): void {
    const held = this.#held.get(number);
    // The object may have come again since.
    if (held === undefined || held.proxy.deref() !== undefined) return;
    this.#held.delete(number);
    if (!this.isOpen) return;
    this.#wire.send({ kind: kinds.RELEASE, number, second: held.count }, undefined, 'release');
    this.#closeUnused();
  }

  /** A manager that keeps a callback may call it when the last proxy has gone. */
  #closeUnused(): void {
    if (this.isBorrowed && this.#held.size === 0 && this.calls.size === 0 && this.callbacks.size === 0) this.close();
  }

  /** A proxy that has come from another thread of this program. */
  adopt({ number, description }: Travelling): RemoteProxied {
    const known = this.#held.get(number)?.proxy.deref();
    if (known !== undefined) return known;
    this.#wire.send({ kind: kinds.HOLD, number, second: 0 }, undefined, 'hold');
    return this.#proxyOf(number, description);
  }

  /** Returns the substitute that another thread receives for a proxy, or the reason why it stays here. */
  substituteFor(proxy: RemoteProxied, apart: string | undefined): Substitute | string {
    if (apart !== undefined)
      return `a proxy of ${this.name} cannot cross to another program: put it into an object of the manager, where that program connects, too`;
    if (!this.isOpen) return `a proxy of ${this.name} cannot cross: its connection has ended`;
    this.#handedOver.add(proxy);
    const { address, authkey } = this.place;
    const data: Travelling = {
      // A thread that connects while it decodes can look up no name.
      address: typeof address === 'string' ? address : { host: this.#host, port: address.port },
      authkey,
      id: this.id,
      number: numberOfRemote(proxy),
      description: descriptionOfRemote(proxy),
    };
    return { data, Class: RemoteProxied, rebuild: rebuilt };
  }
}

let rebuilt: (data: Travelling) => object;

/** How a proxy is made of what was sent to this thread; travels by name. */
export function setRebuild(given: (data: Travelling) => object): void {
  rebuilt = given;
}
