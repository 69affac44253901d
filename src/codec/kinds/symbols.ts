/** Symbols that mean the same everywhere: registered ones (`Symbol.for`), those on `Symbol`, one of Node's. Others are refused. */

import { EventEmitter } from 'node:events';
import { damaged, type Reader } from '../packet/reader.ts';
import * as tag from '../packet/tags.ts';
import type { Writer } from '../packet/writer.ts';

const byName = new Map<string, symbol>();
const names = new Map<symbol, string>();
for (const name of Object.getOwnPropertyNames(Symbol)) {
  const value = (Symbol as unknown as Record<string, unknown>)[name];
  if (typeof value !== 'symbol') continue;
  byName.set(name, value);
  names.set(value, name);
}

/** Node keeps `captureRejections` of an EventEmitter under it. */
export const captureFlag: symbol | undefined = Object.getOwnPropertySymbols(EventEmitter.prototype).find(
  ({ description }) => description === 'kCapture',
);
if (captureFlag !== undefined) {
  byName.set('kCapture', captureFlag);
  names.set(captureFlag, 'kCapture');
}

export function isPortable(symbol: symbol): boolean {
  return Symbol.keyFor(symbol) !== undefined || names.has(symbol);
}

/** The symbol must be portable. */
export function writeSymbol(writer: Writer, symbol: symbol): void {
  const key = Symbol.keyFor(symbol);
  writer.byte(key === undefined ? tag.SYMBOL_KNOWN : tag.SYMBOL_FOR);
  writer.text(key ?? (names.get(symbol) as string));
}

/** Reads the part after the tag. */
export function readSymbol(reader: Reader, kind: number): symbol {
  const text = reader.text();
  if (kind === tag.SYMBOL_FOR) return Symbol.for(text);
  const symbol = byName.get(text);
  if (symbol === undefined) throw damaged(`there is no Symbol.${text}`);
  return symbol;
}

export function writeKey(writer: Writer, key: PropertyKey): void {
  if (typeof key === 'symbol') writeSymbol(writer, key);
  else writer.text(key as string);
}

export function readKey(reader: Reader): PropertyKey {
  const kind = reader.byte();
  if (kind === tag.SYMBOL_FOR || kind === tag.SYMBOL_KNOWN) return readSymbol(reader, kind);
  const text = reader.textAfter(kind);
  if (text === undefined) throw damaged('a key is missing');
  return text;
}
