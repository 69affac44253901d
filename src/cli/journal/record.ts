/**
 * The text of a journal: lines, each with a checksum of what follows it.
 *
 *     heddle-journal 1 9c1b2f04 {"module":"file:///home/me/score.mjs","export":"default","items":"--lines"}
 *     5a0c77e1 1 b94d27b9934d3e08 {"score":17}
 *     e2f6a310 3 2cf24dba5fb0a30e {"score":4}
 *     │        │ │                └ the result, as it stands in the output
 *     │        │ └ the item: 64 bits of the SHA-256 of its JSON
 *     │        └ its place in the input, from 1
 *     └ CRC-32 of the rest of the line
 *
 * A result is JSON on one line, so the newline ends a record and nothing else; a line without one was cut off.
 */

import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The identity of a journal's run. A change of one of these fields needs another journal. */
export interface JournalCommand {
  /** URL of the module. */
  readonly module: string;
  readonly export: string;
  /** Where the items come from: the name of the flag. */
  readonly items: string;
}

export const MAGIC = 'heddle-journal ';
const VERSION = '1';
const CHECKSUM = 8;
const ITEM = 16;

export function headerLine({ module, export: path, items }: JournalCommand): string {
  const text = JSON.stringify({ module, export: path, items });
  return `${MAGIC}${VERSION} ${checksum(text)} ${text}\n`;
}

/** Reads the command from a journal's first line (without its end), or the reason why there is none. */
export function readHeader(line: string): JournalCommand | 'damaged' | { readonly version: string } {
  const [, version, sum, text] = /^heddle-journal (\S+) (?:([0-9a-f]{8}) (.*))?/.exec(line) ?? [];
  if (version !== undefined && version !== VERSION) return { version };
  return text !== undefined && checksum(text) === sum ? (JSON.parse(text) as JournalCommand) : 'damaged';
}

/** @param position of the item, from 0 */
export function recordLine(position: number, item: string, result: string): string {
  const text = `${position + 1} ${item} ${result}`;
  return `${checksum(text)} ${text}\n`;
}

/** Reads the position of the item of a record (a line without its end). Undefined: it is not a record, or damaged. */
export function readPosition(line: Buffer): number | undefined {
  const isWhole = line.length > CHECKSUM && `${checksum(line.subarray(CHECKSUM + 1))} ` === line.toString('latin1', 0, CHECKSUM + 1);
  if (!isWhole) return undefined;
  const number = Number(line.toString('latin1', CHECKSUM + 1, line.indexOf(' ', CHECKSUM + 1)));
  return Number.isSafeInteger(number) && number > 0 ? number - 1 : undefined;
}

/** Reads a record that is known to be whole. */
export function readRecord(line: Buffer): { item: string; result: string } {
  const item = line.indexOf(' ', CHECKSUM + 1) + 1;
  return { item: line.toString('latin1', item, item + ITEM), result: line.toString('utf8', item + ITEM + 1) };
}

/** Computes the hash that tells an item from another one at its place. */
export function itemHash(value: unknown): string {
  return hash('sha256', JSON.stringify(value)).slice(0, ITEM);
}

function checksum(text: string | Buffer): string {
  return crc32(text).toString(16).padStart(CHECKSUM, '0');
}
