/** Cuts bytes into lines of text. Memory: the longest line, and one chunk. */

import { constants, isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { type Bytes, openBytes } from './file.ts';
import type { Input, Item } from './source.ts';

const NEWLINE = 10;
const RETURN = 13;
/** The characters that are kept of a line that is too long, to name it by. */
const HEAD = 100;

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Why it cannot be read; its text is only good for naming it. */
  readonly broken?: string;
}

/**
 * Lines without their end, `\n` or `\r\n`, as many at a time as a chunk holds. The last line needs no end. An empty rest is not a line, and
 * neither is a byte order mark alone.
 *
 * @param longest in bytes; a longer line is broken and not kept. Default: what a string of Node's can hold, half a gigabyte
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, longest: number = constants.MAX_STRING_LENGTH): AsyncGenerator<Line[]> {
  const begun = new BegunLine(longest);
  let number = 0;
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let start = 0;
    if (begun.isThere) {
      const end = chunk.indexOf(NEWLINE);
      begun.add(end < 0 ? chunk : chunk.subarray(0, end));
      if (end < 0) continue;
      lines.push(begun.take(++number));
      start = end + 1;
    }
    const end = chunk.lastIndexOf(NEWLINE);
    if (end >= start) {
      lines.push(...cut(chunk.subarray(start, end), number, longest));
      number += lines.length - (start > 0 ? 1 : 0);
      start = end + 1;
    }
    if (start < chunk.length) begun.add(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (!begun.isThere) return;
  const last = begun.take(number + 1);
  if (number > 0 || last.text !== BYTE_ORDER_MARK) yield [last];
}

/** A line whose end has not come. */
class BegunLine {
  readonly #longest: number;
  #pieces: Buffer[] = [];
  #length = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  get isThere(): boolean {
    return this.#length > 0;
  }

  add(piece: Buffer): void {
    const wasKept = this.#length <= this.#longest;
    this.#length += piece.length;
    if (this.#length <= this.#longest) this.#pieces.push(piece);
    else if (wasKept) this.#pieces = [(this.#pieces[0] ?? piece).subarray(0, HEAD)];
  }

  take(number: number): Line {
    const line = lineOf(Buffer.concat(this.#pieces), number, this.#length > this.#longest);
    this.#pieces = [];
    this.#length = 0;
    return line;
  }
}

function lineOf(bytes: Buffer, number: number, isTooLong: boolean): Line {
  if (isTooLong) return { text: bytes.toString('utf8', 0, HEAD), number, broken: 'the line is too long' };
  const text = bytes.toString('utf8', 0, bytes.at(-1) === RETURN ? bytes.length - 1 : bytes.length);
  return isUtf8(bytes) ? { text, number } : { text, number, broken: 'it is not UTF-8' };
}

/** `before`: how many lines stand before the block. */
function cut(block: Buffer, before: number, longest: number): Line[] {
  if (block.length <= longest && isUtf8(block)) {
    const withoutEnd = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text);
    return block
      .toString()
      .split('\n')
      .map((text, i) => ({ text: withoutEnd(text), number: before + i + 1 }));
  }
  const lines: Line[] = [];
  // Somewhere in this block is a line that is broken; the others are not.
  for (let start = 0; start <= block.length; ) {
    const newline = block.indexOf(NEWLINE, start);
    const end = newline < 0 ? block.length : newline;
    lines.push(lineOf(block.subarray(start, end), before + lines.length + 1, end - start > longest));
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

function itemOf({ text, number, broken }: Line): Item {
  return broken === undefined ? { value: text, line: number } : { value: text, line: number, broken };
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

/** Counts lines in a second reading, which is much faster than their processing; null where no second reading is possible. */
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
