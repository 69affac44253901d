/**
 * Arrays of nothing but strings. Many short strings are written and read by one native call for a block of them,
 * which is some times faster than one call each.
 *
 *   n   [ count, length…, the strings as one text ]…
 *
 * Blocks are small because V8 keeps a block in memory for as long as any string cut out of it lives.
 */

import { damaged, type Reader } from '../packet/reader.ts';
import type { Writer } from '../packet/writer.ts';

/** In characters. A longer string is a block of its own. */
const BLOCK = 4096;

export function isTexts(array: readonly unknown[]): boolean {
  for (let i = 0; i < array.length; i += 1) if (typeof array[i] !== 'string') return false;
  return true;
}

export function writeTexts(writer: Writer, texts: readonly string[]): void {
  writer.varint(texts.length);
  let from = 0;
  while (from < texts.length) {
    let to = from + 1;
    let size = (texts[from] as string).length;
    while (to < texts.length && size + (texts[to] as string).length <= BLOCK) {
      size += (texts[to] as string).length;
      to += 1;
    }
    writer.varint(to - from);
    // By hand: `slice` would obey a `constructor` that the array has of its own.
    let block = '';
    for (let i = from; i < to; i += 1) {
      writer.varint((texts[i] as string).length);
      block += texts[i] as string;
    }
    writer.text(block);
    from = to;
  }
}

export function readTexts(reader: Reader): string[] {
  const total = reader.count(1);
  const texts: string[] = [];
  const lengths: number[] = [];
  while (texts.length < total) {
    const count = reader.count(1);
    if (count === 0 || count > total - texts.length) throw damaged('a row of strings is broken');
    lengths.length = 0;
    for (let i = 0; i < count; i += 1) lengths.push(reader.varint());
    const block = reader.text();
    let at = 0;
    for (let i = 0; i < count; i += 1) {
      const end = at + (lengths[i] as number);
      texts.push(count === 1 ? block : block.slice(at, end));
      at = end;
    }
    if (at !== block.length) throw damaged('a row of strings is broken');
  }
  return texts;
}
