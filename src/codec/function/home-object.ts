/**
 * The object that `super` starts from. No scope shows it; it is the object that has the method, so it is looked for where
 * the method can be: on the `this` it was made with, among the variables it sees, at last on the heap.
 */

import { SerializationError } from '../../errors.ts';
import { functionRemedies } from '../remedies.ts';
import type { Source } from './capture-variables.ts';
import type { Inspection } from './inspector.ts';

/** What `super.x` looks things up in: an object, or the prototype of a class (which travels as the class). */
export type Home = { readonly object: object | null } | { readonly prototypeOf: object };

export function findHome(source: Source, self: unknown): Home {
  const { path } = source;
  const home = source.syntax.isArrow ? homeOfArrow(source, self) : homeOfMethod(source);
  if (home === undefined)
    throw new SerializationError(`${path} → super: the object that the method belongs to cannot be found: ${functionRemedies.class}`);
  return asHome(Object.getPrototypeOf(home) as object | null);
}

/** How an object that others inherit from travels. */
export function asHome(object: object | null): Home {
  const constructor: unknown = object === null ? undefined : Object.getOwnPropertyDescriptor(object, 'constructor')?.value;
  return typeof constructor === 'function' && constructor.prototype === object ? { prototypeOf: constructor } : { object };
}

const isObject = (value: unknown): value is object => (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Own functions of an object, accessors included; no getter is run. */
function* ownFunctions(object: object): Generator<(...args: never[]) => unknown> {
  for (const { value, get, set } of Object.values(Object.getOwnPropertyDescriptors(object))) {
    for (const one of [value, get, set]) if (typeof one === 'function') yield one as never;
  }
}

/** An arrow's home is that of the method around it: one whose text holds the arrow's place. */
function homeOfArrow({ inspection, script, place, text }: Source, self: unknown): object | undefined {
  for (let at = self; isObject(at); at = Object.getPrototypeOf(at) as unknown) {
    for (const fn of ownFunctions(at)) {
      if (!Function.prototype.toString.call(fn).includes(text)) continue;
      const { location } = inspection.facts(fn);
      if (location?.scriptId === script?.id && location !== undefined && place !== undefined && location.lineNumber <= place.line)
        return at;
    }
  }
  return undefined;
}

function homeOfMethod({ inspection, facts, fn }: Source): object | undefined {
  const has = (object: object): boolean => {
    for (const own of ownFunctions(object)) if (own === fn) return true;
    return false;
  };
  for (const { description, object } of facts.scopes) {
    if (description === 'Global') continue;
    for (const name of Object.getOwnPropertyNames(object)) {
      const value = readQuietly(object, name);
      if (!isObject(value)) continue;
      if (has(value)) return value;
      const prototype: unknown = typeof value === 'function' ? Object.getOwnPropertyDescriptor(value, 'prototype')?.value : undefined;
      if (isObject(prototype) && has(prototype)) return prototype;
    }
  }
  return onTheHeap(inspection, has);
}

function readQuietly(object: Record<string, unknown>, name: string): unknown {
  try {
    return object[name];
  } catch {
    // A variable in its dead zone.
    return undefined;
  }
}

function onTheHeap(inspection: Inspection, has: (object: object) => boolean): object | undefined {
  for (const root of [Function.prototype, Object.prototype]) {
    const { objects } = inspection.post<{ objects: { objectId: string } }>('Runtime.queryObjects', {
      prototypeObjectId: inspection.handle(root),
      objectGroup: 'heddle',
    });
    for (const object of inspection.value(objects.objectId) as object[]) {
      if (has(object)) return object;
      const prototype: unknown = typeof object === 'function' ? Object.getOwnPropertyDescriptor(object, 'prototype')?.value : undefined;
      if (isObject(prototype) && has(prototype)) return prototype;
    }
  }
  return undefined;
}
