/**
 * Keys of plain objects in flat messages. Each object names its own keys, always in the same bytes for the same keys:
 *
 *   n key…        is written at once from what was written last time, and compared at once with what was read last time
 *
 * Both sides remember a few such blocks, each in one of two neighbouring places that its keys alone give. A further block takes the first of the two,
 * and the one that was there the second.
 */

import { vm } from '../../builtins.ts';
import { define } from '../objects/objects.ts';
import type { Reader } from '../packet/reader.ts';
import * as tag from '../packet/tags.ts';
import type { Writer } from '../packet/writer.ts';

const PLACES = 128;
/** Leaves the number of the first of two places. */
const FIRST = PLACES - 2;
/** Objects with more keys than this, or longer ones, are dictionaries: no second one will have the same. */
const KEYS_LIMIT = 32;
const BYTES_LIMIT = 512;

interface Written {
  readonly keys: readonly string[];
  /** Made when the same keys come a second time. */
  block: Uint8Array | undefined;
}

/** Of an object: its keys follow. */
export const NAMES_KEYS = 1;

const written: (Written | undefined)[] = Array.from({ length: PLACES });

/** Begins an object. */
export function writeHead(writer: Writer, keys: readonly string[]): void {
  const { length } = keys;
  if (length === 0 || length > KEYS_LIMIT) {
    writeAnew(writer, keys);
    return;
  }
  const first = keys[0] as string;
  const place = (length * 5 + first.length * 3 + (keys[length - 1] as string).length * 11 + first.charCodeAt(0)) & FIRST;
  let known = written[place];
  if (known === undefined || !areSame(known.keys, keys)) {
    known = written[place + 1];
    if (known === undefined || !areSame(known.keys, keys)) {
      written[place + 1] = written[place];
      written[place] = { keys, block: undefined };
      writeAnew(writer, keys);
      return;
    }
  }
  const { block } = known;
  if (block !== undefined) {
    writer.short(block);
    return;
  }
  const from = writer.position;
  writeAnew(writer, keys);
  if (writer.position - from <= BYTES_LIMIT) known.block = writer.bytes.slice(from, writer.position);
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  const { length } = one;
  if (other.length !== length) return false;
  for (let i = 0; i < length; i += 1) if (one[i] !== other[i]) return false;
  return true;
}

function writeAnew(writer: Writer, keys: readonly string[]): void {
  writer.byte(tag.OBJECT);
  writer.byte(NAMES_KEYS);
  writer.varint(keys.length);
  for (let i = 0; i < keys.length; i += 1) writer.text(keys[i] as string);
}

/** Reads the value of one property. */
export type ReadValue = (reader: Reader, depth: number) => unknown;

type Make = (read: ReadValue, reader: Reader, depth: number) => object;

interface Read {
  readonly block: Uint8Array;
  readonly keys: readonly string[];
  uses: number;
  make: Make | undefined;
}

const read: (Read | undefined)[] = Array.from({ length: PLACES });

/**
 * The number of objects with the same keys after which a compiled function makes them. The compilation takes some 50 µs, and saves some 200
 * ns each time.
 */
const COMPILE_AFTER = 200;

/** Reads keys and then the values, which `readValue` reads, into a new object. */
export function readObject(reader: Reader, readValue: ReadValue, depth: number): object {
  const { bytes, position } = reader;
  const place = ((bytes[position] as number) * 5 + (bytes[position + 1] as number) * 3 + (bytes[position + 2] as number)) & FIRST;
  let known = read[place];
  if (known === undefined || !reader.skip(known.block)) {
    known = read[place + 1];
    if (known !== undefined && !reader.skip(known.block)) known = undefined;
  }
  if (known !== undefined) {
    if (known.make !== undefined) return known.make(readValue, reader, depth);
    known.uses += 1;
    if (known.uses === COMPILE_AFTER) known.make = compile(known.keys);
    return fill(known.keys, reader, readValue, depth);
  }
  const keys = readKeys(reader);
  const size = reader.position - position;
  if (keys.length > 0 && keys.length <= KEYS_LIMIT && size <= BYTES_LIMIT) {
    read[place + 1] = read[place];
    read[place] = { block: bytes.slice(position, reader.position), keys, uses: 0, make: undefined };
  }
  return fill(keys, reader, readValue, depth);
}

function readKeys(reader: Reader): string[] {
  const keys: string[] = [];
  for (let left = reader.count(1); left > 0; left -= 1) keys.push(reader.text());
  return keys;
}

function fill(keys: readonly string[], reader: Reader, readValue: ReadValue, depth: number): object {
  const object: Record<string, unknown> = {};
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i] as string;
    // `__proto__`, and what a program has put on the prototype: an assignment would not make an own property of it.
    if (key in Object.prototype) define(object, key, readValue(reader, depth));
    else object[key] = readValue(reader, depth);
  }
  return object;
}

/** An object literal: of all ways the fastest, and it defines the properties whatever their prototype has. */
function compile(keys: readonly string[]): Make | undefined {
  const properties = keys.map((key) => {
    const name = JSON.stringify(key);
    // In brackets it is a key like others.
    return `${key === '__proto__' ? `[${name}]` : name}: read(reader, depth)`;
  });
  const { Script } = vm();
  const script = new Script(`(read, reader, depth) => ({ ${properties.join(', ')} })`, { filename: 'heddle:keys' });
  return script.runInThisContext() as Make;
}
