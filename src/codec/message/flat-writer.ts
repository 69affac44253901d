/**
 * Writes numbers, text, plain objects and arrays of those without further bookkeeping. No object is entered in a table: a few of them are
 * compared faster than they are looked up.
 *
 *   value ── scalar, string ───────────────────────────────▶ bytes
 *         ── plain object, array; not seen, not too many ──▶ bytes, and so its values
 *         ── anything else ── become general ──▶ what was seen is entered, and the general encoder goes on from here
 *
 * The bytes are those that the general encoder might write, so nothing is written or read a second time: a getter runs once.
 */

import { types } from 'node:util';
import type { Encoding } from '../packet/encoding.ts';
import { rowKind, ROW_FROM, writeRow } from '../kinds/arrays.ts';
import { writeBigint } from '../kinds/small-kinds.ts';
import { writeByName } from '../objects/objects.ts';
import { isEmpty, keysBesideElements } from '../objects/own-keys.ts';
import * as tag from '../packet/tags.ts';
import { FIELD, INDEX } from '../packet/trail.ts';
import { writeHead } from './key-blocks.ts';
import { wroteSimple } from './simple-value.ts';

/** From this number of objects on they are looked up. */
const SEEN_LIMIT = 32;
/** Longer arrays are written by the general encoder, which sees when they are sparse. */
const LENGTH_LIMIT = 64;

export class FlatWriter {
  readonly #encoding: Encoding;
  readonly #seen: (object | undefined)[] = Array.from({ length: SEEN_LIMIT });
  #count = 0;
  /** The general encoder has taken over. */
  isGeneral = false;

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  /** Nothing of the message is held any longer. */
  forget(): void {
    const seen = this.#seen;
    for (let i = 0; i < this.#count; i += 1) seen[i] = undefined;
    this.#count = 0;
    this.isGeneral = false;
  }

  /** From here on the general encoder writes. */
  becomeGeneral(): void {
    if (this.isGeneral) return;
    this.isGeneral = true;
    for (let i = 0; i < this.#count; i += 1) this.#encoding.claim(this.#seen[i]);
  }

  value(value: unknown): void {
    const { writer } = this.#encoding;
    switch (typeof value) {
      case 'number':
        writer.number(value);
        break;
      case 'string':
        writer.text(value);
        break;
      case 'boolean':
        writer.byte(value ? tag.TRUE : tag.FALSE);
        break;
      case 'undefined':
        writer.byte(tag.UNDEFINED);
        break;
      case 'bigint':
        writeBigint(writer, value);
        break;
      case 'object':
        if (value === null) writer.byte(tag.NULL);
        else if (this.isGeneral || !this.#wroteObject(value)) this.#general(value);
        break;
      default:
        this.#general(value);
    }
  }

  #general(value: unknown): void {
    this.becomeGeneral();
    this.#encoding.value(value);
  }

  #wroteObject(object: object): boolean {
    const seen = this.#seen;
    const count = this.#count;
    for (let i = 0; i < count; i += 1) if (seen[i] === object) return false;
    // A Proxy would run its own code when it is asked for its prototype.
    if (count === SEEN_LIMIT || types.isProxy(object)) return false;
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype === Object.prototype) return this.#wrotePlain(object as Record<string, unknown>);
    return prototype === Array.prototype && Array.isArray(object) && this.#wroteArray(object);
  }

  #wrotePlain(object: Record<string, unknown>): boolean {
    const keys = Object.keys(object);
    if (Object.getOwnPropertyNames(object).length !== keys.length || Object.getOwnPropertySymbols(object).length > 0) return false;
    const { writer, trail } = this.#encoding;
    const start = writer.position;
    const number = this.#count;
    this.#seen[number] = object;
    this.#count = number + 1;
    writeHead(writer, keys);
    trail.enter(FIELD);
    let mayBeNamed = true;
    let done = 0;
    // V8 reads properties in such a loop without lookups. The loop ends where a getter has changed the object.
    for (const key in object) {
      if (key !== keys[done]) break;
      done += 1;
      trail.at(key);
      const value = object[key];
      if (wroteSimple(writer, value)) continue;
      if (typeof value === 'function' && mayBeNamed) {
        if (this.#wroteByName(object, start, number)) return true;
        mayBeNamed = false;
      }
      this.#property(object, key, value);
    }
    for (; done < keys.length; done += 1) {
      const key = keys[done] as string;
      trail.at(key);
      const value = object[key];
      if (typeof value === 'function' && mayBeNamed) {
        if (this.#wroteByName(object, start, number)) return true;
        mayBeNamed = false;
      }
      this.#property(object, key, value);
    }
    trail.leave();
    return true;
  }

  #property(object: object, key: string, value: unknown): void {
    if (value !== undefined || Object.hasOwn(object, key)) {
      this.value(value);
      return;
    }
    // A getter read before has deleted it.
    this.becomeGeneral();
    this.#encoding.writer.byte(tag.HOLE);
  }

  /** An object with methods may be one that the other side finds by a name. The bytes written for it are taken back. */
  #wroteByName(object: object, position: number, number: number): boolean {
    this.becomeGeneral();
    const { trail } = this.#encoding;
    return writeByName(this.#encoding, object, { position, objects: number, waiting: 0, shapes: 0, depth: trail.depth - 1 });
  }

  #wroteArray(array: unknown[]): boolean {
    const encoding = this.#encoding;
    const { length } = array;
    if (length > LENGTH_LIMIT || !isEmpty(keysBesideElements(encoding, array))) return false;
    const { writer } = encoding;
    const kind = length >= ROW_FROM ? rowKind(array) : tag.ARRAY;
    this.#seen[this.#count] = array;
    this.#count += 1;
    writer.byte(kind);
    if (kind !== tag.ARRAY) {
      writeRow(writer, kind, array);
      return true;
    }
    this.#elements(array);
    return true;
  }

  /** Writes an array with nothing but elements, no longer than a list of arguments. */
  list(array: unknown[]): void {
    this.#seen[this.#count] = array;
    this.#count += 1;
    this.#encoding.writer.byte(tag.ARRAY);
    this.#elements(array);
  }

  #elements(array: unknown[]): void {
    const { writer, trail } = this.#encoding;
    const { length } = array;
    writer.varint(length);
    trail.enter(INDEX);
    for (let i = 0; i < length; i += 1) {
      const value = array[i];
      trail.at(i);
      if (value === undefined && !Object.hasOwn(array, i)) writer.byte(tag.HOLE);
      else this.value(value);
    }
    trail.leave();
  }
}
