/** Integers of any size, as bytes of their magnitude. */

import type { Reader } from './reader.ts';
import * as tag from './tags.ts';
import type { Writer } from './writer.ts';

export function writeBigint(writer: Writer, value: bigint): void {
  writer.byte(value < 0n ? tag.BIGINT_NEGATIVE : tag.BIGINT);
  const digits = (value < 0n ? -value : value).toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  writer.varint(bytes.length);
  writer.raw(bytes);
}

/** What follows the tag. */
export function readBigint(reader: Reader, kind: number): bigint {
  const bytes = Buffer.from(reader.raw(reader.count(1)));
  const value = bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`);
  return kind === tag.BIGINT_NEGATIVE ? -value : value;
}
