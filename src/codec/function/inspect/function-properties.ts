/**
 * Own properties of functions: what the language gives each of them, and what a program has put there.
 *
 * No property of a function says what its source is. `name` may be anything: esbuild's `keepNames` sets it, a class may have a static
 * member of that name. So a function is recognised by its text and place, and its name is a value that travels.
 */

import type { AnyFunction } from '../../courier.ts';
import type { Captured } from '../serialize/capture-variables.ts';
import { CONFIGURABLE, flagsOf } from '../../objects/property-flags.ts';
import type { Node } from '../analyse/syntax.ts';

/** `name` and `length` as the language makes them. */
const GIVEN_FLAGS = CONFIGURABLE;

/** True for a `name` that is rebuilt with the function: a string, with the flags that the language gives it. */
const isGivenName = (descriptor: PropertyDescriptor): boolean =>
  typeof descriptor.value === 'string' && flagsOf(descriptor) === GIVEN_FLAGS;

/** Number of parameters before the first that has a default or is a rest. */
export function lengthOf(parameters: readonly Node[]): number {
  const end = parameters.findIndex(({ type }) => type === 'AssignmentPattern' || type === 'RestElement');
  return end === -1 ? parameters.length : end;
}

/** The properties that functions of sloppy code have, without a flag: a static member of that name has some. */
const ofSloppyCode = new Set<PropertyKey>(['arguments', 'caller']);

/** Properties of a function that its text does not make. */
export interface Given {
  /** `undefined`: any string, which the recipe takes along. */
  readonly name: string | undefined;
  /** `undefined`: whatever it is. */
  readonly length: number | undefined;
}

/** True if `fn` has this property from the language, with the value that it will have where the function is rebuilt. */
export function isGiven(key: PropertyKey, descriptor: PropertyDescriptor, { name, length }: Given): boolean {
  if (key === 'prototype') return true;
  if (ofSloppyCode.has(key)) return flagsOf(descriptor) === 0;
  if (key === 'name') return isGivenName(descriptor) && (name === undefined || descriptor.value === name);
  if (key !== 'length') return false;
  return flagsOf(descriptor) === GIVEN_FLAGS && (length === undefined || descriptor.value === length);
}

/** Adds what a program has put on a function. */
export function addOwnProperties(fn: AnyFunction, captured: Captured, path: string, given: Given): void {
  for (const key of Reflect.ownKeys(fn)) {
    const descriptor = Object.getOwnPropertyDescriptor(fn, key);
    if (descriptor !== undefined && !isGiven(key, descriptor, given)) addProperty(captured, fn, key, 'self', `${path}.${String(key)}`);
  }
}

/** True if nothing was put on a method or an accessor, by the key under which it stands. */
export function isUntouchedMember(fn: AnyFunction, key: PropertyKey, kind: 'value' | 'get' | 'set'): boolean {
  const label = typeof key === 'symbol' ? (key.description === undefined ? '' : `[${key.description}]`) : String(key);
  const name = kind === 'value' ? label : `${kind} ${label}`;
  return Reflect.ownKeys(fn).every((own) =>
    isGiven(own, Object.getOwnPropertyDescriptor(fn, own) as PropertyDescriptor, { name, length: undefined }),
  );
}

export function addProperty(captured: Captured, on: object, property: PropertyKey, of: 'self' | 'prototype', path: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(on, property);
  if (descriptor === undefined) return;
  const flags = flagsOf(descriptor);
  if ('value' in descriptor) captured.add({ property, of, flags }, path, descriptor.value);
  else {
    if (descriptor.get !== undefined) captured.add({ property, of, flags, accessor: 'get' }, path, descriptor.get);
    if (descriptor.set !== undefined) captured.add({ property, of, flags, accessor: 'set' }, path, descriptor.set);
  }
}
