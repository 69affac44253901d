/**
 * The classes that belong to Node or the engine. Their instances keep state that cannot be seen from here. An object whose class the codec
 * does not know by name is refused, even where its visible fields look harmless.
 */

import { EventEmitter } from 'node:events';
import { builtinModules, createRequire } from 'node:module';
import { givenName } from '../../class-names.ts';
import type { AnyFunction } from '../courier.ts';

const native = /\{\s*\[native code\]\s*\}\s*$/;
const require = createRequire(import.meta.url);
const found = new WeakSet<AnyFunction>();
const searched = new Set<string>();

/** State of an EventEmitter is visible fields alone. */
const harmless = new Set<unknown>([EventEmitter]);

export function isNative(fn: AnyFunction): boolean {
  return native.test(Function.prototype.toString.call(fn));
}

export function isOfNode(fn: AnyFunction): boolean {
  if (harmless.has(fn)) return false;
  return found.has(fn) || isNative(fn) || isGlobal(fn) || isExportOfNode(fn);
}

function isGlobal(fn: AnyFunction): boolean {
  const name = givenName(fn);
  const property = Object.getOwnPropertyDescriptor(globalThis, name);
  // Node's own globals are not enumerable, or come by a getter; a user's are neither.
  if (property === undefined || (property.enumerable === true && property.get === undefined)) return false;
  return (globalThis as unknown as Record<string, unknown>)[name] === fn;
}

/** An instance can exist only if its module is loaded, so no other module has to be. */
function isExportOfNode(fn: AnyFunction): boolean {
  for (const name of loadedModules()) {
    if (searched.has(name)) continue;
    searched.add(name);
    for (const property of Object.values(Object.getOwnPropertyDescriptors(require(`node:${name}`) as object))) {
      if (typeof property.value === 'function') found.add(property.value as AnyFunction);
    }
  }
  return found.has(fn);
}

function loadedModules(): string[] {
  const list = (process as unknown as { moduleLoadList?: string[] }).moduleLoadList ?? [];
  const loaded = new Set(list.map((entry) => entry.replace('NativeModule ', '')));
  return builtinModules.filter((name) => loaded.has(name) && !name.startsWith('_') && name !== 'punycode' && name !== 'sys');
}
