/**
 * Shared objects travel as handles: the bytes name the object's block in the shared heap, and nothing of it is copied.
 *
 *   here:   lock ── its block ──► Packet.handles      keeps it alive until the message has left; the link makes a parcel of them
 *   there:  parcel ── the link opens it ──► Incoming.handles ── by its block ──► a handle on the same object
 *
 * A few take something along (`luggage`), which is a value like any other and follows the name.
 *
 * An object that comes back to a thread with a handle on it is that handle. An instance of a user's subclass arrives as the class that it
 * extends: the heap has the kind of object, and no more.
 */

import * as tag from '../packet/tags.ts';
import { handleDoor, luggage, notSent } from '../../handles.ts';
import { a } from '../kinds/buffers.ts';
import type { Decoding } from '../packet/decoding.ts';
import type { Encoding } from '../packet/encoding.ts';
import { SLOT } from '../packet/trail.ts';
import { refuseApart } from './apart.ts';
import { refuse } from './instances.ts';
import { wroteName } from './named.ts';

export function writeHandle(encoding: Encoding, object: object): void {
  const ref = handleDoor()?.refOf(object);
  // The object was made by Object.create, and has only the prototype of a handle.
  if (ref === undefined) refuse(encoding, Object.getPrototypeOf(object) as object);
  const whyNot = (object as { readonly [notSent]?: () => string | undefined })[notSent]?.();
  if (whyNot !== undefined) throw encoding.refusal(whyNot);
  if (wroteName(encoding, object)) return;
  refuseApart(encoding, a(object.constructor.name));
  encoding.writer.byte(tag.SHARED_OBJECT);
  encoding.claim(object);
  encoding.writer.varint(ref >>> 0);
  encoding.handles.add(object);
  const taken = (object as { readonly [luggage]?: unknown })[luggage];
  encoding.writer.byte(taken === undefined ? 0 : 1);
  if (taken === undefined) return;
  encoding.trail.enter(SLOT);
  encoding.trail.at(' → action');
  encoding.value(taken);
  encoding.trail.leave();
}

export function readHandle(decoding: Decoding): object {
  const ref = decoding.reader.varint();
  const object = decoding.claim(decoding.handle(ref));
  if (decoding.reader.byte() !== 0) (object as { [luggage]?: unknown })[luggage] = decoding.value();
  return object;
}

/** The shared objects that a packet names, each once, in the order in which they were met. There may be very many. */
export class HandleList {
  readonly #list: object[] = [];
  readonly #known: Set<object> = new Set();

  get length(): number {
    return this.#list.length;
  }

  /** As an array's: those behind it are forgotten. */
  set length(length: number) {
    for (const object of this.#list.splice(length)) this.#known.delete(object);
  }

  add(object: object): void {
    if (this.#known.has(object)) return;
    this.#known.add(object);
    this.#list.push(object);
  }

  toArray(): object[] {
    return [...this.#list];
  }
}
