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
import { RangeError, TypeError } from '../refusals.ts';

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

/** What a proxy can do: travels with it. */
export interface Description {
  readonly name: string;
  readonly methods: readonly string[];
  readonly properties: readonly string[];
  readonly isIterable: boolean;
}

const unknown: Description = { name: 'Proxy', methods: [], properties: [], isIterable: false };

/** How proxies call their manager: `client.ts` gives it. */
export interface Caller {
  call(proxy: Proxied, method: string, args: readonly unknown[], above: (...args: any[]) => unknown): Promise<unknown>;
  callSync(proxy: Proxied, method: string, args: readonly unknown[], above: (...args: any[]) => unknown): unknown;
}

let caller: Caller;

export function setCaller(given: Caller): void {
  caller = given;
}

/** Names of a request that are no method of the object. */
export const GET = '.get';
export const SET = '.set';
export const PIPELINE = '.pipeline';
export const ITERATE = '.iterate';

interface Making {
  readonly requests: Queue;
  readonly number: number;
  readonly server: number;
}

let making: Making | undefined;
let describeAs: (proxy: Proxied, description: Description) => void;
export let descriptionOf: (proxy: Proxied) => Description;

/** What all proxies are. */
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

const classes = new Map<string, object>();

function become(proxy: Proxied, description: Description): void {
  describeAs(proxy, description);
  const key = JSON.stringify(description);
  let prototype = classes.get(key);
  if (prototype === undefined) classes.set(key, (prototype = prototypeFor(description)));
  Object.setPrototypeOf(proxy, prototype);
}

type Method = (this: Proxied, ...args: unknown[]) => unknown;

function prototypeFor({ name, methods, properties, isIterable }: Description): object {
  const Class = class extends Proxied {};
  Object.defineProperty(Class, 'name', { value: name });
  const { prototype } = Class;
  const define = (key: PropertyKey, value: Method): void => {
    Object.defineProperty(value, 'name', { value: typeof key === 'symbol' ? key.description : key });
    Object.defineProperty(prototype, key, { value, writable: true, configurable: true });
  };
  for (const method of methods) {
    if (method === 'then') continue;
    // A blocking form of the class itself gives way to that of the proxy.
    if (method.endsWith('Sync') && methods.includes(method.slice(0, -'Sync'.length))) continue;
    define(method, function call(...args) {
      return caller.call(this, method, args, call);
    });
    define(`${method}Sync`, function call(...args) {
      return caller.callSync(this, method, args, call);
    });
  }
  for (const property of properties) defineProperty(prototype, property);
  define('pipeline', async function call(record) {
    return await caller.call(this, PIPELINE, recorded(methods, record), call);
  });
  define('pipelineSync', function call(record) {
    return caller.callSync(this, PIPELINE, recorded(methods, record), call);
  });
  if (isIterable) Object.defineProperty(prototype, Symbol.asyncIterator, { value: iterate, configurable: true, writable: true });
  return prototype;
}

/** Items that an iteration fetches at a time. */
const piece = 256;

interface Pieces {
  take(count: number): Promise<{ items: unknown[]; isDone: boolean }>;
  end(): Promise<void>;
}

async function* iterate(this: Proxied): AsyncGenerator {
  const pieces = (await caller.call(this, ITERATE, [], iterate)) as Pieces;
  try {
    for (;;) {
      const { items, isDone } = await pieces.take(piece);
      yield* items;
      if (isDone) return;
    }
  } finally {
    await pieces.end();
  }
}

function defineProperty(prototype: object, property: string): void {
  Object.defineProperty(prototype, property, {
    get: function get(this: Proxied) {
      return caller.call(this, GET, [property], get);
    },
    configurable: true,
  });
  Object.defineProperty(prototype, `${property}Sync`, {
    get: function get(this: Proxied) {
      return caller.callSync(this, GET, [property], get);
    },
    set: function set(this: Proxied, value: unknown) {
      caller.callSync(this, SET, [property, value], set);
    },
    configurable: true,
  });
}

/** The place of a method's name in the list, and how many arguments its call has, in one number. */
const mostArguments = 256;

/**
 * The calls that `record` makes of the object it is given: names of methods, a number for each call, and all arguments behind each other. So rows of
 * numbers and of text stay rows, which are written fast.
 */
function recorded(methods: readonly string[], record: unknown): [names: readonly string[], codes: number[], args: unknown[]] {
  if (typeof record !== 'function') throw new TypeError('expected pipeline() to get a function that makes the calls');
  const codes: number[] = [];
  const all: unknown[] = [];
  const recorder: Record<string, (...args: unknown[]) => void> = {};
  for (const [i, method] of methods.entries()) {
    recorder[method] = (...args) => {
      if (args.length >= mostArguments) throw new RangeError(`expected at most ${mostArguments - 1} arguments, got ${args.length}`);
      codes.push(i * mostArguments + args.length);
      for (const one of args) all.push(one);
    };
  }
  (record as (recorder: object) => unknown)(recorder);
  return [methods, codes, all];
}

/** The way back: each call, with its arguments. */
export function* recordedCalls(
  names: readonly string[],
  codes: readonly number[],
  all: readonly unknown[],
): Generator<[string, unknown[]]> {
  let at = 0;
  for (const code of codes) {
    const count = code % mostArguments;
    yield [names[(code - count) / mostArguments]!, all.slice(at, at + count)];
    at += count;
  }
}
