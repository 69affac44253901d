/** Proxies of what a manager keeps that shares no memory with this program: they call it over a connection. */

import { captureSite } from '../codec/index.ts';
import { sentAs, type Substitute } from '../handles.ts';
import { TypeError } from '../refusals.ts';
import { nameOfCall } from './calls.ts';
import type { Link } from './link.ts';
import { type Caller, type Description, prototypeOf } from './methods.ts';

interface Made {
  readonly link: Link;
  readonly number: number;
  readonly description: Description;
}

let making: Made | undefined;
let madeOf: (proxy: RemoteProxied) => Made;

/** The base of all remote proxies. */
export class RemoteProxied {
  readonly #made: Made;

  static {
    madeOf = (proxy) => proxy.#made;
    Object.defineProperty(RemoteProxied.prototype, sentAs, {
      value(this: RemoteProxied, apart: string | undefined): Substitute | string {
        return madeOf(this).link.substituteFor(this, apart);
      },
    });
    Object.defineProperty(RemoteProxied.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: RemoteProxied): string {
        return this.toString();
      },
    });
  }

  constructor() {
    if (making === undefined) throw new TypeError('expected a manager to make proxies, got new RemoteProxied()');
    this.#made = making;
    making = undefined;
  }

  /** For people. */
  toString(): string {
    const { description, number, link } = this.#made;
    return `<${description.name} ${number} of ${link.name}>`;
  }
}

export const numberOfRemote = (proxy: RemoteProxied): number => madeOf(proxy).number;
export const linkOfRemote = (proxy: RemoteProxied): Link => madeOf(proxy).link;
export const descriptionOfRemote = (proxy: RemoteProxied): Description => madeOf(proxy).description;

/** In the place of a signal: that of the call itself, at the manager. */
export const signalOfCall = '@@heddle.signal';

/** The arguments of a call that may wait, and the signal that was among its options. */
function withoutSignal(args: readonly unknown[]): [toSend: readonly unknown[], signal?: AbortSignal] {
  const options = args.at(-1);
  if (typeof options !== 'object' || options === null || Object.getPrototypeOf(options) !== Object.prototype) return [args];
  const { signal } = options as { readonly signal?: unknown };
  return signal instanceof AbortSignal ? [[...args.slice(0, -1), { ...options, signal: signalOfCall }], signal] : [args];
}

const caller: Caller = {
  call(proxy: RemoteProxied, method, args, above) {
    const { link, number, description } = madeOf(proxy);
    const name = nameOfCall(description.name, method, args);
    const [toSend, signal] = description.waits === true ? withoutSignal(args) : [args];
    return link.call(number, method, toSend, name, captureSite(above), signal);
  },
  callSync(proxy: RemoteProxied, method, args, above) {
    const { link, number, description } = madeOf(proxy);
    const name = nameOfCall(description.name, method, args);
    if (description.waits === true && withoutSignal(args)[1] !== undefined)
      throw new TypeError(`expected ${name}Sync() to be given no signal: a blocked thread cannot hear it; use ${name}()`);
    return link.callSync(number, method, args, name, above);
  },
};

export function makeRemote(made: Made): RemoteProxied {
  making = made;
  const proxy = new RemoteProxied();
  Object.setPrototypeOf(proxy, prototypeOf(made.description, { Base: RemoteProxied, caller }));
  return proxy;
}
