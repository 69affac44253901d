/**
 * The object that `super` starts from, which no scope shows. It is the object that has the method. The search covers the `this` that the
 * method was made with, then the variables that it sees, and at last the heap. Other objects may have the method, too.
 */

import { types } from 'node:util';
import { SerializationError } from '../../../errors.ts';
import type { AnyFunction } from '../../courier.ts';
import { functionRemedies } from '../../packet/remedies.ts';
import type { Source } from '../serialize/capture-variables.ts';
import type { Inspection } from './inspector.ts';
import { children, isNode, type Node } from '../analyse/syntax.ts';

/** The object in which `super.x` looks properties up: an object, or the prototype of a class (which travels as the class). */
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

/** The home of a method never changes. */
const homes = new WeakMap<AnyFunction, WeakRef<object>>();

function homeOfMethod(source: Source): object | undefined {
  const { fn, inspection, facts } = source;
  const known = homes.get(fn)?.deref();
  if (known !== undefined) return known;
  const found = new Set<object>();
  for (const { description, object } of facts.scopes) {
    if (description === 'Global') continue;
    for (const name of Object.getOwnPropertyNames(object)) addOwners(found, readQuietly(object, name), source);
  }
  if (![...found].some((one) => isClassOf(one, source.text))) addFromHeap(found, inspection, source);
  const home = theOne([...found], source);
  if (home !== undefined) homes.set(fn, new WeakRef(home));
  return home;
}

/** Adds the object, or the prototype of the class, if it has the method as its text says: under that key, and of that kind. */
function addOwners(found: Set<object>, value: unknown, source: Source): void {
  if (!isObject(value) || types.isProxy(value)) return;
  const prototype: unknown = typeof value === 'function' ? Object.getOwnPropertyDescriptor(value, 'prototype')?.value : undefined;
  for (const one of [value, prototype]) if (isObject(one) && !types.isProxy(one) && owns(one, source)) found.add(one);
}

const kindOf = { getter: 'get', setter: 'set', method: 'value', expression: 'value', class: 'value' } as const;

function owns(object: object, { fn, syntax }: Source): boolean {
  if (Array.isArray(object) || ArrayBuffer.isView(object) || isDescriptor(object)) return false;
  const name = syntax.key?.name;
  const keys: PropertyKey[] = name === undefined ? Reflect.ownKeys(object) : [name];
  return keys.some((key) => Object.getOwnPropertyDescriptor(object, key)?.[kindOf[syntax.form]] === fn);
}

const isDescriptor = (object: object): boolean => ['enumerable', 'configurable'].every((key) => Object.hasOwn(object, key));

/** True for the prototype of a class, or a class, in whose text the method stands. */
function isClassOf(object: object, text: string): boolean {
  const fn: unknown = typeof object === 'function' ? object : Object.getOwnPropertyDescriptor(object, 'constructor')?.value;
  if (typeof fn !== 'function' || types.isProxy(fn)) return false;
  const classText = Function.prototype.toString.call(fn);
  return /^class\b/.test(classText) && classText.includes(text);
}

/**
 * Several objects may have a method: it was copied to the others. The class it stands in comes first, then objects that inherit what the
 * method takes from `super`.
 */
function theOne(found: readonly object[], { path, syntax, text }: Source): object | undefined {
  const taken = superNames(syntax.node);
  const classes = found.filter((one) => isClassOf(one, text));
  const inheriting = found.filter((one) => taken.every((name) => name in Object(Object.getPrototypeOf(one))));
  const likely = [classes, inheriting].find((list) => list.length > 0) ?? found;
  if (new Set(likely.map((one) => Object.getPrototypeOf(one) as object | null)).size > 1)
    throw new SerializationError(
      `${path} → super: several objects have this method, and nothing tells which one it was written in: ${functionRemedies.home}`,
    );
  return likely[0];
}

function superNames(node: Node): string[] {
  const { object, property } = node as { object?: unknown; property?: unknown };
  if (node.type === 'MemberExpression' && isNode(object) && object.type === 'Super' && isNode(property))
    return node['computed'] !== true ? [property['name'] as string] : property.type === 'Literal' ? [String(property['value'])] : [];
  return children(node).flatMap(superNames);
}

function readQuietly(object: Record<string, unknown>, name: string): unknown {
  try {
    return object[name];
  } catch {
    // A variable in its dead zone.
    return undefined;
  }
}

function addFromHeap(found: Set<object>, inspection: Inspection, source: Source): void {
  for (const root of [Function.prototype, Object.prototype]) {
    const { objects } = inspection.post<{ objects: { objectId: string } }>('Runtime.queryObjects', {
      prototypeObjectId: inspection.handle(root),
      objectGroup: 'heddle',
    });
    for (const object of inspection.value(objects.objectId) as object[]) addOwners(found, object, source);
  }
}
