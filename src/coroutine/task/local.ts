/** An object whose fields each greenlet has for itself (`local-fields.ts`). The fields of a greenlet end with it. Source: gevent.local */

import { type LocalFamily, localFamily, showFields } from '../../local-fields.ts';
import type { Activity } from './activity.ts';
import { currentOwner } from './current.ts';

const family: LocalFamily = localFamily(
  () => Local,
  () => {
    const fields = new WeakMap<Activity, object>();
    return {
      get: () => fields.get(currentOwner().innermost),
      set: (made) => void fields.set(currentOwner().innermost, made),
    };
  },
);

/** The type of `Local`: its instances have the fields that the factory makes. */
export interface LocalConstructor {
  /** Makes the object. @param init makes the fields that a greenlet begins with; default none */
  new <T extends object = Record<string, any>>(init?: () => T): T;
  /** For subclasses: what their constructors were given. */
  new <T extends object = Record<string, any>>(...args: unknown[]): T;
  /** For `instanceof` and subclasses. */
  readonly prototype: object;
}

/**
 * An object whose fields each greenlet has for itself: a value that one sets is invisible to others. The main program counts as one
 * greenlet, and so does each greenlet that is switched to by hand. The fields exist until the greenlet is collected.
 *
 * A greenlet's fields are made at its first access: none, or those of the object that `init` returns. The constructor of a subclass runs
 * again in each greenlet, with the arguments that it gave to `super`. Its `#private` fields belong to the object, not to a greenlet.
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
    showFields(Local);
  }

  constructor(...args: unknown[]) {
    // oxlint-disable-next-line no-constructor-return -- the object itself has no fields
    return family.construct(new.target, args);
  }
};
