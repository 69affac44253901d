/**
 * The place of inline closures (inline.ts) and of code made at run time (global-code.ts), looked up when a stack trace needs it:
 *
 *   at heddle:inline-1.0.ab-7:1:18   →   at /app/main.js:12:34
 *
 * One text may stand at several places, so the message says which function its code was made from. A frame whose mark has
 * no such function keeps the mark.
 */

import type { AnyFunction } from '../../courier.ts';
import { realmId } from '../../packet/realm.ts';
import { Lru } from './lru.ts';
import { serializer } from '../serialize/serializer.ts';

/** The function that code with this mark was made from. */
export interface Origin {
  readonly fn: AnyFunction;
  readonly mark: string;
}

/** Place of a text: the name of its script, and the zero-based line and column of its first character. */
export interface FilePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const marks = new Lru<string, string>(1000);
let count = 0;

/** The mark of a text: the same for the same text, so that the code of another function serves again. */
export function markOf(text: string): string {
  const known = marks.get(text);
  if (known !== undefined) return known;
  count += 1;
  return marks.set(text, `heddle:inline-${realmId}-${count}`);
}

let current: readonly Origin[] = [];

/** While `use` runs, marks in stack traces and in functions lead to these origins. */
export function withOrigin<T>(origins: readonly Origin[], use: () => T): T {
  const before = current;
  current = origins;
  try {
    return use();
  } finally {
    current = before;
  }
}

const frame = /(heddle:inline-[\w.-]+):(\d+):(\d+)/g;

/** Puts the place of inline closures into the frames of a stack trace. */
export function placed(stack: string): string {
  if (current.length === 0 || !stack.includes('heddle:inline-')) return stack;
  return stack.replace(frame, (whole, mark: string, line: string, column: string) => {
    const place = placeOfMark(mark);
    if (place === undefined) return whole;
    const inFirstLine = line === '1' ? place.column : 0;
    return `${place.file}:${place.line + Number(line)}:${inFirstLine + Number(column)}`;
  });
}

const places = new WeakMap<AnyFunction, FilePlace>();

/** The place of the code with this mark, as far as the message that is being read says it. */
function placeOfMark(mark: string): FilePlace | undefined {
  const origin = current.find((one) => one.mark === mark);
  if (origin === undefined) return undefined;
  let place = places.get(origin.fn);
  if (place === undefined) {
    place = serializer().lookUpPlace(origin.fn);
    if (place !== undefined) places.set(origin.fn, place);
  }
  return place;
}

/** Gives code that stands in an inline closure its place in the file instead of that in the closure. */
export function atHome<C extends FilePlace>(code: C): C {
  const place = current.length === 0 ? undefined : placeOfMark(code.file);
  if (place === undefined) return code;
  const column = code.line === 0 ? place.column + code.column : code.column;
  return { ...code, file: place.file, line: place.line + code.line, column };
}
