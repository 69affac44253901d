/**
 * Glob patterns, as bash reads them with `globstar`, and without `extglob`:
 *
 *     *  any characters but /     ?  one of them     [abc] [a-z] [!a]  one of these, or none of these
 *     **  any number of folders   {a,b} {1..9}  either      \*  the character itself
 *
 * A name that begins with a dot is matched only by a pattern with that dot. A brace or a set that is not closed stands for itself.
 */

import { expandBraces } from './braces.ts';
import { characterSet } from './character-set.ts';

/** Part of a pattern between two slashes. */
export type Segment =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'match'; readonly test: RegExp }
  | { readonly kind: 'folders' };

export interface Pattern {
  /** `/` for an absolute pattern, else empty. */
  readonly root: string;
  readonly segments: readonly Segment[];
}

/** @throws UsageError if a range of a set goes down */
export function parseGlob(pattern: string): Pattern[] {
  const texts = new Set(expandBraces(pattern).map((text) => text.replaceAll(/\\(.)/gsu, (pair, char) => (char === '/' ? '/' : pair))));
  // A pattern that ends with a slash means a folder, and matches no file.
  return [...texts].filter((text) => !text.endsWith('/')).map(patternOf);
}

function patternOf(text: string): Pattern {
  return {
    root: text.startsWith('/') ? '/' : '',
    segments: text
      .split('/')
      .filter((part) => part !== '')
      .map(segmentOf)
      // two of them in a row say no more than one
      .filter(({ kind }, i, all) => kind !== 'folders' || all[i - 1]?.kind !== 'folders'),
  };
}

function segmentOf(part: string): Segment {
  if (part === '**') return { kind: 'folders' };
  let source = '';
  let name = '';
  let isName = true;
  for (let at = 0; at < part.length; ) {
    const set = part[at] === '[' ? characterSet(part, at) : undefined;
    const wild = /^(?:\*+|\?)/u.exec(part.slice(at))?.[0];
    if (set !== undefined || wild !== undefined) {
      isName = false;
      source += set?.source ?? (wild === '?' ? '.' : '.*');
      at = set?.end ?? at + wild!.length;
    } else {
      if (part[at] === '\\' && at + 1 < part.length) at += 1;
      const char = String.fromCodePoint(part.codePointAt(at)!);
      name += char;
      source += char.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`);
      at += char.length;
    }
  }
  if (isName) return { kind: 'name', name };
  const hidden = /^\\?\./u.test(part) ? '' : String.raw`(?!\.)`;
  return { kind: 'match', test: new RegExp(`^${hidden}${source}$`, 'su') };
}
