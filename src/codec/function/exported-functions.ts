/**
 * Functions that CommonJS modules export, as far as that shows without the inspector; and the texts of those without a
 * name, also of Node's own modules:
 *
 *   module.exports = (n) => n * 2        exports.double = function (n) { … }        PassThrough.prototype._transform
 *
 * The first two go by reference, the third is refused; a text in here is a reason to ask the inspector. An export of an
 * ES module needs no look: a function that stands directly in one always has a name.
 */

import { types } from 'node:util';
import type { AnyFunction } from '../courier.ts';
import { isMainModule, scriptUrl } from './main-module.ts';
import { loadedModules, load } from './names.ts';
import { commonJsCache } from './references.ts';

/** State of the loaded modules: differs after a CommonJS module or one of Node's was loaded. */
interface Modules {
  readonly count: number;
  readonly last: unknown;
  readonly builtins: readonly string[];
}

export function modulesNow(): Modules {
  const files = Object.keys(commonJsCache);
  return { count: files.length, last: commonJsCache[files.at(-1) ?? ''], builtins: loadedModules() };
}

export const sameModules = (one: Modules, other: Modules): boolean =>
  one.count === other.count && one.last === other.last && one.builtins === other.builtins;

const texts = new Set<string>();
let read: Modules = { count: -1, last: undefined, builtins: [] };

/** True if an exported function without a name has this text. */
export function isAnonymousExport(text: string): boolean {
  const now = modulesNow();
  if (!sameModules(now, read)) {
    if (now.builtins !== read.builtins) readBuiltins(now.builtins);
    // A module that is still running may export more: the next call looks again.
    read = { ...now, count: readModules() ? now.count : -1 };
  }
  return texts.has(text);
}

/** True if a loaded CommonJS module exports the function now. */
export function isExported(fn: AnyFunction): boolean {
  return Object.values(commonJsCache).some((module) => module?.exports === fn || valuesOf(module?.exports).includes(fn));
}

/** The same values, and those of getters that do nothing but name a variable: what compilers make of an export. */
function valuesOf(exports: unknown): unknown[] {
  if ((typeof exports !== 'object' && typeof exports !== 'function') || exports === null || types.isProxy(exports)) return [];
  return Object.values(Object.getOwnPropertyDescriptors(exports)).map(({ value, get }) =>
    get !== undefined && plainGetter.test(Function.prototype.toString.call(get)) ? (get.call(exports) as unknown) : (value as unknown),
  );
}

const plainGetter = /^(?:function\s*[\w$]*\s*\(\)\s*|get \w+\(\)\s*|\(\) => )(?:\{\s*return [\w$]+;?\s*\}|[\w$]+)$/;

/** Adds the exports of the CommonJS modules. Returns whether all of them have run. */
function readModules(): boolean {
  let areLoaded = true;
  for (const file in commonJsCache) {
    const module = commonJsCache[file];
    if (module === undefined || isMainModule(scriptUrl(file))) continue;
    if (!module.loaded) areLoaded = false;
    addExports(module.exports);
  }
  return areLoaded;
}

function readBuiltins(builtins: readonly string[]): void {
  for (const name of builtins) {
    const exports = load(`node:${name}`);
    addExports(exports);
    for (const value of dataOf(exports))
      if (typeof value === 'function') addExports(Object.getOwnPropertyDescriptor(value, 'prototype')?.value);
  }
}

function addExports(exports: unknown): void {
  add(exports);
  for (const value of dataOf(exports)) add(value);
}

function add(value: unknown): void {
  if (typeof value === 'function' && Object.getOwnPropertyDescriptor(value, 'name')?.value === '')
    texts.add(Function.prototype.toString.call(value as AnyFunction));
}

/** The values of an object's own properties; getters are not run. */
function dataOf(object: unknown): unknown[] {
  if ((typeof object !== 'object' && typeof object !== 'function') || object === null || types.isProxy(object)) return [];
  return Object.values(Object.getOwnPropertyDescriptors(object)).map(({ value }) => value as unknown);
}
