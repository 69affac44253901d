/**
 * Which own properties of an object travel: all of them.
 *
 *   visible   enumerable, under a string or a portable symbol: a getter is read once, as `structuredClone` reads it
 *   hidden    not enumerable: with their flags; an accessor as its two functions
 *
 * Refuses a key without a meaning elsewhere: a symbol that is not registered. Keys that Node puts on its own objects do not count.
 */

import { EventEmitter } from 'node:events';
import { inspect, types } from 'node:util';
import type { SerializationError } from '../../errors.ts';
import { keysOfBuffer } from '../../untransferable.ts';
import type { Encoding } from '../packet/encoding.ts';
import { captureFlag, isPortable } from '../kinds/symbols.ts';
import { FIELD } from '../packet/trail.ts';

/** Keys of an object that has hidden properties. */
export interface MixedKeys {
  readonly visible: readonly PropertyKey[];
  readonly hidden: readonly PropertyKey[];
}

export type OwnKeys = readonly PropertyKey[] | MixedKeys;

const none: readonly PropertyKey[] = [];

export const isMixed = (keys: OwnKeys): keys is MixedKeys => !Array.isArray(keys);

/** True if there is nothing to write. */
export const isEmpty = (keys: OwnKeys): boolean => !isMixed(keys) && keys.length === 0;

/** Own keys of an object whose fields are its content. V8 answers the two cheap questions from one list where nothing is hidden. */
export function keysOf(encoding: Encoding, object: object): OwnKeys {
  const keys = Object.keys(object);
  const symbols = Object.getOwnPropertySymbols(object);
  const names = Object.getOwnPropertyNames(object);
  return symbols.length === 0 && names.length === keys.length ? keys : sorted(encoding, object, [...names, ...symbols]);
}

function sorted(encoding: Encoding, object: object, keys: readonly PropertyKey[]): OwnKeys {
  const visible: PropertyKey[] = [];
  const hidden: PropertyKey[] = [];
  for (const key of keys) {
    if (typeof key === 'symbol' && !isPortable(key)) {
      if (symbolsOfNode().has(key)) continue;
      refuseKey(encoding, key);
    }
    if (key === captureFlag && (object as Record<PropertyKey, unknown>)[key] === false) continue;
    if (Object.prototype.propertyIsEnumerable.call(object, key)) visible.push(key);
    // The function that an arguments object belongs to stays at home, as with `structuredClone`.
    else if (key !== 'callee' || !types.isArgumentsObject(object)) hidden.push(key);
  }
  return hidden.length === 0 ? visible : { visible, hidden };
}

/** @throws SerializationError with the key at the end of its path */
function refuseKey(encoding: Encoding, key: symbol): never {
  encoding.trail.enter(FIELD);
  encoding.trail.at(key);
  throw symbolKeyRefused(encoding);
}

export const symbolKeyRefused = (encoding: Encoding): SerializationError =>
  encoding.refusalWith('symbolKey', 'a property under a symbol that is not registered cannot cross');

let ofNode: ReadonlySet<symbol> | undefined;

/** Symbols that Node puts on each EventEmitter, and which it can do without; a `captureRejections` that is set crosses. */
const symbolsOfNode = (): ReadonlySet<symbol> => (ofNode ??= new Set(Object.getOwnPropertySymbols(new EventEmitter())));

/** Up to this length listing the keys is the fastest way to find other properties. */
const KEYS_LIMIT = 40;
/** As `KEYS_LIMIT`, of the numbers of a typed array. */
const NUMBERS_LIMIT = 24;

export const isIndex = (key: PropertyKey): boolean => typeof key === 'string' && String(Number(key) >>> 0) === key && key !== '4294967295';

/** Keys beside the elements of an array. Most arrays have none; this is found without listing all indices. */
export function keysBesideElements(encoding: Encoding, array: readonly unknown[]): OwnKeys {
  const { length } = array;
  if (length > KEYS_LIMIT && inspect(array, bareWithHidden) === `[ ... ${length} more items, [length]: ${length} ]`) return none;
  const keys = Reflect.ownKeys(array);
  // `length` is the first key after the indices.
  if (keys.length === length + 1 && keys[length] === 'length') return none;
  return sorted(
    encoding,
    array,
    keys.filter((key) => key !== 'length' && !isIndex(key)),
  );
}

/** True for an object of a built-in class that nothing was put on. */
export function isBare(encoding: Encoding, object: object): boolean {
  if (ArrayBuffer.isView(object) && !types.isDataView(object)) return isEmpty(keysBesideNumbers(encoding, object as NodeJS.TypedArray));
  if (!Array.isArray(object) && keysOfBuffer(object).length === 0) return true;
  return isEmpty(keysBesideContent(encoding, object));
}

/** Keys beside what an object of a built-in class holds: those that a program has put there. */
export function keysBesideContent(encoding: Encoding, object: object): OwnKeys {
  if (Array.isArray(object)) return keysBesideElements(encoding, object);
  if (types.isTypedArray(object)) return keysBesideNumbers(encoding, object);
  const keys = keysOfBuffer(object);
  if (types.isRegExp(object)) return sorted(encoding, object, without(keys, 'lastIndex'));
  if (types.isStringObject(object))
    return sorted(
      encoding,
      object,
      without(keys, 'length').filter((key) => !isIndex(key)),
    );
  return sorted(encoding, object, isOfLanguage(object) ? keys : keys.filter((key) => typeof key !== 'symbol' || isPortable(key)));
}

/** Node and the web keep state under symbols of their own, and it is made anew; what the language makes has no such state. */
const isOfLanguage = (object: object): boolean =>
  types.isMap(object) ||
  types.isSet(object) ||
  types.isDate(object) ||
  types.isBoxedPrimitive(object) ||
  types.isAnyArrayBuffer(object) ||
  types.isDataView(object);

const without = (keys: readonly PropertyKey[], name: string): PropertyKey[] => keys.filter((key) => key !== name);

/** Above {@link NUMBERS_LIMIT} elements only enumerable properties and symbols are found: to list all indices takes longer than to copy the bytes. */
function keysBesideNumbers(encoding: Encoding, view: NodeJS.TypedArray): OwnKeys {
  const length = view.length;
  const isLong = length > NUMBERS_LIMIT;
  if (isLong && Object.getOwnPropertySymbols(view).length === 0 && inspect(view, bare).endsWith(`[ ... ${length} more items ]`))
    return none;
  const keys = Reflect.ownKeys(view);
  return keys.length === length ? none : sorted(encoding, view, keys.slice(length));
}

const bare = {
  maxArrayLength: 0,
  depth: 0,
  colors: false,
  customInspect: false,
  showHidden: false,
  getters: false,
  sorted: false,
  breakLength: Infinity,
  compact: 3,
} as const;

/** `inspect` asks V8 for the keys that are not indices, which nothing else public does: `[ ... 1000 more items, [length]: 1000 ]`. */
const bareWithHidden = { ...bare, showHidden: true };
