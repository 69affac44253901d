/**
 * Keys of a `SharedMap` as bytes: the same bytes for keys that `Map` takes for the same, and for arrays of such keys. So they are compared as words.
 *
 *    integer of 32 bits   WORD · the integer          -0 is 0
 *    other number         DOUBLE · 8 bytes            all NaN are one
 *    text                 LATIN1 n bytes  ·  UTF16 n units
 *    bigint               BIGINT n hexadecimal digits
 *    symbol               SYMBOL_FOR, SYMBOL_KNOWN n the text of its name
 *    array                ARRAY n elements            an integer in it: INT · 4 bytes
 */

import { expected, quote } from '../check.ts';
import { SerializationError } from '../errors.ts';
import { RangeError, TypeError } from '../refusals.ts';

/** The parts of keys. */
export type SharedMapPrimitive = string | number | bigint | boolean | symbol | null | undefined;
/** A key: a primitive, or an array of primitives, which is the same key as another array with the same elements. */
export type SharedMapKey = SharedMapPrimitive | readonly SharedMapPrimitive[];

const UNDEFINED = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const WORD = 4;
const INT = 5;
const DOUBLE = 6;
const BIGINT = 7;
const BIGINT_NEGATIVE = 8;
const LATIN1 = 9;
const UTF16 = 10;
const SYMBOL_FOR = 11;
const SYMBOL_KNOWN = 12;
const ARRAY = 13;

/** Bytes of the longest key. */
export const longestKey: number = 2 ** 20;
const rule = 'a primitive or an array of primitives';

const knownSymbols = new Map<symbol, string>(
  Object.getOwnPropertyNames(Symbol)
    .map((name) => [(Symbol as unknown as Record<string, unknown>)[name], name] as const)
    .filter((pair): pair is readonly [symbol, string] => typeof pair[0] === 'symbol'),
);

/**
 * A key that may be encoded: the same one, or a copy of an array.
 *
 * @throws TypeError for another value; SerializationError for a symbol that no other thread knows
 */
export function checkKey(key: unknown): SharedMapKey {
  switch (typeof key) {
    case 'object':
      return key === null ? key : checkArray(key);
    case 'function':
      throw new TypeError(expected('key', rule, key));
    case 'symbol':
      return checkSymbol(key, 'key');
    default:
      return key as SharedMapPrimitive;
  }
}

function checkArray(key: object): readonly SharedMapPrimitive[] {
  if (!Array.isArray(key)) throw new TypeError(expected('key', rule, key));
  const copy = Array.from(key as unknown[]);
  if (Object.keys(key).length !== copy.length)
    throw new TypeError(`expected key to be ${rule}, got one with holes or properties of its own: ${quote(key)}`);
  for (const [i, element] of copy.entries()) {
    if (typeof element === 'symbol') checkSymbol(element, `key[${i}]`);
    else if (typeof element === 'function' || (typeof element === 'object' && element !== null))
      throw new TypeError(`expected key to be ${rule}, got ${quote(element)} at [${i}]`);
  }
  return copy as SharedMapPrimitive[];
}

/** The name of a symbol that each thread has, such as `Symbol.iterator`. */
export function nameOfKnown(symbol: symbol): string | undefined {
  return knownSymbols.get(symbol);
}

function checkSymbol(symbol: symbol, path: string): symbol {
  if (Symbol.keyFor(symbol) !== undefined || knownSymbols.has(symbol)) return symbol;
  throw new SerializationError(`${path}: ${String(symbol)} cannot cross: only registered symbols can, Symbol.for(…)`);
}

const spares: EncodedKey[] = [];
const mostSpares = 4;

/** The key that was encoded last; overwritten by the next. */
export class EncodedKey {
  /** One that is the caller's until it is released. */
  static take(): EncodedKey {
    return spares.pop() ?? new EncodedKey();
  }

  release(): void {
    if (spares.length < mostSpares) spares.push(this);
  }

  words: Int32Array = new Int32Array(64);
  bytes: Uint8Array = new Uint8Array(this.words.buffer);
  /** In bytes; those of the last word that are behind it are zeros. */
  length = 0;
  hash = 0;

  /** @param key as `checkKey` gives it. Runs no code of the user's @throws RangeError if it is too long */
  encode(key: SharedMapKey, seed: number): void {
    if (typeof key === 'number' && (key | 0) === key) {
      const { words } = this;
      words[0] = WORD;
      words[1] = key | 0;
      this.length = 8;
    } else {
      this.length = 0;
      this.#value(key);
      const { length, bytes } = this;
      for (let i = length; (i & 3) !== 0; i += 1) bytes[i] = 0;
    }
    this.#hash(seed);
  }

  isSame({ length, hash, words }: EncodedKey): boolean {
    if (length !== this.length || hash !== this.hash) return false;
    for (let i = (length - 1) >> 2; i >= 0; i -= 1) if (words[i] !== this.words[i]) return false;
    return true;
  }

