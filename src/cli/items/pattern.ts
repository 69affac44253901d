/**
 * Glob patterns, with the rules of a shell:
 *
 *     *  any characters but /     ?  one of them     [abc] [a-z] [!a]  one of these, or none of these
 *     **  any number of folders   {a,b}  either      \*  the character itself
 *
 * A name that begins with a dot is matched only by a pattern that says the dot.
 */

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

export function parseGlob(pattern: string): Pattern[] {
  return [...new Set(expandBraces(pattern))].map((each) => ({
    root: each.startsWith('/') ? '/' : '',
    segments: each
      .split('/')
      .filter((part) => part !== '')
      .map(segmentOf)
      // two of them in a row say no more than one
      .filter(({ kind }, i, all) => kind !== 'folders' || all[i - 1]?.kind !== 'folders'),
  }));
}

/** `a{b,c{d,e}}` → `ab`, `acd`, `ace`. Braces without a comma stand for themselves. */
export function expandBraces(pattern: string): string[] {
  let depth = 0;
  let start = -1;
  let commas: number[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i];
    if (char === '\\') i++;
    else if (char === '{') {
      if (depth++ === 0) [start, commas] = [i, []];
    } else if (char === ',' && depth === 1) commas.push(i);
    else if (char === '}' && depth > 0 && --depth === 0 && commas.length > 0) {
      const [before, tails] = [pattern.slice(0, start), expandBraces(pattern.slice(i + 1))];
      const cuts = [start, ...commas, i];
      const choices = cuts.slice(1).flatMap((cut, n) => expandBraces(pattern.slice(cuts[n]! + 1, cut)));
      return choices.flatMap((choice) => tails.map((tail) => before + choice + tail));
    }
  }
  return [pattern];
}

function segmentOf(part: string): Segment {
  if (part === '**') return { kind: 'folders' };
  if (!/[*?[\\]/.test(part)) return { kind: 'name', name: part };
  let source = '';
  let isPlain = true;
  let plain = '';
  for (let i = 0; i < part.length; ) {
    const set = /^\[([!^]?)(\]?[^\]]*)\]/.exec(part.slice(i));
    const char = String.fromCodePoint(part.codePointAt(i)!);
    if (char === '*' || char === '?') {
      source += char === '*' ? '.*' : '.';
      isPlain = false;
    } else if (set !== null) {
      const [whole, not, chars] = set as unknown as [string, string, string];
      source += `[${not === '' ? '' : '^'}${chars.replaceAll(/[\\\]^[&~]/g, String.raw`\$&`)}]`;
      isPlain = false;
      i += whole.length;
      continue;
    } else {
      const isEscape = char === '\\' && i + 1 < part.length;
      if (isEscape) i++;
      const literal = isEscape ? String.fromCodePoint(part.codePointAt(i)!) : char;
      source += literal.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
      plain += literal;
      i += literal.length;
      continue;
    }
    i += char.length;
  }
  if (isPlain) return { kind: 'name', name: plain };
  const hidden = /^\\?\./.test(part) ? '' : String.raw`(?!\.)`;
  try {
    return { kind: 'match', test: new RegExp(`^${hidden}${source}$`, 'su') };
  } catch {
    // A set that is none, such as [z-a], stands for itself.
    return { kind: 'name', name: part };
  }
}
