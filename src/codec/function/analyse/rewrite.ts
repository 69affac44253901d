/**
 * The text of a function as it is rebuilt. Words that have a meaning only at their old place are replaced by captured names of the same
 * length, so that lines and columns stay those of the original.
 *
 *   () => this.n + import.meta.url     →     () => $hdl.n + $hdlmeta___.url
 */

import type { FunctionSyntax } from './function-syntax.ts';
import { standIn } from '../serialize/recipe.ts';
import { isNode, type Node } from './syntax.ts';

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Pads `text` to the length of what it replaces, keeping the line breaks in there. */
function fitted(source: string, { start, end, text }: Edit): string {
  const breaks = source.slice(start, end).replace(/[^\n\r\u2028\u2029]/g, '');
  return breaks === ''
    ? text.padEnd(end - start)
    : text +
        source
          .slice(start, end)
          .replace(/[^\n\r\u2028\u2029]/g, ' ')
          .slice(Math.min(text.length, end - start));
}

export function edited(source: string, edits: readonly Edit[]): string {
  let out = '';
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    out += source.slice(at, edit.start) + fitted(source, edit);
    at = edit.end;
  }
  return out + source.slice(at);
}

/** The edits for the words bound without a name. An arrow that uses `super` keeps its `this`: it is wrapped in a method. */
export function wordEdits(syntax: FunctionSyntax): Edit[] {
  const { free, offset } = syntax;
  const at = (ranges: readonly { start: number; end: number }[], text: string): Edit[] =>
    ranges.map(({ start, end }) => ({ start: start - offset, end: end - offset, text }));
  return [
    ...at(free.importMetaAt, standIn.importMeta),
    ...at(free.importCallAt, standIn.importCall),
    ...(free.usesSuper && syntax.isArrow
      ? []
      : [...at(free.thisAt, standIn.this), ...at(free.argumentsAt, standIn.arguments), ...at(free.newTargetAt, standIn.newTarget)]),
  ];
}

/** A class member whose key is computed, and is not one of `Symbol`'s own. */
export const hasComputedKey = (member: Node): boolean => {
  const key = member['key'];
  if (member['computed'] !== true || !isNode(key)) return false;
  const isSymbol = key.type === 'MemberExpression' && (key['object'] as Node)['name'] === 'Symbol' && key['computed'] !== true;
  return !isSymbol && key.type !== 'Literal';
};
