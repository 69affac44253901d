/**
 * A set in a pattern, as bash reads it: `[abc]`, `[a-z]`, `[!a]` or `[^a]`, `[[:digit:]]`.
 *
 *     ]  in the first place is a member    \x  is x, whatever x means    -  in the first or last place is a member
 *
 * A set that is not closed is not a set: its `[` stands for itself. Source: sm_loop.c of bash 5.2, in the C.UTF-8 locale.
 */

import { UsageError } from '../usage-error.ts';

/** Members of regular expressions. */
const classes: Readonly<Record<string, string>> = {
  alnum: String.raw`\p{L}\p{Nd}`,
  alpha: String.raw`\p{L}`,
  ascii: String.raw`\0-\x7f`,
  blank: String.raw` \t`,
  cntrl: String.raw`\p{Cc}`,
  digit: '0-9',
  graph: String.raw`\x21-\x7e\xa1-\u{10ffff}`,
  lower: String.raw`\p{Ll}`,
  print: String.raw`\x20-\x7e\xa0-\u{10ffff}`,
  punct: String.raw`\p{P}\p{S}`,
  space: String.raw`\s`,
  upper: String.raw`\p{Lu}`,
  word: String.raw`\p{L}\p{Nd}_`,
  xdigit: '0-9A-Fa-f',
};

export interface CharacterSet {
  /** For a regular expression with the flag `u`. */
  readonly source: string;
  /** Where the pattern goes on. */
  readonly end: number;
}

/**
 * The set that begins at `text[start]`, a `[`; undefined if it is not closed.
 *
 * @throws UsageError if a range goes down, as in `[z-a]`
 */
export function characterSet(text: string, start: number): CharacterSet | undefined {
  const isNegated = text[start + 1] === '!' || text[start + 1] === '^';
  const first = start + (isNegated ? 2 : 1);
  let members = '';
  let wrong: string | undefined;
  for (let at = first; at < text.length; ) {
    if (text[at] === ']' && at > first) {
      const end = at + 1;
      if (wrong !== undefined) throw new UsageError(`expected a range to go up, got ${wrong} in ${text.slice(start, end)}`);
      return { source: `[${isNegated ? '^' : ''}${members}]`, end };
    }
    const known = classAt(text, at);
    if (known !== undefined) {
      members += known.source;
      at = known.end;
      continue;
    }
    // A class that is not closed: bash passes over its bracket.
    if (text.startsWith('[:', at)) {
      at += 1;
      continue;
    }
    const low = memberAt(text, at);
    if (low === undefined) return undefined;
    at = low.end;
    const isRange = text[at] === '-' && text[at + 1] !== ']';
    const high = isRange ? memberAt(text, at + 1) : low;
    if (high === undefined) return undefined;
    if (high.char !== '' && codeOf(low.char) > codeOf(high.char)) wrong ??= text.slice(low.start, high.end);
    else if (low.char !== '' && high.char !== '') members += `${escaped(low.char)}-${escaped(high.char)}`;
    at = high.end;
  }
  return undefined;
}

/** `[:digit:]`, or `[=e=]`, which is `e`. A class that is not known has no members. */
function classAt(text: string, at: number): CharacterSet | undefined {
  const [whole, , name] = /^\[([:=])(.*?)\1\]/su.exec(text.slice(at)) ?? [];
  if (whole === undefined) return undefined;
  const source = whole.startsWith('[=') ? escaped(name!) : (Object.hasOwn(classes, name!) && classes[name!]) || '';
  return { source, end: at + whole.length };
}

interface Member {
  /** Empty for a symbol of more than one character: no file name has such a one. */
  readonly char: string;
  readonly start: number;
  readonly end: number;
}

/** A character, `\x` or `[.x.]`; undefined if that is not complete. */
function memberAt(text: string, start: number): Member | undefined {
  const [whole, symbol, escape, plain] = /^(?:\[\.(.*?)\.\]|\\(.)|((?!\[\.)[^\\]))/su.exec(text.slice(start)) ?? [];
  if (whole === undefined) return undefined;
  const char = symbol === undefined ? (escape ?? plain)! : /^.$/su.test(symbol) ? symbol : '';
  return { char, start, end: start + whole.length };
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

function escaped(chars: string): string {
  return Array.from(chars, (char) => `\\u{${codeOf(char).toString(16)}}`).join('');
}
