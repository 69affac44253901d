/**
 * Objects whose fields each owner has for itself: `Local` (an owner is a greenlet) and `ThreadLocal` (a thread).
 *
 *   local.x ──▶ Proxy ──▶ the store: fields of the present owner, made when it first touches them
 */

import { inspect, type InspectOptions } from 'node:util';
import { checkFunction, expected } from './check.ts';
import { TypeError } from './refusals.ts';

export type LocalClass = new (...args: unknown[]) => object;

/** Keeps the fields of each owner of one object. */
export interface FieldStore {
  /** The fields of the present owner; undefined before it has any. */
  get(): object | undefined;
  set(fields: object): void;
}

/** The way to make the fields of an object. */
export interface FieldRecipe {
  /** The class itself, or a subclass whose constructor is run once more for each owner. */
  readonly Class: LocalClass;
  readonly args: readonly unknown[];
}

/** The parts of a class of such objects. Its constructor returns the result of `construct`. */
export interface LocalFamily {
  /** Of `new.target` and the arguments of the constructor: the object, or fields that a subclass goes on to fill. */
  construct(Class: unknown, args: readonly unknown[]): object;
  /** An object without fields, for which `recipe` is asked when fields must be made. */
  revive(recipe: () => FieldRecipe): { readonly object: object; readonly setClass: (Class: LocalClass) => void };
}

/** The class whose constructor is being run once more, for another owner's fields; until it reaches the base class. */
let making: LocalClass | undefined;

class Fields implements ProxyHandler<object> {
  readonly #store: FieldStore;
  readonly #make: () => object;

  constructor(store: FieldStore, make: () => object) {
    this.#store = store;
    this.#make = make;
  }

  /** The present owner's. */
  #own(): object {
    const known = this.#store.get();
    if (known !== undefined) return known;
    const made = this.#make();
    this.#store.set(made);
    return made;
  }

  get(_: object, key: PropertyKey): unknown {
    return Reflect.get(this.#own(), key);
  }

  set(_: object, key: PropertyKey, value: unknown): boolean {
    return Reflect.set(this.#own(), key, value);
  }

  has(_: object, key: PropertyKey): boolean {
    return Reflect.has(this.#own(), key);
  }

  deleteProperty(_: object, key: PropertyKey): boolean {
    return Reflect.deleteProperty(this.#own(), key);
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.#own());
  }

  getOwnPropertyDescriptor(_: object, key: PropertyKey): PropertyDescriptor | undefined {
    return Reflect.getOwnPropertyDescriptor(this.#own(), key);
  }

  defineProperty(_: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
    // Nothing is there for good: a proxy may say that of its target's fields only.
    if (descriptor.configurable === false) return false;
    return Reflect.defineProperty(this.#own(), key, { ...descriptor, configurable: true });
  }

  preventExtensions(): boolean {
    return false;
  }
}

/**
 * @param base the class that calls `construct`; what extends it has its constructor run once more for each owner
 * @param newStore for one object
 * @param made called with each object that a constructor has made
 */
export function localFamily(
  base: () => LocalClass,
  newStore: () => FieldStore,
  made: (object: object, recipe: FieldRecipe) => void = () => {},
): LocalFamily {
  const fieldsOf = ({ Class, args }: FieldRecipe): object => (Class === base() ? callFactory(args[0], Class) : constructAgain(Class, args));
  return {
    construct: (newTarget, args) => {
      const Class = newTarget as LocalClass;
      if (making === Class) {
        making = undefined;
        return empty(Class);
      }
      if (Class === base()) checkFactory(Class.name, args);
      const store = newStore();
      const recipe = { Class, args };
      if (Class !== base()) store.set(empty(Class));
      const object = new Proxy(empty(Class), new Fields(store, () => fieldsOf(recipe)));
      made(object, recipe);
      return object;
    },
    revive: (recipe) => {
      const target = empty(base());
      const object = new Proxy(target, new Fields(newStore(), () => fieldsOf(recipe())));
      return { object, setClass: (Class) => void Object.setPrototypeOf(target, Class.prototype as object) };
    },
  };
}

/** Has the present fields shown by `inspect`: it would show the proxy's empty target. To be called with the class itself. */
export function showFields({ prototype }: { readonly prototype: object }): void {
  Object.defineProperty(prototype, inspect.custom, {
    value(this: object, depth: number, options: InspectOptions): string {
      return `<${nameOf(this)} ${inspect({ ...this }, { ...options, depth })}>`;
    },
  });
}

/** Of its class, whatever its fields are called. */
function nameOf(local: object): string {
  return (Object.getPrototypeOf(local) as { readonly constructor: LocalClass }).constructor.name;
}

function empty(Class: LocalClass): object {
  return Object.create(Class.prototype as object) as object;
}

function constructAgain(Class: LocalClass, args: readonly unknown[]): object {
  const before = making;
  making = Class;
  try {
    return Reflect.construct(Class, args);
  } finally {
    making = before;
  }
}

function checkFactory(name: string, [init, ...others]: readonly unknown[]): void {
  if (init !== undefined) checkFunction(init, 'init');
  if (others.length > 0) throw new TypeError(expected(`the arguments of ${name}`, 'one function', [init, ...others]));
}

function callFactory(init: unknown, Class: LocalClass): object {
  if (init === undefined) return empty(Class);
  const fields = (init as () => unknown)();
  if (typeof fields !== 'object' || fields === null) throw new TypeError(expected('what init() returns', 'an object', fields));
  return fields;
}
