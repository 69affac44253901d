/**
 * The functions that CommonJS modules export, as far as visible without the inspector, and the texts of those without a name, also of
 * Node's own modules:
 *
 *   module.exports = (n) => n * 2        exports.double = function (n) { … }        PassThrough.prototype._transform
 *
 * The first two go by reference, the third is refused; a text in here is a reason to ask the inspector. An export of an
 * ES module needs no look: a function that stands directly in one always has a name.
 */

import { types } from 'node:util';
import type { AnyFunction } from '../../courier.ts';
import { isMainModule, scriptUrl } from './main-module.ts';
import { loadedModules, load } from '../analyse/names.ts';
import { setImmediate } from '../../../real-timers.ts';
import { type CommonJsModule, commonJsCache } from '../analyse/references.ts';

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

/** The texts of exported functions without a name. */
const texts = new Set<string>();
const exported = new WeakSet<object>();
/** Modules that may export more before they have run. */
let unfinished: CommonJsModule[] = [];
let read: Modules = { count: -1, last: undefined, builtins: [] };
let isRead = false;

/**
 * Reads the exports of the modules that were loaded since the last call, at most once in a turn of the event loop: listing the modules
 * takes some 30 ns for each. A function that a module exports later in the same turn goes by value, which code without free names cannot
 * tell.
 */
function readNew(): void {
  if (isRead) return;
  isRead = true;
  setImmediate(() => (isRead = false)).unref();
  const now = modulesNow();
  if (now.builtins !== read.builtins) readBuiltins(now.builtins);
  if (sameModules(now, read)) {
    for (const { exports } of unfinished) addExports(exports);
    unfinished = unfinished.filter(({ loaded }) => isRunning(loaded));
  } else unfinished = readModules();
  read = now;
}

/** True if an exported function without a name has this text. */
export function isAnonymousExport(text: string): boolean {
  readNew();
  return texts.has(text);
}

/** True if a loaded CommonJS module exports the function. */
export function isExported(fn: AnyFunction): boolean {
  readNew();
  return exported.has(fn);
}

/** The same values, and those of getters that do nothing but name a variable: what compilers make of an export. */
function valuesOf(exports: unknown): unknown[] {
  if ((typeof exports !== 'object' && typeof exports !== 'function') || exports === null || types.isProxy(exports)) return [];
  return Object.values(Object.getOwnPropertyDescriptors(exports)).map(({ value, get }) =>
    get !== undefined && plainGetter.test(Function.prototype.toString.call(get)) ? (get.call(exports) as unknown) : (value as unknown),
  );
}

const plainGetter = /^(?:function\s*[\w$]*\s*\(\)\s*|get \w+\(\)\s*|\(\) => )(?:\{\s*return [\w$]+;?\s*\}|[\w$]+)$/;

/** A mock in the cache of a test has no `loaded`, and does not run. */
const isRunning = (loaded: boolean | undefined): boolean => loaded === false;

/** Adds the exports of the CommonJS modules. Returns those that are still running. */
function readModules(): CommonJsModule[] {
  const running: CommonJsModule[] = [];
  for (const file in commonJsCache) {
    const module = commonJsCache[file];
    if (module === undefined || isMainModule(scriptUrl(file))) continue;
    if (isRunning(module.loaded)) running.push(module);
    addExports(module.exports);
    for (const value of [module.exports, ...valuesOf(module.exports)]) if (typeof value === 'function') exported.add(value);
  }
  return running;
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
