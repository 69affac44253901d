/**
 * Items as JSON: one value a line, or one array over the whole input.
 *
 * Which of the two it is, is seen from the first line that is not empty:
 *
 *     does not begin with [                          JSON lines
 *     a whole array, and more lines follow           JSON lines, each of them an array perhaps
 *     a whole array, and nothing follows             the array; its elements are the items
 *     the beginning of an array                      the array; read element by element, it never stands in memory
 */

import { openBytes } from './file.ts';
import { ArrayCutter } from './json-array.ts';
import { countLines, type Line, linesOf, withoutMark } from './lines.ts';
import type { Input, Item } from './source.ts';

export async function* jsonItems(chunks: AsyncIterable<Buffer>): AsyncGenerator<Item> {
  const lines = filled(linesOf(chunks));
  const first = await lines.next();
  if (first.done) return;
  if (!first.value.text.trimStart().startsWith('[')) {
    yield parseLine(first.value);
  } else {
    const whole = parseLine(first.value);
    if (whole.broken !== undefined) return yield* arrayItems(first.value, lines);
    const second = await lines.next();
    if (second.done) {
      for (const value of whole.value as unknown[]) yield { value, line: first.value.number };
      return;
    }
    yield whole;
    yield parseLine(second.value);
  }
  for await (const line of lines) yield parseLine(line);
}

async function* filled(lines: AsyncIterable<Line>): AsyncGenerator<Line, undefined> {
  for await (const line of lines) if (isFilled(line)) yield withoutMark(line);
}

function isFilled({ text }: Line): boolean {
  return /\S/.test(text);
}

function parseLine({ text, number, isBroken }: Line): Item {
  return isBroken ? { value: text, line: number, broken: 'it is not UTF-8' } : parse(text, number);
}

function parse(text: string, line: number): Item {
  try {
    return { value: JSON.parse(text) as unknown, line };
  } catch (error) {
    return { value: text.trim(), line, broken: `it is not JSON: ${(error as Error).message}` };
  }
}

async function* arrayItems(first: Line, rest: AsyncIterable<Line>): AsyncGenerator<Item> {
  const cutter = new ArrayCutter();
  for await (const { text, number, isBroken } of chain(first, rest)) {
    if (isBroken) yield { value: text, line: number, broken: 'it is not UTF-8' };
    else for (const element of cutter.push(text, number)) yield parse(element.text, element.line);
    if (cutter.after !== undefined) return yield { value: cutter.after, line: number, broken: 'it stands after the end of the array' };
  }
  const left = cutter.end();
  if (left !== undefined) yield { value: left.text, line: left.line, broken: 'the array has no end' };
}

async function* chain(first: Line, rest: AsyncIterable<Line>): AsyncGenerator<Line> {
  yield first;
  yield* rest;
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
