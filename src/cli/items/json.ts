/**
 * Items as JSON: one value a line, or one array over the whole input.
 *
 * Which of the two it is, is seen from the first line that is not empty:
 *
 *     does not begin with [                     ──▶ JSON lines
 *     a whole array ──┬─ and more lines follow  ──▶ JSON lines, each of them an array perhaps
 *                     └─ and nothing follows    ──▶ the array; its elements are the items
 *     the beginning of an array                 ──▶ the array; read element by element, it never stands in memory
 */

import { constants } from 'node:buffer';
import { openBytes } from './file.ts';
import { ArrayCutter } from './json-array.ts';
import { countLines, type Line, linesOf, withoutMark } from './lines.ts';
import type { Input, Item } from './source.ts';

/** @param longest line or element that is read; default: what a string of Node's can hold */
export async function* jsonItems(chunks: AsyncIterable<Buffer>, longest: number = constants.MAX_STRING_LENGTH): AsyncGenerator<Item[]> {
  const reader = new JsonReader(longest);
  for await (const lines of linesOf(chunks, longest)) {
    const items = lines.filter(isFilled).flatMap((line) => reader.push(withoutMark(line)));
    if (items.length > 0) yield items;
    if (reader.isOver) return;
  }
  yield reader.end();
}

class JsonReader {
  /** The form of the input, by its first line; undefined until then. */
  #form: 'lines' | 'array' | undefined;
  /** The first line, if it is a whole array: what it means is seen from the next. */
  #held: Item | undefined;
  readonly #cutter: ArrayCutter;
  /** Nothing that comes now can be understood. */
  isOver = false;

  constructor(longest: number) {
    this.#cutter = new ArrayCutter(longest);
  }

  push(line: Line): Item[] {
    if (this.isOver) return [];
    if (this.#form === 'lines') return [parseLine(line)];
    if (this.#form === 'array') return this.#cut(line);
    if (this.#held !== undefined) {
      this.#form = 'lines';
      return [this.#held, parseLine(line)];
    }
    const first = parseLine(line);
    if (!line.text.trimStart().startsWith('[')) {
      this.#form = 'lines';
      return [first];
    }
    if (first.broken === undefined) {
      this.#held = first;
      return [];
    }
    this.#form = 'array';
    return this.#cut(line);
  }

  end(): Item[] {
    if (this.#form === undefined && this.#held !== undefined) {
      const { value, line } = this.#held;
      return (value as unknown[]).map((element) => ({ value: element, line: line! }));
    }
    const left = this.#form === 'array' ? this.#cutter.end() : undefined;
    return left === undefined ? [] : [{ value: left.text, line: left.line, broken: 'the array has no end' }];
  }

  #cut({ text, number, broken }: Line): Item[] {
    if (broken !== undefined) return [{ value: text, line: number, broken }];
    const found = this.#cutter.push(text, number);
    if (this.#cutter.isTooLong) {
      this.isOver = true;
      return [{ value: text, line: number, broken: 'the element is too long, and nothing behind it can be read' }];
    }
    const items = found.map((element) => parse(element.text, element.line));
    if (this.#cutter.after === undefined) return items;
    this.isOver = true;
    return [...items, { value: this.#cutter.after, line: number, broken: 'it stands after the end of the array' }];
  }
}

function isFilled({ text }: Line): boolean {
  return /\S/.test(text);
}

function parseLine({ text, number, broken }: Line): Item {
  return broken === undefined ? parse(text, number) : { value: text, line: number, broken };
}

function parse(text: string, line: number): Item {
  try {
    return { value: JSON.parse(text) as unknown, line };
  } catch (error) {
    return { value: text.trim(), line, broken: `it is not JSON: ${(error as Error).message.replaceAll(/\s*\n\s*/g, ' ')}` };
  }
}

export async function jsonInput(path: string): Promise<Input> {
  const bytes = await openBytes(path);
  return {
    items: jsonItems(bytes.chunks),
    total: async () => {
      let isArray = false;
      let isFirst = true;
      const count = await countLines(bytes, (line) => {
        if (!isFilled(line)) return false;
        if (isFirst) isArray = withoutMark(line).text.trimStart().startsWith('[');
        isFirst = false;
        return true;
      });
      return isArray ? null : count;
    },
    close: () => bytes.close(),
    ...(bytes.path === undefined ? {} : { file: bytes.path }),
  };
}
