/**
 * Instances of classes with a reducer.
 *
 *   REDUCED  class   rebuild   what reduce() gave        each is whole before the next begins
 */

import type { AnyFunction } from '../courier.ts';
import type { Decoding } from '../packet/decoding.ts';
import type { Encoding } from '../packet/encoding.ts';
import { readClass, writeClass } from '../kinds/functions.ts';
import { type Reducer, reducerOf } from './reducers.ts';
import * as tag from '../packet/tags.ts';
import { SLOT } from '../packet/trail.ts';

export function writeReduced(encoding: Encoding, object: object, fn: AnyFunction, reducer: Reducer<object, unknown>): void {
  encoding.writer.byte(tag.REDUCED);
  encoding.claim(object);
  encoding.open.add(object);
  const { reduce, rebuild } = reducer;
  encoding.section(() => {
    writeClass(encoding, fn);
  });
  encoding.trail.enter(SLOT);
  encoding.trail.at(' → rebuild');
  encoding.section(() => {
    encoding.value(rebuild);
  });
  encoding.trail.at(' → reduce()');
  encoding.section(() => {
    encoding.value(reduce.call(reducer, object));
  });
  encoding.trail.leave();
  encoding.open.delete(object);
}

export function readReduced(decoding: Decoding): unknown {
  const place = decoding.reserve();
  decoding.enter();
  const fn = decoding.section(() => readClass(decoding));
  const sent = decoding.section(() => decoding.value()) as (data: unknown) => object;
  // Here its own goes first: what came home is a copy, which sees what it captured as it was over there.
  const rebuild = reducerOf(fn)?.rebuild ?? sent;
  const data = decoding.section(() => decoding.value());
  decoding.leave();
  const object = decoding.run(() => rebuild(data));
  decoding.fill(place, object);
  return object;
}
