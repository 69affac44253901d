/**
 * Values that have a name of their own in every Node: globals, what hangs on them, Node's modules and their exports.
 * They cross a border by that name: `Math.max`, `Array.prototype.map`, `node:fs#promises.readFile`.
 *
 *   path      = [ 'node:' module '#' ] name ( '.' name )*        `node:fs#` is the module itself
 *   namespace = 'node:' module '#*'                              the ES module namespace of it
 */

import { createRequire } from 'node:module';
import { types } from 'node:util';
import { runInThisContext } from 'node:vm';

/** The global names of Node 20 to 26. What else stands on the global object is the program's own. */
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

export const isGlobalName = (name: string): boolean => globalNames.has(name);

/** The global objects of this realm and of the main one: inside a vm context (Jest) they differ. */
const realms: readonly object[] = [...new Set<object>([globalThis, runInThisContext('globalThis') as object])];

/** An own data property; getters are not run, for some load half of Node. */
function own(object: unknown, name: PropertyKey): unknown {
  if ((typeof object !== 'object' && typeof object !== 'function') || object === null) return undefined;
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}

const load = createRequire(import.meta.url);

/** Node's public modules that this program has loaded: no other can be the home of a value it holds. */
function loadedModules(): string[] {
  const { moduleLoadList } = process as unknown as { moduleLoadList?: string[] };
  const seen = moduleLoadList ?? [];
  if (seen.length !== listed.length) {
    const loaded = new Set(seen.map((entry) => entry.replace('NativeModule ', '')));
    listed = { length: seen.length, names: publicModules.filter((name) => loaded.has(name) || name === 'fs/promises') };
  }
  return listed.names;
}

const publicModules = (load('node:module') as { builtinModules: string[] }).builtinModules.filter((name) => !/^_|^(punycode|sys)$/.test(name));
let listed: { length: number; names: string[] } = { length: -1, names: [] };

const pathOf = new WeakMap<object, string | null>();

/** The name of a value that every Node has, if it is one. */
export function wellKnownName(value: object): string | undefined {
  const before = pathOf.get(value);
  if (before !== undefined) return before ?? undefined;
  const found = find(value);
  // A module loaded later may turn out to be the home of an object; what a function is never changes.
  if (found !== undefined || typeof value === 'function') pathOf.set(value, found ?? null);
  return found;
}

function find(value: object): string | undefined {
  if (types.isModuleNamespaceObject(value)) {
    const module = moduleNamed((value as { default?: unknown }).default);
    return module === undefined ? undefined : `node:${module}#*`;
  }
  const name = typeof value === 'function' ? value.name : undefined;
  return findGlobal(value, name) ?? findInModules(value, name);
}

const moduleNamed = (value: unknown): string | undefined => (value === undefined ? undefined : loadedModules().find((name) => load(`node:${name}`) === value));

function findGlobal(value: object, name: string | undefined): string | undefined {
  for (const realm of realms) {
    if (value === realm) return 'globalThis';
    // A lazy global (a getter) is read only if it may be the one.
    const kind = name ?? (Object.getPrototypeOf(value) as object | null)?.constructor?.name;
    const direct = name ?? kind?.toLowerCase();
    if (direct !== undefined && globalNames.has(direct) && (realm as Record<string, unknown>)[direct] === value) return direct;
    for (const holder of globalNames) {
      const object = own(realm, holder);
      if (object === value) return holder;
      const path = findMember(value, name, object, holder);
      if (path !== undefined) return path;
    }
  }
  return undefined;
}

/** `holder.name` or `holder.prototype.name`; functions are looked for under their own name only. */
function findMember(value: object, name: string | undefined, object: unknown, holder: string): string | undefined {
  if (typeof object !== 'function' && (typeof object !== 'object' || object === null)) return undefined;
  if (name === undefined) {
    for (const key of ['prototype', 'env', 'stdout', 'stderr', 'stdin', 'versions', 'subtle', 'memory']) {
      if (own(object, key) === value) return `${holder}.${key}`;
    }
    return undefined;
  }
  const bare = name.replace(/^bound /, '');
  if (own(object, bare) === value) return `${holder}.${bare}`;
  const prototype = own(object, 'prototype');
  return own(prototype, bare) === value ? `${holder}.prototype.${bare}` : undefined;
}

function findInModules(value: object, name: string | undefined): string | undefined {
  const direct = moduleNamed(value);
  if (direct !== undefined) return `node:${direct}#`;
  if (name === undefined) return undefined;
  for (const module of loadedModules()) {
    const exports: unknown = load(`node:${module}`);
    if (typeof exports !== 'object' && typeof exports !== 'function') continue;
    for (const key of Object.keys(exports as object)) {
      if (own(exports, key) === value) return `node:${module}#${key}`;
    }
    for (const [key, inner] of Object.entries(Object.getOwnPropertyDescriptors(exports as object))) {
      if (typeof inner.value !== 'function') continue;
      const path = findMember(value, name, inner.value, `node:${module}#${key}`);
      if (path !== undefined) return path;
    }
  }
  return undefined;
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
