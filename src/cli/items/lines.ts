/** Cuts bytes into lines of text. Memory: the longest line, and one chunk. */

import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { type Bytes, openBytes } from './file.ts';
import type { Input, Item } from './source.ts';

const NEWLINE = 10;

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** It is not UTF-8. */
  readonly isBroken: boolean;
}

/** Lines without their end, `\n` or `\r\n`. The last one needs no end; an empty rest is no line. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let number = 0;
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end < 0) {
      rest.push(chunk);
      continue;
    }
    const block = Buffer.concat([...rest, chunk.subarray(0, end)]);
    rest = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
    for (const line of cut(block)) yield { ...line, number: ++number };
  }
  const block = Buffer.concat(rest);
  if (block.length > 0) for (const line of cut(block)) yield { ...line, number: ++number };
}

function* cut(block: Buffer): Generator<{ text: string; isBroken: boolean }> {
  if (isUtf8(block)) {
    for (const text of block.toString().split('\n')) yield { text: text.endsWith('\r') ? text.slice(0, -1) : text, isBroken: false };
    return;
  }
  // Somewhere in this block is a line in another encoding; only that one is broken.
  for (let start = 0; start <= block.length; ) {
    const newline = block.indexOf(NEWLINE, start);
    const end = newline < 0 ? block.length : newline;
    const bytes = block.subarray(start, end > start && block[end - 1] === 13 ? end - 1 : end);
    yield { text: bytes.toString(), isBroken: !isUtf8(bytes) };
    start = end + 1;
  }
}

const BYTE_ORDER_MARK = '\uFEFF';

export function withoutMark(line: Line): Line {
  return line.number === 1 && line.text.startsWith(BYTE_ORDER_MARK) ? { ...line, text: line.text.slice(1) } : line;
}

async function* itemsOf(bytes: Bytes): AsyncGenerator<Item> {
  for await (const each of linesOf(bytes.chunks)) {
    const line = withoutMark(each);
    yield line.isBroken ? { value: line.text, line: line.number, broken: 'it is not UTF-8' } : { value: line.text, line: line.number };
  }
}

/** Each line of a file is an item; an empty line is an empty string. */
export async function lineInput(path: string): Promise<Input> {
  const bytes = await openBytes(path);
  return {
    items: itemsOf(bytes),
    total: () => countLines(bytes, () => true),
    close: () => bytes.close(),
    ...(bytes.path === undefined ? {} : { file: bytes.path }),
  };
}

/** Counts lines in a second reading, which is much faster than what is done with them; null where there is none. */
export async function countLines(bytes: Bytes, isCounted: (line: Line) => boolean): Promise<number | null> {
  if (bytes.path === undefined || !bytes.isRepeatable) return null;
  let count = 0;
  try {
    for await (const line of linesOf(createReadStream(bytes.path) as AsyncIterable<Buffer>)) if (isCounted(line)) count++;
  } catch {
    return null;
  }
  return count;
}
