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

/**
 * Lines without their end, `\n` or `\r\n`, as many at a time as a chunk holds. The last one needs no end; an empty rest
 * is no line.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
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
    const lines = cut(block, number);
    number += lines.length;
    yield lines;
  }
  const block = Buffer.concat(rest);
  if (block.length > 0) yield cut(block, number);
}

/** `before`: how many lines stand before the block. */
function cut(block: Buffer, before: number): Line[] {
  if (isUtf8(block)) {
    const withoutEnd = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text);
    return block
      .toString()
      .split('\n')
      .map((text, i) => ({ text: withoutEnd(text), number: before + i + 1, isBroken: false }));
  }
  const lines: Line[] = [];
  // Somewhere in this block is a line in another encoding; only that one is broken.
  for (let start = 0; start <= block.length; ) {
    const newline = block.indexOf(NEWLINE, start);
    const end = newline < 0 ? block.length : newline;
    const bytes = block.subarray(start, end > start && block[end - 1] === 13 ? end - 1 : end);
    lines.push({ text: bytes.toString(), number: before + lines.length + 1, isBroken: !isUtf8(bytes) });
    start = end + 1;
  }
  return lines;
}

const BYTE_ORDER_MARK = '\uFEFF';

export function withoutMark(line: Line): Line {
  return line.number === 1 && line.text.startsWith(BYTE_ORDER_MARK) ? { ...line, text: line.text.slice(1) } : line;
}

async function* itemsOf(bytes: Bytes): AsyncGenerator<Item[]> {
  for await (const lines of linesOf(bytes.chunks)) yield lines.map((line) => itemOf(withoutMark(line)));
}

function itemOf({ text, number, isBroken }: Line): Item {
  return isBroken ? { value: text, line: number, broken: 'it is not UTF-8' } : { value: text, line: number };
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
    for await (const lines of linesOf(createReadStream(bytes.path) as AsyncIterable<Buffer>)) count += lines.filter(isCounted).length;
  } catch {
    return null;
  }
  return count;
}
