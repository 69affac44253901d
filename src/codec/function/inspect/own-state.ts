/** The properties of a function at one moment: own properties, those of its prototype, those of its members. No getter runs. */

import type { AnyFunction } from '../../courier.ts';
import { flagsOf } from '../../objects/property-flags.ts';

export type OwnState = readonly unknown[];

/** @param isClass look at the members as well */
export function ownState(fn: AnyFunction, isClass: boolean): OwnState {
  const state: unknown[] = [];
  addObject(state, fn, isClass);
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, 'prototype')?.value;
  if (typeof prototype === 'object' && prototype !== null) addObject(state, prototype, isClass);
  return state;
}

export const isSameState = (a: OwnState, b: OwnState): boolean => a.length === b.length && a.every((one, i) => Object.is(one, b[i]));

function addObject(state: unknown[], object: object, withMembers: boolean): void {
  state.push(Object.getPrototypeOf(object));
  for (const key of Reflect.ownKeys(object)) {
    const descriptor = Object.getOwnPropertyDescriptor(object, key) as PropertyDescriptor;
    const { value, get, set } = descriptor;
    state.push(key, flagsOf(descriptor), value, get, set);
    if (withMembers && key !== 'prototype' && key !== 'constructor')
      for (const member of [value, get, set]) if (typeof member === 'function') addObject(state, member as AnyFunction, false);
  }
}

/**
 * Cheap look at functions that had no property of a program's own: true if none has one now, or another name. Properties that are not
 * enumerable are not seen.
 */
export function areUntouched(functions: readonly AnyFunction[], names: readonly unknown[]): boolean {
  for (let i = 0; i < functions.length; i++) {
    const fn = functions[i]!;
    if (Object.keys(fn).length > 0 || nameIn(fn) !== names[i]) return false;
    const prototype = (fn as { prototype?: unknown }).prototype;
    if (typeof prototype === 'object' && prototype !== null && Object.keys(prototype).length > 0) return false;
  }
  return true;
}

export const nameIn = (fn: AnyFunction): unknown => Object.getOwnPropertyDescriptor(fn, 'name')?.value;
