/** Arrays: rows of numbers or strings side by side, anything else one by one; holes and other properties are kept. */

import type { Decoding } from '../packet/decoding.ts';
import type { Encoding } from '../packet/encoding.ts';
import { end, hole, rest } from '../packet/tags.ts';
import { type Fields, writeFieldsOf } from '../objects/objects.ts';
import { isEmpty, isIndex, keysBesideElements } from '../objects/own-keys.ts';
import type { Reader } from '../packet/reader.ts';
import * as tag from '../packet/tags.ts';
import { isTexts, readTexts, writeTexts } from './texts.ts';
import { INDEX } from '../packet/trail.ts';
import type { Writer } from '../packet/writer.ts';

/** From this length on it pays to look whether an array holds nothing but numbers or strings. */
export const ROW_FROM = 4;
/** The number of holes in a row after which the array counts as sparse. */
const SPARSE_AFTER = 64;

export function writeArray(encoding: Encoding, array: unknown[]): void {
  const isAlone = isEmpty(keysBesideElements(encoding, array));
  if (!isAlone) encoding.head(tag.WITH_FIELDS);
  writeElements(encoding, array);
  if (!isAlone) encoding.body(array, writeOtherFields);
}

/** The elements alone. */
export function writeElements(encoding: Encoding, array: unknown[]): void {
  const kind = array.length >= ROW_FROM ? rowKind(array) : tag.ARRAY;
  if (kind === tag.ARRAY) {
    encoding.head(tag.ARRAY);
    encoding.claim(array);
    encoding.body(array, writeOneByOne);
    return;
  }
  encoding.writer.byte(kind);
  encoding.claim(array);
  writeRow(encoding.writer, kind, array);
}

/** Writes the part after the tag of a row. */
export function writeRow(writer: Writer, kind: number, array: readonly unknown[]): void {
  if (kind === tag.TEXTS) {
    writeTexts(writer, array as readonly string[]);
    return;
  }
  writer.varint(array.length);
  const numbers = array as readonly number[];
  if (kind === tag.INT8S) writer.int8s(numbers);
  else if (kind === tag.INT16S) writer.int16s(numbers);
  else if (kind === tag.INT32S) writer.int32s(numbers);
  else writer.doubles(numbers);
}

/** The tag of a row, or ARRAY. */
export function rowKind(array: readonly unknown[]): number {
  if (typeof array[0] === 'string') return isTexts(array) ? tag.TEXTS : tag.ARRAY;
  if (typeof array[0] !== 'number') return tag.ARRAY;
  let [min, max, isInts] = [0, 0, true];
  for (let i = 0; i < array.length; i += 1) {
    const value = array[i];
    if (typeof value !== 'number') return tag.ARRAY;
    if (isInts) {
      if ((value | 0) !== value || (value === 0 && 1 / value < 0)) isInts = false;
      else if (value < min) min = value;
      else if (value > max) max = value;
    }
  }
  if (!isInts) return tag.DOUBLES;
  if (min >= -0x80 && max < 0x80) return tag.INT8S;
  return min >= -0x8000 && max < 0x8000 ? tag.INT16S : tag.INT32S;
}

/** Reads the part after the tag of a row. */
export function readRow(reader: Reader, kind: number): unknown[] {
  switch (kind) {
    case tag.INT8S:
      return reader.int8s();
    case tag.INT16S:
      return reader.int16s();
    case tag.INT32S:
      return reader.int32s();
    case tag.DOUBLES:
      return reader.doubles();
    default:
      return readTexts(reader);
  }
}

function writeOneByOne(encoding: Encoding, array: readonly unknown[]): void {
  const { writer, trail } = encoding;
  const { length } = array;
  writer.varint(length);
  trail.enter(INDEX);
  let holes = 0;
  for (let i = 0; i < length; i += 1) {
    const value = array[i];
    if (value === undefined && !Object.hasOwn(array, i)) {
      holes += 1;
      if (holes === SPARSE_AFTER) {
        writeRest(encoding, array, i);
        break;
      }
      writer.byte(tag.HOLE);
    } else {
      holes = 0;
      trail.at(i);
      encoding.value(value);
    }
  }
  trail.leave();
}

function writeRest(encoding: Encoding, array: readonly unknown[], from: number): void {
  const { writer, trail } = encoding;
  const { length } = array;
  writer.byte(tag.REST);
  for (const key of Object.keys(array)) {
    if (!isIndex(key)) break;
    const index = Number(key);
    if (index < from || index >= length || !Object.hasOwn(array, key)) continue;
    writer.number(index);
    trail.at(index);
    encoding.value(array[index]);
  }
  writer.byte(tag.END);
}

function writeOtherFields(encoding: Encoding, array: unknown[]): void {
  writeFieldsOf(encoding, array as unknown as Fields, keysBesideElements(encoding, array));
}

export function readArray(decoding: Decoding, isLater: boolean): unknown[] {
  const array: unknown[] = [];
  decoding.claim(array);
  decoding.body(array, readOneByOne, isLater);
  return array;
}

function readOneByOne(decoding: Decoding, array: unknown[]): void {
  const { reader } = decoding;
  const length = reader.varint();
  decoding.enter();
  for (let i = 0; i < length; i += 1) {
    const value = decoding.valueOrHole();
    if (value === hole) {
      array.length = i + 1;
    } else if (value === rest) {
      readRest(decoding, array, length);
      break;
    } else {
      array.push(value);
    }
  }
  decoding.leave();
}

function readRest(decoding: Decoding, array: unknown[], length: number): void {
  array.length = length;
  for (;;) {
    const index = decoding.valueOrEnd();
    if (index === end) return;
    array[index as number] = decoding.value();
  }
}
