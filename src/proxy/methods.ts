/** The methods of proxies: a class is made for each set of names that a manager exposes, never with a `then`. */

import { RangeError, TypeError } from '../refusals.ts';
import { type Extras, extrasOf } from './extras.ts';

/** The methods of a proxy, which travel with it. */
export interface Description {
  readonly name: string;
  readonly methods: readonly string[];
  readonly properties: readonly string[];
  readonly isIterable: boolean;
  /** Additional members of its class, which run at the caller by calls of the other methods. */
  readonly extras?: Extras | undefined;
  /** True if its calls may wait with a signal. */
  readonly waits?: boolean | undefined;
}

/** How proxies call their manager. */
export interface Caller {
  call(proxy: any, method: string, args: readonly unknown[], above: (...args: any[]) => unknown): Promise<unknown>;
  callSync(proxy: any, method: string, args: readonly unknown[], above: (...args: any[]) => unknown): unknown;
}

/** Names of a request other than methods of the object. */
export const GET = '.get';
export const SET = '.set';
export const PIPELINE = '.pipeline';
export const ITERATE = '.iterate';

type AnyClass = abstract new (...args: any[]) => object;

/** The base class of a kind of proxies, and the way in which they call. */
export interface Foundation {
  readonly Base: AnyClass;
  readonly caller: Caller;
}

type Method = (this: object, ...args: unknown[]) => unknown;

const made = new WeakMap<AnyClass, Map<string, object>>();

/** The prototype of proxies that can do what a description says. One for each description and class. */
export function prototypeOf(description: Description, { Base, caller }: Foundation): object {
  let prototypes = made.get(Base);
  if (prototypes === undefined) made.set(Base, (prototypes = new Map()));
  const key = JSON.stringify(description);
  let prototype = prototypes.get(key);
  if (prototype === undefined) prototypes.set(key, (prototype = makePrototype(description, Base, caller)));
  return prototype;
}

function makePrototype({ name, methods, properties, isIterable, extras }: Description, Base: AnyClass, caller: Caller): object {
  const Class = class extends Base {};
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
  for (const property of properties) defineProperty(prototype, property, caller);
  define('pipeline', async function call(record) {
    return await caller.call(this, PIPELINE, recorded(methods, record), call);
  });
  define('pipelineSync', function call(record) {
    return caller.callSync(this, PIPELINE, recorded(methods, record), call);
  });
  if (isIterable) Object.defineProperty(prototype, Symbol.asyncIterator, { value: iterator(caller), configurable: true, writable: true });
  if (extras !== undefined) {
    const { [extras]: all } = extrasOf;
    for (const key of Reflect.ownKeys(all)) Object.defineProperty(prototype, key, { value: all[key], writable: true, configurable: true });
  }
  return prototype;
}

/** Items that an iteration fetches at a time. */
const piece = 256;

interface Pieces {
  take(count: number): Promise<{ items: unknown[]; isDone: boolean }>;
  end(): Promise<void>;
}

const iterator = (caller: Caller): ((this: object) => AsyncGenerator) =>
  async function* iterate(this: object): AsyncGenerator {
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
  };

function defineProperty(prototype: object, property: string, caller: Caller): void {
  Object.defineProperty(prototype, property, {
    get: function get(this: object) {
      return caller.call(this, GET, [property], get);
    },
    configurable: true,
  });
  Object.defineProperty(prototype, `${property}Sync`, {
    get: function get(this: object) {
      return caller.callSync(this, GET, [property], get);
    },
    set: function set(this: object, value: unknown) {
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