  #hash(seed: number): void {
    const { words } = this;
    let hash = seed ^ this.length;
    for (let i = 0, count = (this.length + 3) >> 2; i < count; i += 1) {
      hash = Math.imul(hash ^ words[i]!, 0x5bd1_e995);
      hash ^= hash >>> 15;
    }
    // The finalizer of MurmurHash3: each bit of the key moves each bit of the hash.
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
    this.hash = hash ^ (hash >>> 16);
  }

  /** Reserves space for `bytes` more bytes, and for the rest of a word. */
  #reserve(bytes: number): void {
    const size = this.length + bytes;
    if (size > longestKey) throw new RangeError(`expected key to take at most ${longestKey} bytes`);
    if (size + 4 <= this.bytes.length) return;
    const larger = new Int32Array(Math.max(this.words.length * 2, (size + 8) >> 2));
    larger.set(this.words);
    this.words = larger;
    this.bytes = new Uint8Array(larger.buffer);
  }

  #byte(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  #varint(count: number): void {
    let rest = count;
    for (; rest >= 0x80; rest >>>= 7) this.#byte((rest & 0x7f) | 0x80);
    this.#byte(rest);
  }

  #value(key: SharedMapKey): void {
    this.#reserve(16);
    switch (typeof key) {
      case 'string':
        this.#text(key);
        break;
      case 'number':
        this.#number(key);
        break;
      case 'boolean':
        this.#byte(key ? TRUE : FALSE);
        break;
      case 'undefined':
        this.#byte(UNDEFINED);
        break;
      case 'bigint':
        this.#byte(key < 0n ? BIGINT_NEGATIVE : BIGINT);
        this.#text((key < 0n ? -key : key).toString(16));
        break;
      case 'symbol': {
        const name = Symbol.keyFor(key);
        this.#byte(name === undefined ? SYMBOL_KNOWN : SYMBOL_FOR);
        this.#text(name ?? knownSymbols.get(key)!);
        break;
      }
      default:
        if (key === null) this.#byte(NULL);
        else {
          this.#byte(ARRAY);
          this.#varint(key.length);
          for (const element of key) this.#value(element);
        }
    }
  }

  #number(number: number): void {
    if ((number | 0) === number) {
      this.#byte(INT);
      for (let shift = 0; shift < 32; shift += 8) this.#byte((number >>> shift) & 0xff);
      return;
    }
    this.#byte(DOUBLE);
    // The bits of a NaN differ.
    double[0] = Number.isNaN(number) ? Number.NaN : number;
    if (Number.isNaN(number)) bitsOfDouble.set(bitsOfNan);
    for (const byte of bitsOfDouble) this.#byte(byte);
  }

  #text(text: string): void {
    const { length } = text;
    this.#reserve(length + 16);
    const start = this.length;
    this.#byte(LATIN1);
    this.#varint(length);
    const { bytes } = this;
    const from = this.length;
    for (let i = 0; i < length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit > 0xff) {
        this.length = start;
        return this.#wideText(text);
      }
      bytes[from + i] = unit;
    }
    this.length = from + length;
  }

  #wideText(text: string): void {
    const { length } = text;
    this.#reserve(length * 2 + 16);
    this.#byte(UTF16);
    this.#varint(length);
    for (let i = 0; i < length; i += 1) {
      const unit = text.charCodeAt(i);
      this.#byte(unit & 0xff);
      this.#byte(unit >>> 8);
    }
  }
}

const double = new Float64Array(1);
const bitsOfDouble = new Uint8Array(double.buffer);
const bitsOfNan = Uint8Array.of(0, 0, 0, 0, 0, 0, 0xf8, 0x7f);

let bytes: Buffer = Buffer.alloc(0);
let position = 0;

/** The words that keys were read from last, as bytes. */
let wordsRead: Int32Array | undefined;

/** The key whose bytes begin at a word. */
export function decodeKey(words: Int32Array, from: number): SharedMapKey {
  if (words[from] === WORD) return words[from + 1]!;
  if (words !== wordsRead) {
    wordsRead = words;
    bytes = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
  }
  position = from * 4;
  return readValue();
}

function readValue(): SharedMapKey {
  const kind = bytes[position++]!;
  switch (kind) {
    case UNDEFINED:
      return undefined;
    case NULL:
      return null;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case INT:
      position += 4;
      return bytes.readInt32LE(position - 4);
    case DOUBLE:
      position += 8;
      return bytes.readDoubleLE(position - 8);
    case BIGINT:
      return BigInt(`0x${readText()}`);
    case BIGINT_NEGATIVE:
      return -BigInt(`0x${readText()}`);
    case SYMBOL_FOR:
      return Symbol.for(readText());
    case SYMBOL_KNOWN:
      return (Symbol as unknown as Record<string, symbol>)[readText()]!;
    case ARRAY:
      return Array.from({ length: readVarint() }, readValue) as SharedMapPrimitive[];
    default:
      position -= 1;
      return readText();
  }
}

function readVarint(): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[position++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

function readText(): string {
  const isWide = bytes[position++] === UTF16;
  const size = readVarint() * (isWide ? 2 : 1);
  position += size;
  return bytes.toString(isWide ? 'utf16le' : 'latin1', position - size, position);
}
