/**
 * The facts in a function's own source text (`Function.prototype.toString`): its kind, its free variables, and the ranges that must read
 * differently where it is rebuilt. Positions count from the start of the text.
 */

import { type FreeVariables, freeVariablesOfFunction, freeVariablesOfMembers, freeVariablesOfMethod } from './free-variables.ts';
import { Lru } from '../inspect/lru.ts';
import { isNode, type Node, parse } from './syntax.ts';

/** How the text has to be wrapped to be an expression again. */
export type Form = 'expression' | 'method' | 'getter' | 'setter' | 'class';

export interface FunctionSyntax {
  readonly form: Form;
  readonly node: Node;
  readonly free: FreeVariables;
  /** The name the text itself binds: `fib` of `function fib() {}`, a class's own name. */
  readonly ownName: string | undefined;
  readonly isArrow: boolean;
  /** Of a method or accessor: where its key stands, brackets included, and which it is, unless it is computed. */
  readonly key: { readonly start: number; readonly end: number; readonly computed: boolean; readonly name: string | undefined } | undefined;
  /** Members of a class, else empty. */
  readonly members: readonly Node[];
  /** The offset of the positions of `node`, which count from the start of a wrapper. */
  readonly offset: number;
}

const cache = new Lru<string, FunctionSyntax>(500);

/** @throws SyntaxError if the text is not a function, such as that of native code */
export function functionSyntax(text: string): FunctionSyntax {
  return cache.get(text) ?? cache.set(text, analyse(text));
}

// Inside a function `new.target` is allowed, so that an arrow function that uses its outer one can be parsed.
const asExpression = 'function _(){(';
const asMember = '({';

function analyse(text: string): FunctionSyntax {
  const expression = tryParse(`${asExpression}${text}\n)}`);
  if (expression !== undefined) {
    const statement = ((expression['body'] as [Node])[0]['body'] as Node)['body'] as Node[];
    const node = statement[0]?.['expression'] as Node;
    const ownName = isNode(node['id']) ? (node['id']['name'] as string) : undefined;
    const base = { node, ownName, key: undefined, offset: asExpression.length };
    if (node.type === 'ClassExpression') {
      const members = (node['body'] as Node)['body'] as Node[];
      return { ...base, form: 'class', isArrow: false, members, free: freeVariablesOfMembers(ownName, members) };
    }
    return {
      ...base,
      form: 'expression',
      isArrow: node.type === 'ArrowFunctionExpression',
      members: [],
      free: freeVariablesOfFunction(node),
    };
  }
  const literal = parse(`${asMember}${text}\n})`);
  const property = (((literal['body'] as [Node])[0]['expression'] as Node)['properties'] as Node[])[0] as Node;
  const node = property['value'] as Node;
  const key = property['key'] as Node;
  const computed = property['computed'] === true;
  const start = computed ? literalBracket(text, key.start - asMember.length) : key.start - asMember.length;
  const end = computed ? text.indexOf(']', key.end - asMember.length) + 1 : key.end - asMember.length;
  return {
    form: property['kind'] === 'get' ? 'getter' : property['kind'] === 'set' ? 'setter' : 'method',
    node,
    free: freeVariablesOfMethod(node),
    ownName: undefined,
    isArrow: false,
    key: { start, end, computed, name: computed ? undefined : String(key['name'] ?? key['value']) },
    members: [],
    offset: asMember.length,
  };
}

const literalBracket = (text: string, before: number): number => text.lastIndexOf('[', before);

function tryParse(source: string): Node | undefined {
  try {
    return parse(source);
  } catch {
    return undefined;
  }
}
