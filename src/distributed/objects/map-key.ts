/**
 * Keys of a `DistributedMap` as text, which a person reads at the server: the same text for keys that `Map` takes for the same, and for arrays of such keys.
 *
 *   "text"   1.5   NaN   12n   true   null   undefined   @for:"name" (Symbol.for)   @known:"iterator"   ["a",1]
 */

import { expected, quote } from '../../check.ts';
import { SerializationError } from '../../errors.ts';
import { RangeError, TypeError } from '../../refusals.ts';

/** A key, or an element of one. */
export type DistributedMapPrimitive = string | number | bigint | boolean | symbol | null | undefined;
/** A key: a primitive, or an array of primitives, which is the same key as another array with the same elements. */
export type DistributedMapKey = DistributedMapPrimitive | readonly DistributedMapPrimitive[];

/** Bytes of the longest key. */
const longestKey = 2 ** 20;
const rule = 'a primitive or an array of primitives';

const knownSymbols = new Map<symbol, string>(
  Object.getOwnPropertyNames(Symbol)
    .map((name) => [(Symbol as unknown as Record<string, unknown>)[name], name] as const)
    .filter((pair): pair is readonly [symbol, string] => typeof pair[0] === 'symbol'),
);

/** @throws TypeError for another value; SerializationError for a symbol that no other program knows; RangeError for a key that is too long */
export function encodeKey(key: unknown): string {
  const text = Array.isArray(key) ? arrayText(key as unknown[]) : primitiveText(key, 'key');
  if (Buffer.byteLength(text) > longestKey)
    throw new RangeError(`expected key to take at most ${longestKey} bytes, got ${Buffer.byteLength(text)}`);
  return text;
}

function arrayText(key: readonly unknown[]): string {
  if (Object.keys(key).length !== key.length)
    throw new TypeError(`expected key to be ${rule}, got one with holes or properties of its own: ${quote(key)}`);
  return `[${key.map((element, i) => primitiveText(element, `key[${i}]`)).join(',')}]`;
}

function primitiveText(value: unknown, path: string): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'symbol':
      return symbolText(value, path);
    case 'function':
      throw refuseKey(value, path);
    case 'object':
      if (value !== null) throw refuseKey(value, path);
      return 'null';
    default:
      // A number's shortest text reads back as the number; -0 is '0'.
      return String(value);
  }
}

const refuseKey = (value: unknown, path: string): TypeError =>
  new TypeError(path === 'key' ? expected('key', rule, value) : `expected key to be ${rule}, got ${quote(value)} at ${path.slice(3)}`);

function symbolText(symbol: symbol, path: string): string {
  const name = Symbol.keyFor(symbol);
  if (name !== undefined) return `@for:${JSON.stringify(name)}`;
  const known = knownSymbols.get(symbol);
  if (known !== undefined) return `@known:${JSON.stringify(known)}`;
  throw new SerializationError(`${path}: ${String(symbol)} cannot cross: only registered symbols can, Symbol.for(…)`);
}

const element = /(?:@(?:for|known):)?"(?:[^"\\]|\\.)*"|[^,[\]]+/g;

export function decodeKey(text: string): DistributedMapKey {
  return text.startsWith('[') ? (text.slice(1, -1).match(element) ?? []).map(primitiveOf) : primitiveOf(text);
}

const words: Readonly<Record<string, DistributedMapPrimitive>> = { true: true, false: false, null: null, undefined };

function primitiveOf(text: string): DistributedMapPrimitive {
  if (text.startsWith('"')) return JSON.parse(text) as string;
  if (text.startsWith('@for:')) return Symbol.for(JSON.parse(text.slice(5)) as string);
  if (text.startsWith('@known:')) return (Symbol as unknown as Record<string, symbol>)[JSON.parse(text.slice(7)) as string];
  if (Object.hasOwn(words, text)) return words[text];
  return /^-?\d+n$/.test(text) ? BigInt(text.slice(0, -1)) : Number(text);
}
