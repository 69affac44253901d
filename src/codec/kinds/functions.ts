/**
 * Functions and classes. The courier takes them apart; the parts are values.
 *
 *   FUNCTION early   …rest of the message…   [late parts]
 */

import type { AnyFunction, Assembled, Part } from '../courier.ts';
import { courier, nameOfFunction } from '../function/index.ts';
import type { Decoding } from '../packet/decoding.ts';
import type { Encoding } from '../packet/encoding.ts';
import { damaged } from '../packet/reader.ts';
import { learnReducer, type Reducer, reducerOf } from '../objects/reducers.ts';
import * as tag from '../packet/tags.ts';
import { ROOT } from '../packet/trail.ts';

export function writeFunction(encoding: Encoding, fn: AnyFunction): void {
  const { early, late, modules } = courier.dismantle(fn, encoding.border, String(encoding.trail), encoding.scope);
  // A class that has a reducer takes it along, so that instances made over there find their way back.
  const reducer = reducerOf(fn);
  const parts: readonly Part[] = reducer === undefined ? late : [...late, { path: `reducer of ${nameOfFunction(fn)}`, value: reducer }];
  encoding.writer.byte(reducer === undefined ? tag.FUNCTION : tag.FUNCTION_WITH_REDUCER);
  encoding.claim(fn);
  encoding.needModules(modules);
  encoding.open.add(fn);
  encoding.section(() => {
    encoding.value(early);
  });
  encoding.open.delete(fn);
  encoding.later(parts, writeParts, encoding.trail.place());
}

function writeParts(encoding: Encoding, parts: readonly Part[]): void {
  encoding.writer.varint(parts.length);
  for (const part of parts) {
    encoding.trail.elsewhere({ parent: encoding.trail.place(), key: part, how: ROOT }, () => {
      encoding.value(part.value);
    });
  }
}

export function readFunction(decoding: Decoding, kind: number): AnyFunction {
  const place = decoding.reserve();
  const early = decoding.section(() => decoding.value());
  const assembled: Assembled = decoding.make(() => courier.assemble(early)) ?? { fn: missing, complete: () => undefined };
  const { fn } = assembled;
  decoding.fill(place, fn);
  const hasReducer = kind === tag.FUNCTION_WITH_REDUCER;
  decoding.later(assembled, (_, { complete }) => {
    const count = decoding.reader.count(1);
    const late: unknown[] = [];
    decoding.enter();
    for (let i = 0; i < count; i += 1) late.push(decoding.value());
    decoding.leave();
    if (hasReducer) learnReducer(fn, late.pop() as Reducer<object, unknown>);
    decoding.make(() => complete.call(assembled, late));
    decoding.shapes.forgetFamilies();
  });
  return fn;
}

/** Stands in for a function that could not be made, until the message is read and the reason is thrown. */
function missing(): void {
  throw damaged('a function is missing');
}

/** The class of an instance. Instances in several messages of one packet share it. */
export function writeClass(encoding: Encoding, fn: AnyFunction): void {
  if (encoding.wroteReference(fn)) return;
  const known = encoding.classes.indexOf(fn);
  if (known >= 0) {
    encoding.writer.byte(tag.CLASS_AGAIN);
    encoding.writer.varint(known);
    encoding.claim(fn);
    return;
  }
  writeFunction(encoding, fn);
  encoding.classes.push(fn);
}

export function readClass(decoding: Decoding): AnyFunction {
  const kind = decoding.reader.byte();
  if (kind === tag.CLASS_AGAIN) {
    const known = decoding.classes[decoding.reader.varint()];
    if (known === undefined) throw damaged('a class is missing');
    decoding.claim(known);
    return known;
  }
  const fn = decoding.valueAfter(kind);
  if (typeof fn !== 'function') throw damaged('a class is missing');
  if (kind !== tag.REF) decoding.classes.push(fn as AnyFunction);
  return fn as AnyFunction;
}

/** The prototype that instances of `fn` have. */
export function prototypeOf(fn: AnyFunction): object | null {
  const { prototype } = fn as unknown as { prototype: unknown };
  return typeof prototype === 'object' ? prototype : null;
}
