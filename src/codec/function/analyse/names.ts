/**
 * Values with a name in every Node: globals and their members, Node's modules and their exports. They cross by that name: `Math.max`,
 * `Array.prototype.map`, `node:fs#promises.readFile`.
 *
 *   path      = [ 'node:' module '#' ] name ( '.' name )*        `node:fs#` is the module itself
 *   namespace = 'node:' module '#*'                              the ES module namespace of it
 */

import { createRequire } from 'node:module';
import { types } from 'node:util';
import { vm } from '../../../builtins.ts';
import { constructorIn, givenName } from '../../../class-names.ts';
import type { AnyFunction } from '../../courier.ts';
import { TypeError } from '../../../refusals.ts';

/** The name that errors give a function. */
export const nameOfFunction = (fn: object): string => givenName(fn) || '(anonymous)';

/** The global names of Node 20 to 26. Other names on the global object are the program's own. */
const globalNames = new Set(
  (
    'AbortController AbortSignal AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Blob Boolean ' +
    'BroadcastChannel Buffer ByteLengthQueuingStrategy CloseEvent CompressionStream CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException ' +
    'DataView Date DecompressionStream DisposableStack Error ErrorEvent EvalError Event EventSource EventTarget File FinalizationRegistry ' +
    'Float16Array Float32Array Float64Array FormData Function Headers Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math ' +
    'MessageChannel MessageEvent MessagePort NaN Navigator Number Object Performance PerformanceEntry PerformanceMark PerformanceMeasure ' +
    'PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming Promise Proxy QuotaExceededError RangeError ' +
    'ReadableByteStreamController ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableStreamDefaultController ' +
    'ReadableStreamDefaultReader ReferenceError Reflect RegExp Request Response Set SharedArrayBuffer Storage String SubtleCrypto ' +
    'SuppressedError Symbol SyntaxError Temporal TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream ' +
    'TransformStreamDefaultController TypeError URIError URL URLPattern URLSearchParams Uint16Array Uint32Array Uint8Array Uint8ClampedArray ' +
    'WeakMap WeakRef WeakSet WebAssembly WebSocket WritableStream WritableStreamDefaultController WritableStreamDefaultWriter atob btoa ' +
    'clearImmediate clearInterval clearTimeout console crypto decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval fetch gc ' +
    'global globalThis isFinite isNaN localStorage navigator parseFloat parseInt performance process queueMicrotask sessionStorage ' +
    'setImmediate setInterval setTimeout structuredClone undefined unescape'
  ).split(' '),
);

/**
 * The globals whose members are searched: those of the language, and those that Node has loaded in any case. A mere look at another one
 * (`FormData`) makes Node load a good part of itself.
 */
const holders = (
  'AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean Buffer DataView Date DisposableStack ' +
  'Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Int16Array Int32Array Int8Array Intl Iterator JSON Map Math ' +
  'Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol SyntaxError Temporal ' +
  'TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly AbortController AbortSignal ' +
  'Event EventTarget TextDecoder TextEncoder URL URLSearchParams console process'
).split(' ');

export const isGlobalName = (name: string): boolean => globalNames.has(name);

/** The global objects of this realm and of the main one: inside a vm context (Jest) they differ. */
let realmsFound: readonly object[] | undefined;
const realms = (): readonly object[] => (realmsFound ??= [...new Set<object>([globalThis, vm().runInThisContext('globalThis') as object])]);

/** An own data property; getters are not run, for some load half of Node. */
function own(object: unknown, name: PropertyKey): unknown {
  if ((typeof object !== 'object' && typeof object !== 'function') || object === null) return undefined;
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}

/** A global's value; of the getters only those of what is loaded in any case. */
const globalValue = (realm: object, name: string): unknown =>
  name === 'process' || name === 'Buffer' ? (realm as Record<string, unknown>)[name] : own(realm, name);

export const load: NodeJS.Require = createRequire(import.meta.url);

/** Node's public modules that this program has loaded: no other can be the home of a value it holds. */
export function loadedModules(): string[] {
  const { moduleLoadList } = process as unknown as { moduleLoadList?: string[] };
  const seen = moduleLoadList ?? [];
  if (seen.length !== listed.length) {
    const loaded = new Set(seen.map((entry) => entry.replace('NativeModule ', '')));
    listed = { length: seen.length, names: publicModules.filter((name) => loaded.has(name) || name === 'fs/promises') };
  }
  return listed.names;
}

const publicModules = (load('node:module') as { builtinModules: string[] }).builtinModules.filter(
  (name) => !/^_|^(punycode|sys)$/.test(name),
);
let listed: { length: number; names: string[] } = { length: -1, names: [] };

const functionNames = new WeakMap<object, string | null>();

/** The name of a native or Node-internal function that every Node has, if it is one. */
export function wellKnownFunction(fn: AnyFunction): string | undefined {
  let name = functionNames.get(fn);
  if (name === undefined) {
    name = findFunction(fn, givenName(fn)) ?? null;
    functionNames.set(fn, name);
  }
  return name ?? undefined;
}

