/**
 * Keys of a `DistributedMap` as text, which a person reads at the server: the same text for keys that `Map` takes for the same, and for arrays of such keys.
 *
 *   "text"   1.5   NaN   12n   true   null   undefined   @for:"name" (Symbol.for)   @known:"iterator"   ["a",1]
 */

import { RangeError } from '../../refusals.ts';
import { checkKey, longestKey, nameOfKnown, type SharedMapKey, type SharedMapPrimitive } from '../../shared-map/index.ts';

/** @throws TypeError for another value; SerializationError for a symbol that no other program knows; RangeError for a key that is too long */
export function encodeKey(key: unknown): string {
  const checked = checkKey(key);
  const text = Array.isArray(checked) ? `[${checked.map(primitiveText).join(',')}]` : primitiveText(checked as SharedMapPrimitive);
  if (Buffer.byteLength(text) > longestKey)
    throw new RangeError(`expected key to take at most ${longestKey} bytes, got ${Buffer.byteLength(text)}`);
  return text;
}

function primitiveText(value: SharedMapPrimitive): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'symbol': {
      const name = Symbol.keyFor(value);
      return name === undefined ? `@known:${JSON.stringify(nameOfKnown(value))}` : `@for:${JSON.stringify(name)}`;
    }
    default:
      // A number's shortest text reads back as the number; -0 is '0'.
      return String(value);
  }
}

const element = /(?:@(?:for|known):)?"(?:[^"\\]|\\.)*"|[^,[\]]+/g;

export function decodeKey(text: string): SharedMapKey {
  return text.startsWith('[') ? (text.slice(1, -1).match(element) ?? []).map(primitiveOf) : primitiveOf(text);
}

const words: Readonly<Record<string, SharedMapPrimitive>> = { true: true, false: false, null: null, undefined };

function primitiveOf(text: string): SharedMapPrimitive {
  if (text.startsWith('"')) return JSON.parse(text) as string;
  if (text.startsWith('@for:')) return Symbol.for(JSON.parse(text.slice(5)) as string);
  if (text.startsWith('@known:')) return (Symbol as unknown as Record<string, symbol>)[JSON.parse(text.slice(7)) as string];
  if (Object.hasOwn(words, text)) return words[text];
  return /^-?\d+n$/.test(text) ? BigInt(text.slice(0, -1)) : Number(text);
}
