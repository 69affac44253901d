/** Plain objects, and own fields in general. */

import type { Decoding } from '../packet/decoding.ts';
import type { Encoding, Start } from '../packet/encoding.ts';
import { hole } from '../packet/tags.ts';
import { isMixed, keysOf, type MixedKeys, type OwnKeys } from './own-keys.ts';
import { ACCESSOR, flagsOf, withFlags, WRITABLE } from './property-flags.ts';
import { type HiddenKey, writeMixedShape } from './shapes.ts';
import { courier } from '../function/index.ts';
import * as tag from '../packet/tags.ts';
import { DEPTH_LIMIT, FIELD } from '../packet/trail.ts';

export type Fields = Record<PropertyKey, unknown>;

export function writePlain(encoding: Encoding, object: Fields): void {
  if (encoding.trail.depth >= DEPTH_LIMIT) {
    encoding.head(tag.OBJECT);
    encoding.claim(object);
    encoding.later(object, writeFields, encoding.trail.place());
    return;
  }
  const before = encoding.start();
  const keys = keysOf(encoding, object);
  encoding.writer.byte(tag.OBJECT);
  encoding.claim(object);
  writeFieldsOf(encoding, object, keys, before);
}

export function writeFields(encoding: Encoding, object: Fields): void {
  writeFieldsOf(encoding, object, keysOf(encoding, object));
}

/** @param before where the object began, if it may go by its name instead: one with methods may be something the other side has, too */
export function writeFieldsOf(encoding: Encoding, object: Fields, keys: OwnKeys, before?: Start): void {
  if (isMixed(keys)) {
    writeMixed(encoding, object, keys, before);
    return;
  }
  encoding.shapes.write(encoding.writer, keys);
  writeVisible(encoding, object, keys, before);
}

function writeVisible(encoding: Encoding, object: Fields, keys: readonly PropertyKey[], before?: Start): void {
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

/** Hidden properties follow the others. `Math` and its like have nothing else. */
function writeMixed(encoding: Encoding, object: Fields, { visible, hidden }: MixedKeys, before?: Start): void {
  if (before !== undefined && writeByName(encoding, object, before)) return;
  const { trail, writer } = encoding;
  const descriptors = hidden.map((key) => Object.getOwnPropertyDescriptor(object, key) as PropertyDescriptor);
  writeMixedShape(
    writer,
    visible,
    hidden.map((key, i) => [key, flagsOf(descriptors[i] as PropertyDescriptor)]),
  );
  writeVisible(encoding, object, visible);
  trail.enter(FIELD);
  hidden.forEach((key, i) => {
    const { value, get, set } = descriptors[i] as PropertyDescriptor;
    trail.at(key);
    if (get === undefined && set === undefined) {
      encoding.value(value);
      return;
    }
    encoding.value(get);
    encoding.value(set);
  });
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

function readFields(decoding: Decoding, object: Fields): void {
  const { keys, isSimple, hidden } = decoding.shapes.read(decoding.reader);
  decoding.enter();
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i] as PropertyKey;
    const value = decoding.valueOrHole();
    if (value === hole) continue;
    if (isSimple) object[key] = value;
    else define(object, key, value);
  }
  if (hidden !== undefined) readHidden(decoding, object, hidden);
  decoding.leave();
}

function readHidden(decoding: Decoding, object: Fields, hidden: readonly HiddenKey[]): void {
  for (const [key, flags] of hidden) {
    const descriptor: PropertyDescriptor = withFlags(flags);
    if ((flags & ACCESSOR) === 0) {
      descriptor.value = decoding.value();
      descriptor.writable = (flags & WRITABLE) !== 0;
    } else {
      descriptor.get = decoding.value() as () => unknown;
      descriptor.set = decoding.value() as (value: unknown) => void;
    }
    Object.defineProperty(object, key, descriptor);
  }
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
  if (shape.hidden !== undefined) readHidden(decoding, object, shape.hidden);
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