/** Returns the name that {@link wellKnownFunction} has found before. */
export const knownFunction = (fn: AnyFunction): string | undefined => functionNames.get(fn) ?? undefined;

/** `holder`, `holder.name`, `holder.prototype.name`; under the function's own name only. */
function findFunction(fn: AnyFunction, name: string): string | undefined {
  const member = name.replace(/^(bound|get|set) /, '');
  for (const realm of realms()) {
    // Reads a lazy global (a getter) only if it may be the one.
    if (globalNames.has(name) && (realm as Record<string, unknown>)[name] === fn) return name;
    for (const holder of holders) {
      const path = findMember(fn, member, globalValue(realm, holder), holder);
      if (path !== undefined) return path;
    }
  }
  for (const module of loadedModules()) {
    const exports: unknown = load(`node:${module}`);
    if (exports === fn) return `node:${module}#`;
    const path = findMember(fn, member, exports, `node:${module}#`) ?? findExport(fn, member, exports as object, `node:${module}#`);
    if (path !== undefined) return path;
  }
  return undefined;
}

/** An export under another name than its own, or a method of an exported class. */
function findExport(fn: AnyFunction, member: string, exports: object, prefix: string): string | undefined {
  for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(exports))) {
    if (value === fn) return `${prefix}${key}`;
    const path = typeof value === 'function' ? findMember(fn, member, value, `${prefix}${key}`) : undefined;
    if (path !== undefined) return path;
  }
  return undefined;
}

function findMember(fn: AnyFunction, member: string, object: unknown, holder: string): string | undefined {
  const dot = holder.endsWith('#') ? '' : '.';
  if (own(object, member) === fn) return `${holder}${dot}${member}`;
  return own(own(object, 'prototype'), member) === fn ? `${holder}${dot}prototype.${member}` : undefined;
}

/** Properties of globals and modules that programs hold on to. */
const parts = [
  'prototype',
  'env',
  'stdout',
  'stderr',
  'stdin',
  'versions',
  'subtle',
  'memory',
  'promises',
  'constants',
  'posix',
  'win32',
  'webcrypto',
];
let objects: { modules: readonly string[]; names: WeakMap<object, string> } = { modules: [], names: new WeakMap() };

function objectNames(): WeakMap<object, string> {
  const modules = loadedModules();
  if (objects.modules === modules) return objects.names;
  const names = new WeakMap<object, string>();
  const add = (value: unknown, name: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!names.has(value)) names.set(value, name);
    for (const part of parts) {
      const inner = own(value, part);
      if (typeof inner === 'object' && inner !== null && !names.has(inner))
        names.set(inner, `${name}${name.endsWith('#') ? '' : '.'}${part}`);
    }
  };
  for (const module of modules) add(load(`node:${module}`), `node:${module}#`);
  for (const realm of realms()) {
    for (const holder of holders) {
      const value = globalValue(realm, holder);
      add(value, holder);
      const prototype = typeof value === 'function' ? own(value, 'prototype') : undefined;
      if (typeof prototype === 'object' && prototype !== null && !names.has(prototype)) names.set(prototype, `${holder}.prototype`);
    }
    names.set(realm, 'globalThis');
  }
  objects = { modules, names };
  return names;
}

/** The name of an object that every Node has: a namespace like `Math`, `process.env`, a module of Node's. */
export function wellKnownObject(value: object): string | undefined {
  if (types.isModuleNamespaceObject(value)) {
    const module = objectNames().get((value as { default?: object }).default ?? value);
    return module?.endsWith('#') === true ? `${module}*` : undefined;
  }
  const name = objectNames().get(value);
  if (name !== undefined) return name;
  // `crypto`, `performance`, `navigator`: lazy globals, read only if the value looks like them.
  const kind = classNameOf(value);
  const lazy = kind.toLowerCase();
  return kind !== 'Object' && globalNames.has(lazy) && (globalThis as Record<string, unknown>)[lazy] === value ? lazy : undefined;
}

function classNameOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as object | null;
  const fn = prototype === null ? undefined : constructorIn(prototype);
  return fn === undefined ? '' : givenName(fn);
}

/** The modules a path needs before it can be followed. */
export function modulesOfName(path: string): string[] {
  const module = /^(node:[^#]*)#/.exec(path)?.[1];
  return module === undefined ? [] : [module];
}

/** The value with this name here. */
export function valueNamed(path: string, namespaceOf: (module: string) => object): unknown {
  const module = /^(node:[^#]*)#(.*)$/.exec(path);
  let value: unknown = module === null ? globalThis : load(module[1] as string);
  const rest = module === null ? path : (module[2] as string);
  if (rest === '*') return namespaceOf((module as RegExpExecArray)[1] as string);
  if (rest === '' || rest === 'globalThis') return value;
  for (const key of rest.split('.')) {
    const next: unknown = (value as Record<string, unknown>)[key];
    if (next === undefined) throw new TypeError(`this Node has no ${path}`);
    value = next;
  }
  return value;
}
