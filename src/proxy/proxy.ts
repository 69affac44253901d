/**
 * Proxies: handles on what a manager keeps, with a method for each name that it exposes.
 *
 *   manager:   object, under its number ── a handle, in a reply ──▶ client: a proxy, which can travel on
 *   the last handle is garbage, or its process has died ──▶ a sweep frees the record ──▶ the manager sees that, and drops the object
 *
 * Classes are made from the exposed names, once in each thread, and never with a `then`: a proxy can be awaited, and is then itself.
 */

import { load, store } from '#atomics';
import type { Queue } from '../channel/index.ts';
import { luggage } from '../handles.ts';
import {
  blockOf,
  defineKind,
  joinObject,
  layout,
  letGo,
  type ObjectKind,
  refOf,
  SharedObject,
  stillThere,
  travelsToo,
} from '../memory/index.ts';
import { TypeError } from '../refusals.ts';
import { type Caller, type Description, prototypeOf } from './methods.ts';

const layoutOfProxy = layout('Proxy', 'what a manager keeps', {
  tag: ['bits', 'magic, colour, references and kind'],
  chain: ['ref', 'unused'],
  requests: ['ref', 'the queue on which the manager is called'],
  number: ['uint32', "the manager's number of the object"],
  server: ['slot', "the manager's thread"],
});

const REQUESTS = layoutOfProxy.requests;
const NUMBER = layoutOfProxy.number;
const SERVER = layoutOfProxy.server;

const kind: ObjectKind = defineKind({
  number: 40,
  name: 'Proxy',
  words: layoutOfProxy.size,
  refs: { first: REQUESTS, count: 1 },
  isClosable: true,
  create: () => new Proxied(),
  describe: (proxy: Proxied) => `${descriptionOf(proxy).name} ${numberOf(proxy)} of a manager`,
});

const unknown: Description = { name: 'Proxy', methods: [], properties: [], isIterable: false };

let caller: Caller;

/** How proxies call their manager: `client.ts` gives it. */
export function setCaller(given: Caller): void {
  caller = given;
}

interface Making {
  readonly requests: Queue;
  readonly number: number;
  readonly server: number;
}

let making: Making | undefined;
let describeAs: (proxy: Proxied, description: Description) => void;
export let descriptionOf: (proxy: Proxied) => Description;

/** The base of all proxies. */
export class Proxied extends SharedObject {
  #description: Description = unknown;

  static {
    Object.defineProperty(Proxied.prototype, luggage, {
      get(this: Proxied) {
        return this.#description;
      },
      set(this: Proxied, description: Description) {
        become(this, description);
      },
    });
    describeAs = (proxy, description) => {
      proxy.#description = description;
    };
    descriptionOf = (proxy) => proxy.#description;
  }

  constructor() {
    const made = making;
    making = undefined;
    super(kind, ({ words, at }) => {
      if (made === undefined) throw new TypeError('expected a manager to make proxies, got new Proxy()');
      store(words, at + NUMBER, made.number);
      store(words, at + SERVER, made.server);
      store(words, at + REQUESTS, refOf(made.requests));
      travelsToo(made.requests);
    });
  }
}

export function numberOf(proxy: Proxied): number {
  const { words, at } = blockOf(proxy);
  return load(words, at + NUMBER);
}

/** The thread of the manager. */
export function serverOf(proxy: Proxied): number {
  const { words, at } = blockOf(proxy);
  return load(words, at + SERVER);
}

export function requestsOf(proxy: Proxied): Queue {
  const { words, at } = blockOf(proxy);
  return joinObject(load(words, at + REQUESTS)) as Queue;
}

/** Makes a proxy, in the manager. */
export function makeProxy(description: Description, made: Making): Proxied {
  making = made;
  const proxy = new Proxied();
  become(proxy, description);
  return proxy;
}

/** Lets the manager's own handle go, when it has been sent. */
export function release(proxy: Proxied): void {
  letGo(proxy, () => {});
}

/** Which of the proxies that a manager has announced are held anywhere. */
export function heldOf(announced: readonly { readonly ref: number; readonly number: number }[], server: number): boolean[] {
  return stillThere(
    announced.map(({ ref }) => ref),
    ({ words, at }, i) => load(words, at + NUMBER) === announced[i]!.number && load(words, at + SERVER) === server,
  );
}

function become(proxy: Proxied, description: Description): void {
  describeAs(proxy, description);
  Object.setPrototypeOf(proxy, prototypeOf(description, { Base: Proxied, caller }));
}
