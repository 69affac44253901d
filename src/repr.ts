/** Texts that objects show of themselves, with what `repr` shows in Python: `<Future state=running>`. */

import { inspect, types } from 'node:util';
import { constructorIn, givenName } from './class-names.ts';

/** Has `util.inspect` and `console.log` show the instances of a class by its `toString()`. */
export function showAsText(shown: { readonly prototype: object }): void {
  const { prototype } = shown;
  Object.defineProperty(prototype, inspect.custom, {
    value(this: object): unknown {
      try {
        return prototype.toString.call(this);
      } catch (error) {
        // An object with the prototype only, such as the prototype itself, lacks the private fields: it is shown as any object.
        if (error instanceof TypeError) return this;
        throw error;
      }
    },
  });
}

/** The type of a value: the name of its class, `null`, or what `typeof` says. Runs no code of the value's. */
export function typeName(value: unknown): string {
  if (typeof value !== 'object') return typeof value;
  if (value === null) return 'null';
  if (types.isProxy(value)) return 'object';
  for (let at: unknown = Object.getPrototypeOf(value); at !== null && !types.isProxy(at); at = Object.getPrototypeOf(at)) {
    const fn = constructorIn(at as object);
    const name = fn === undefined || types.isProxy(fn) ? '' : givenName(fn);
    if (name !== '') return name;
  }
  return 'object';
}
