/** Where a function's text stands in its script, worked out from V8's location without keeping the script's source. */

import type { FunctionSyntax } from './function-syntax.ts';
import type { FunctionLocation } from '../inspect/inspector.ts';
import type { ScriptSyntax } from './script-syntax.ts';
import { isNode, type Node } from './syntax.ts';

export interface Place {
  /** Of the first character: offset in the script, and zero-based line and column. */
  readonly start: number;
  readonly line: number;
  readonly column: number;
  readonly strict: boolean;
}

/** The offsets at which lines begin. */
export function lineStartsOf(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf('\n'); at !== -1; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The lines of a script, and where it begins in its file. */
export type Lines = Pick<ScriptSyntax, 'lineStarts' | 'startLine' | 'startColumn'>;

/** The offset of a function's first character in its script. */
export function startOf(
  text: string,
  syntax: FunctionSyntax,
  { lineStarts, startLine, startColumn }: Lines,
  location: FunctionLocation,
): number {
  const row = location.lineNumber - startLine;
  return (lineStarts[row] ?? 0) + location.columnNumber - (row === 0 ? startColumn : 0) - anchor(text, syntax);
}

export function placeOf(text: string, syntax: FunctionSyntax, script: ScriptSyntax, location: FunctionLocation): Place {
  const { lineStarts, startLine, startColumn } = script;
  const start = startOf(text, syntax, script, location);
  const line = lineAt(lineStarts, start);
  const end = start + text.length;
  const strict = script.strict || syntax.form === 'class' || script.strictSpans.some((span) => span.start <= start && end <= span.end);
  const column = start - (lineStarts[line] ?? 0) + (line === 0 ? startColumn : 0);
  return { start, line: line + startLine, column, strict };
}

/**
 * V8 locates an arrow function and a class by their first character, and other functions by the parenthesis of their parameters. A class
 * with a constructor is located by the constructor's.
 */
function anchor(text: string, { form, node, isArrow, members, offset, key }: FunctionSyntax): number {
  if (isArrow) return 0;
  if (form === 'class') {
    const constructor = members.find((member) => member['kind'] === 'constructor');
    return constructor === undefined ? 0 : (constructor['value'] as Node).start - offset;
  }
  if (key !== undefined) return node.start - offset;
  const after = isNode(node['id']) ? node['id'].end - offset : text.indexOf('function') + 'function'.length;
  return text.indexOf('(', after);
}

function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
