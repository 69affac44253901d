/** The little of acorn's tree that the courier needs: a loose node type, and a walk over any node's children. */

import type { Options, Parser } from 'acorn';
import { createRequire } from 'node:module';

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const options: Options = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  allowImportExportEverywhere: true,
  allowReturnOutsideFunction: true,
  allowSuperOutsideMethod: true,
  allowHashBang: true,
  checkPrivateFields: false,
};

type ParserClass = typeof Parser;

let trusting: ParserClass | undefined;

/**
 * Loads the parser when the first text is read: a worker that only runs functions never does.
 *
 * V8 has compiled the code before. acorn need not look for double declarations, which takes time quadratic in the number of names (80 % of
 * parsing a module with 10,000).
 */
function loadParser(): ParserClass {
  const { Parser: Base } = createRequire(import.meta.url)('acorn') as { Parser: ParserClass };
  return Base.extend(
    (Extended) =>
      class extends Extended {
        declareName(): void {}
        checkLocalExport(): void {}
      },
  );
}

export function parse(source: string, isModule: boolean = false): Node {
  trusting ??= loadParser();
  return trusting.parse(
    source,
    isModule ? { ...options, sourceType: 'module', allowAwaitOutsideFunction: true } : options,
  ) as unknown as Node;
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** The child nodes of a node, in source order. */
export function children(node: Node): Node[] {
  const found: Node[] = [];
  for (const key in node) {
    const value = node[key];
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) found.push(item);
    } else if (isNode(value)) found.push(value);
  }
  return found;
}

export const isFunction = (node: Node): boolean =>
  node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration' || node.type === 'ArrowFunctionExpression';

export const isClass = (node: Node): boolean => node.type === 'ClassExpression' || node.type === 'ClassDeclaration';

/** True if a function body starts with a `'use strict'` directive. */
export function hasUseStrict(statements: unknown): boolean {
  if (!Array.isArray(statements)) return false;
  for (const statement of statements as Node[]) {
    if (typeof statement['directive'] !== 'string') return false;
    if (statement['directive'] === 'use strict') return true;
  }
  return false;
}

/** The names a binding pattern declares: `{ a, b: [c = 1, ...d] }` gives a, c, d. */
export function patternNames(pattern: unknown, into: (name: string) => void): void {
  if (!isNode(pattern)) return;
  switch (pattern.type) {
    case 'Identifier':
      into(pattern['name'] as string);
      break;
    case 'ObjectPattern':
      for (const property of pattern['properties'] as Node[]) patternNames(property['value'] ?? property['argument'], into);
      break;
    case 'ArrayPattern':
      for (const element of pattern['elements'] as unknown[]) patternNames(element, into);
      break;
    case 'AssignmentPattern':
      patternNames(pattern['left'], into);
      break;
    case 'RestElement':
      patternNames(pattern['argument'], into);
      break;
  }
}
