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

/** What all of them are. */
export class RemoteProxied {
  readonly #made: Made;

  static {
    madeOf = (proxy) => proxy.#made;
    Object.defineProperty(RemoteProxied.prototype, sentAs, {
      value(this: RemoteProxied, apart: string | undefined): Substitute | string {
        return madeOf(this).link.substituteFor(this, apart);
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

const caller: Caller = {
  call(proxy: RemoteProxied, method, args, above) {
    const { link, number, description } = madeOf(proxy);
    return link.call(number, method, args, nameOfCall(description.name, method, args), captureSite(above));
  },
  callSync(proxy: RemoteProxied, method, args, above) {
    const { link, number, description } = madeOf(proxy);
    return link.callSync(number, method, args, nameOfCall(description.name, method, args), above);
  },
};

export function makeRemote(made: Made): RemoteProxied {
  making = made;
  const proxy = new RemoteProxied();
  Object.setPrototypeOf(proxy, prototypeOf(made.description, { Base: RemoteProxied, caller }));
  return proxy;
}
