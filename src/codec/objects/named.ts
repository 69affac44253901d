/**
 * Objects with a name that both ends of a link have agreed on: an object that one of them keeps, and its stand-in at the other.
 *
 *   NAMED_OBJECT  name      the link's own `nameFor` and `namedBy` say what it means
 *
 * Over every other border such an object says itself what is sent instead (`sentAs`), or is refused.
 */

import { sentAs, type Substitute } from '../../handles.ts';
import type { AnyFunction } from '../courier.ts';
import type { Decoding } from '../packet/decoding.ts';
import type { Encoding } from '../packet/encoding.ts';
import { damaged } from '../packet/reader.ts';
import { writeReduced } from './reduced.ts';
import * as tag from '../packet/tags.ts';
import { SLOT } from '../packet/trail.ts';

/** True: the receiver knows the object by a name, which is written. */
export function wroteName(encoding: Encoding, object: object): boolean {
  const name = encoding.border.nameFor?.(object);
  if (name === undefined) return false;
  encoding.writer.byte(tag.NAMED_OBJECT);
  encoding.claim(object);
  encoding.open.add(object);
  encoding.trail.enter(SLOT);
  encoding.trail.at(' → name');
  encoding.section(() => {
    encoding.value(name);
  });
  encoding.trail.leave();
  encoding.open.delete(object);
  return true;
}

export function readName(decoding: Decoding): unknown {
  const place = decoding.reserve();
  const name = decoding.section(() => decoding.value());
  const { namedBy } = decoding.beside;
  if (namedBy === undefined) throw damaged('it names an object that is not known here');
  const object = decoding.run(() => namedBy(name));
  decoding.fill(place, object);
  return object;
}

type SentAs = (this: object, apart: string | undefined) => Substitute | string;

/** Writes an object whose class says what is sent instead. @throws SerializationError if it stays where it is */
export function writeSubstitute(encoding: Encoding, object: object): void {
  if (wroteName(encoding, object)) return;
  const { kind, apart } = encoding.border;
  // A worker that shares no memory with its host is of the same program.
  const sent = (object as { readonly [sentAs]: SentAs })[sentAs](
    kind === 'any' ? apart : kind === 'network' ? 'it is on another machine' : undefined,
  );
  if (typeof sent === 'string') throw encoding.refusal(sent);
  const { Class, rebuild, data } = sent;
  writeReduced(encoding, object, Class as unknown as AnyFunction, {
    reduce: () => data,
    rebuild: rebuild as (data: unknown) => object,
  });
}
