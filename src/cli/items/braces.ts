/**
 * Braces in a pattern, expanded as bash does it: text, before anything is looked for.
 *
 *     a{b,c}d → abd acd     {1..3} → 1 2 3     {01..10..3} → 01 04 07 10     {c..a} → c b a
 *
 * Text that is neither closed nor has a comma or a sequence stands for itself: `{a`, `{a}`, `{}`. Braces inside of it count: `{a,{b,c}` →
 * `{a,b {a,c`.
 *
 * Source: braces.c of bash 5.2. Unlike there, quotes and `$` mean nothing.
 */

import { UsageError } from '../usage-error.ts';

/** Members of one sequence: a mistyped one must not fill the memory. */
const MOST = 100_000;

/** The texts that a pattern with braces stands for, in bash's order. */
export function expandBraces(text: string): string[] {
  const braces = firstBraces(text);
  if (braces === undefined) return [text];
  const { open, close } = braces;
  const inside = text.slice(open + 1, close);
  const choices = hasComma(inside) ? choicesOf(inside) : (sequenceOf(inside) ?? [text.slice(open, close + 1)]);
  const tails = expandBraces(text.slice(close + 1));
  return choices.flatMap((choice) => tails.map((tail) => text.slice(0, open) + choice + tail));
}

/** The first `{` with a `}` that closes it and a comma or `..` between them. */
function firstBraces(text: string): { open: number; close: number } | undefined {
  for (let open = find(text, 0, '{'); open !== undefined; open = find(text, open + 1, '{')) {
    const close = find(text, open + 1, '}');
    if (close !== undefined) return { open, close };
  }
  return undefined;
}

/**
 * The next `wanted` outside of inner braces, from `start` on. A `}` counts only behind a comma or `..`, so that `{a},b}` has the choices
 * `a}` and `b`. A `{}` at the beginning opens nothing.
 */
function find(text: string, start: number, wanted: '{' | '}' | ','): number | undefined {
  let depth = 0;
  let isExpandable = wanted !== '}';
  for (let i = start; i < text.length; i += 1) {
    const char = text[i];
    if (char === '\\') i += 1;
    else if (wanted === '{' && i === 0 && text.startsWith('{}')) i += 1;
    else if (char === wanted && depth === 0 && isExpandable) return i;
    else if (char === '{') depth += 1;
    else if (char === '}' && depth > 0) depth -= 1;
    else if (depth === 0 && (char === ',' || (text.startsWith('..', i) && text[i + 2] !== '}'))) isExpandable = true;
  }
  return undefined;
}

/** True if there is a comma, also one of inner braces. */
function hasComma(inside: string): boolean {
  return /^(?:[^\\,]|\\.)*,/su.test(inside);
}

function choicesOf(inside: string): string[] {
  const choices: string[] = [];
  for (let start = 0; ; ) {
    const comma = find(inside, start, ',');
    choices.push(...expandBraces(inside.slice(start, comma)));
    if (comma === undefined) return choices;
    start = comma + 1;
  }
}

/** The members of `1..3`, `a..e` or `1..9..2`; undefined if it is not a sequence. */
function sequenceOf(inside: string): string[] | undefined {
  const found = /^(?:([+-]?\d+)\.\.([+-]?\d+)|([A-Za-z])\.\.([A-Za-z]))(?:\.\.([+-]?\d+))?$/u.exec(inside);
  if (found === null) return undefined;
  const [, from, to, first, last, step = '1'] = found;
  const isNumber = from !== undefined;
  const [begin, end] = isNumber ? [Number(from), Number(to)] : [first!.charCodeAt(0), last!.charCodeAt(0)];
  const by = Math.abs(Number(step)) || 1;
  if (![begin, end, by].every(Number.isSafeInteger)) return undefined;
  const count = Math.floor(Math.abs(end - begin) / by) + 1;
  if (count > MOST) throw new UsageError(`expected a sequence of at most ${MOST} members, got {${inside}}`);
  const width = isNumber && [from, to!].some((text) => /^[+-]?0\d/u.test(text)) ? Math.max(from.length, to!.length) : 0;
  return Array.from({ length: count }, (_, n) => {
    const member = begin + (begin <= end ? n * by : -n * by);
    return isNumber ? padded(member, width) : literal(String.fromCharCode(member));
  });
}

function padded(number: number, width: number): string {
  return number < 0 ? `-${String(-number).padStart(width - 1, '0')}` : String(number).padStart(width, '0');
}

/** Between `Z` and `a` there are characters that mean something in a pattern. Of a backslash bash leaves nothing. */
function literal(char: string): string {
  if (char === '\\') return '';
  return /[A-Za-z]/u.test(char) ? char : `\\${char}`;
}
