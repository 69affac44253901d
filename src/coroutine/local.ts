/**
 * An object whose fields each greenlet has for itself.
 *
 *   local.x ──▶ Proxy ──▶ which greenlet runs? ──WeakMap──▶ its fields, made when it first touches them
 *
 * They go with the greenlet. Source: gevent.local
 */

import { inspect, type InspectOptions } from 'node:util';
import { checkFunction, expected } from '../check.ts';
import type { Activity } from './activity.ts';
import { currentOwner } from './current.ts';
import { TypeError } from '../refusals.ts';

type Constructor = new (...args: unknown[]) => object;

/** The class whose constructor is being run once more, for another greenlet's fields; until it reaches `Local`. */
let making: Constructor | undefined;

class Fields implements ProxyHandler<object> {
  readonly #of = new WeakMap<Activity, object>();
  readonly #make: () => object;

  constructor(make: () => object) {
    this.#make = make;
  }

  /** The present greenlet's. */
  #own(): object {
    const owner = currentOwner().innermost;
    const known = this.#of.get(owner);
    if (known !== undefined) return known;
    const made = this.#make();
    this.#of.set(owner, made);
    return made;
  }

  /** The present greenlet has these. */
  begin(fields: object): void {
    this.#of.set(currentOwner().innermost, fields);
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

/** What `Local` is to the compiler: its instances have the fields that the factory makes. */
export interface LocalConstructor {
  /** @param init makes the fields that a greenlet begins with; default none */
  new <T extends object = Record<string, any>>(init?: () => T): T;
  /** For subclasses: what their constructors were given. */
  new <T extends object = Record<string, any>>(...args: unknown[]): T;
  /** For `instanceof` and subclasses. */
  readonly prototype: object;
}

/**
 * An object whose fields each greenlet has for itself: what one sets, another does not see. The main program is one greenlet, too, and
 * so is each that is switched to by hand. They are there until the greenlet is forgotten.
 *
 * A greenlet's fields are made when it first touches the object: none, or those of the object that `init` returns. Of a subclass, the
 * constructor is run again in each greenlet, with the arguments that it gave to `super`; its `#private` fields are the object's own and
 * not the greenlet's.
 *
 * @throws TypeError if `init` is given and no function
 *
 * Source: gevent.local.local
 *
 * @example
 * ```ts
 * import { Local, spawn } from 'heddle/coroutine';
 *
 * const request = new Local(() => ({ id: 0 }));
 * request.id = 1;
 * const id = await spawn(function* () {
 *   const before = request.id;
 *   request.id = 2;
 *   return [before, request.id];
 * });
 * console.log(id, request.id); // prints: [ 0, 2 ] 1
 *
 * class Counter extends Local {
 *   count: number;
 *   constructor(start: number) {
 *     super(start);
 *     this.count = start;
 *   }
 *   next() {
 *     return this.count++;
 *   }
 * }
 * const counter = new Counter(5);
 * counter.next();
 * console.log(counter.next(), await spawn(() => counter.next())); // prints: 6 5
 * ```
 */
export const Local: LocalConstructor = class Local {
  static {
    // What would be shown is the proxy's empty target.
    Object.defineProperty(Local.prototype, inspect.custom, {
      value(this: object, depth: number, options: InspectOptions): string {
        return `<${nameOf(this)} ${inspect({ ...this }, { ...options, depth })}>`;
      },
    });
  }

  constructor(...args: unknown[]) {
    const made = new.target as Constructor;
    if (making === made) {
      making = undefined;
      // oxlint-disable-next-line no-constructor-return -- what its constructor goes on to fill
      return empty(made);
    }
    const fields = new Fields(made === Local ? factoryOf(args) : () => construct(made, args));
    if (made !== Local) fields.begin(empty(made));
    // oxlint-disable-next-line no-constructor-return -- the object itself has no fields
    return new Proxy(empty(made), fields);
  }
};

/** Of its class, whatever its fields are called. */
function nameOf(local: object): string {
  return (Object.getPrototypeOf(local) as { readonly constructor: Constructor }).constructor.name;
}

function empty(made: Constructor): object {
  return Object.create(made.prototype as object) as object;
}

function construct(made: Constructor, args: unknown[]): object {
  const before = making;
  making = made;
  try {
    return Reflect.construct(made, args);
  } finally {
    making = before;
  }
}

function factoryOf([init, ...others]: unknown[]): () => object {
  if (init === undefined) return () => empty(Local);
  checkFunction(init, 'init');
  if (others.length > 0) throw new TypeError(expected('the arguments of Local', 'one function', [init, ...others]));
  return () => {
    const fields = (init as () => unknown)();
    if (typeof fields !== 'object' || fields === null) throw new TypeError(expected('what init() returns', 'an object', fields));
    return fields;
  };
}
