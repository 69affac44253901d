/** Reads flat messages: the inverse of flat-writer.ts. Anything that the flat writer does not write counts as damage. */

import { readRow } from '../kinds/arrays.ts';
import { readBigint } from '../kinds/small-kinds.ts';
import { damaged, type Reader } from '../packet/reader.ts';
import * as tag from '../packet/tags.ts';
import { NAMES_KEYS, readObject } from './key-blocks.ts';

/** No message nests deeper; damaged bytes may. */
const DEPTH_LIMIT = 100;

export function readFlat(reader: Reader, depth: number = 0): unknown {
  return valueAfter(reader.byte(), reader, depth);
}

function valueAfter(kind: number, reader: Reader, depth: number): unknown {
  if (kind < tag.SHORT_TEXT) return kind;
  if (kind < tag.SHORT_TEXT + tag.SHORT_TEXT_LIMIT) return reader.latin1(kind - tag.SHORT_TEXT);
  switch (kind) {
    case tag.TRUE:
      return true;
    case tag.FALSE:
      return false;
    case tag.NULL:
      return null;
    case tag.UNDEFINED:
      return undefined;
    case tag.INT:
      return reader.int();
    case tag.DOUBLE:
      return reader.double();
    case tag.LATIN1:
    case tag.UTF16:
      return reader.textAfter(kind);
    case tag.BIGINT:
    case tag.BIGINT_NEGATIVE:
      return readBigint(reader, kind);
    case tag.OBJECT:
      if (depth > DEPTH_LIMIT || reader.byte() !== NAMES_KEYS) throw damaged('it is not as flat as it says');
      return readObject(reader, readFlat, depth + 1);
    case tag.ARRAY:
      if (depth > DEPTH_LIMIT) throw damaged('it is not as flat as it says');
      return readArray(reader, depth + 1);
    case tag.INT8S:
    case tag.INT16S:
    case tag.INT32S:
    case tag.DOUBLES:
    case tag.TEXTS:
      return readRow(reader, kind);
    default:
      throw damaged('it is not as flat as it says');
  }
}

function readArray(reader: Reader, depth: number): unknown[] {
  const array: unknown[] = [];
  const length = reader.count(1);
  for (let i = 0; i < length; i += 1) {
    const kind = reader.byte();
    if (kind === tag.HOLE) array.length = i + 1;
    else array.push(valueAfter(kind, reader, depth));
  }
  return array;
}
