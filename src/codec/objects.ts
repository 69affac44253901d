/** Plain objects, and own fields in general. */

import type { Decoding } from './decoding.ts';
import type { Encoding, Start } from './encoding.ts';
import { hole } from './no-value.ts';
import { isPortable } from './symbols.ts';
import { courier } from './function/index.ts';
import * as tag from './tags.ts';
import { DEPTH_LIMIT, FIELD } from './trail.ts';

export type Fields = Record<PropertyKey, unknown>;

export function writePlain(encoding: Encoding, object: Fields): void {
  if (encoding.trail.depth >= DEPTH_LIMIT) {
    encoding.head(tag.OBJECT);
    encoding.claim(object);
    encoding.later(object, writeFields, encoding.trail.place());
    return;
  }
  const keys = keysOf(object);
  // `Math` and its like show no keys, but have some.
  if (keys.length === 0 && Reflect.ownKeys(object).length > 0 && writeByName(encoding, object)) return;
  const before = encoding.start();
  encoding.writer.byte(tag.OBJECT);
  encoding.claim(object);
  writeFieldsOf(encoding, object, keys, before);
}

/** The keys that cross: enumerable strings, and enumerable symbols that mean the same on the other side. */
export function keysOf(object: object): PropertyKey[] {
  const keys: PropertyKey[] = Object.keys(object);
  const symbols = Object.getOwnPropertySymbols(object);
  for (let i = 0; i < symbols.length; i += 1) {
    const symbol = symbols[i] as symbol;
    if (isPortable(symbol) && Object.prototype.propertyIsEnumerable.call(object, symbol)) keys.push(symbol);
  }
  return keys;
}

export function writeFields(encoding: Encoding, object: Fields): void {
  writeFieldsOf(encoding, object, keysOf(object));
}

/** @param before where the object began, if it may go by its name instead: one with methods may be something the other side has, too */
export function writeFieldsOf(encoding: Encoding, object: Fields, keys: readonly PropertyKey[], before?: Start): void {
  encoding.shapes.write(encoding.writer, keys);
  const { trail } = encoding;
  trail.enter(FIELD);
  let ask = before;
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i] as PropertyKey;
    trail.at(key);
    const value = object[key];
    if (value === undefined && !Object.hasOwn(object, key)) {
      // A getter read before has deleted it.
      encoding.writer.byte(tag.HOLE);
      continue;
    }
    if (ask !== undefined && typeof value === 'function') {
      if (writeByName(encoding, object, ask)) return;
      ask = undefined;
    }
    encoding.value(value);
  }
  trail.leave();
}

/** Writes an object that the other side finds by its name, such as `console`, in place of what was written since `before`. */
export function writeByName(encoding: Encoding, object: object, before?: Start): boolean {
  const named = courier.nameOf(object);
  if (named === undefined) return false;
  if (before !== undefined) encoding.rewind(before);
  encoding.writer.byte(tag.NAMED);
  encoding.claim(object);
  encoding.needModules(named.modules);
  encoding.section(() => {
    encoding.value(named.name);
  });
  return true;
}

export function readPlain(decoding: Decoding, object: Fields, isLater: boolean): Fields {
  decoding.claim(object);
  if (isLater) decoding.later(object, readFields);
  else readFields(decoding, object);
  return object;
}

export function readFields(decoding: Decoding, object: Fields): void {
  const { keys, isSimple } = decoding.shapes.read(decoding.reader);
  decoding.enter();
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i] as PropertyKey;
    const value = decoding.valueOrHole();
    if (value === hole) continue;
    if (isSimple) object[key] = value;
    else define(object, key, value);
  }
  decoding.leave();
}

/** As {@link readFields}, for objects whose prototype may have setters of the same name. */
export function readOwnFields(decoding: Decoding, object: Fields): void {
  const shape = decoding.shapes.read(decoding.reader);
  const prototype = Object.getPrototypeOf(object) as object | null;
  if (shape.family !== prototype) {
    shape.family = prototype;
    shape.isSimpleThere = shape.isSimple && shape.keys.every((key) => prototype === null || !(key in prototype));
  }
  const { keys, isSimpleThere } = shape;
  decoding.enter();
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i] as PropertyKey;
    const value = decoding.valueOrHole();
    if (value === hole) continue;
    if (isSimpleThere) object[key] = value;
    else define(object, key, value);
  }
  decoding.leave();
}

export function define(object: object, key: PropertyKey, value: unknown, enumerable: boolean = true): void {
  Object.defineProperty(object, key, { value, writable: true, configurable: true, enumerable });
}

export function readByName(decoding: Decoding): unknown {
  const place = decoding.reserve();
  const name = decoding.section(() => decoding.value());
  const object = decoding.make(() => courier.named(name));
  decoding.fill(place, object);
  return object;
}
