/**
 * Compiles shipped text under its original file name, line and column. The wrapper takes one line before it and one after:
 *
 *   (function ($hdlS, $hdlK, $hdlP, $hdlcells) { … let a, b; return [set, { name: (
 *             <the text, on its own lines, at its own column>
 *   ) }]; })
 *
 * Variables that several functions share and change are looked up in `$hdlcells`, through `with`: the one
 * construct that lets separately compiled functions see one variable. Strict code stays strict inside it.
 */

import { vm } from '../../../builtins.ts';
import type { AnyFunction } from '../../courier.ts';
import { Lru } from '../inspect/lru.ts';
import type { Code } from '../serialize/recipe.ts';

/** Makes one function object with variables of its own. */
export type Factory = (parent: unknown, keys: unknown, privateStatics: unknown, cells: object) => Instance;

/** A function that sets the captured variables, all at once; and the literal that the new function stands in, a method's home. */
export type Instance = readonly [set: (values: object) => void, literal: object];

const factories = new Lru<string, Factory>(1000);
const widestIndent = 4000;

/** How the text stands in what surrounds it. */
type Shape = 'expression' | 'member' | 'in-method';

export function factoryOf(code: Code, shape: Shape, variables: readonly string[]): Factory {
  const source = sourceOf(code, shape, variables);
  const key = `${code.file}:${code.line}:${code.column}\n${source}`;
  const known = factories.get(key);
  if (known !== undefined) return known;
  const { Script } = vm();
  const script = new Script(source, { filename: code.file === '' ? 'heddle:function' : code.file, lineOffset: code.line - 1 });
  return factories.set(key, script.runInThisContext() as Factory);
}

function sourceOf({ text, column, strict, cells, name }: Code, shape: Shape, variables: readonly string[]): string {
  const declared = variables.length === 0 ? '' : `let ${variables.join(', ')};`;
  const set = variables.length === 0 ? '() => {}' : `($hdlset) => { ({ ${variables.join(', ')} } = $hdlset); }`;
  // An object gives an anonymous function the name of its key, an array gives none.
  const [open, close] = name === '' || name === '__proto__' ? ['[(', ')]'] : [`{ ${JSON.stringify(name)}: (`, ')}'];
  const returned = `return [${set}, `;
  const [before, after] = {
    expression: [returned + open, `${close}]`],
    member: [`${returned}{`, '}]'],
    'in-method': [`${returned}({ $hdlm() { return ${open}`, `${close} } })]`],
  }[shape] as [string, string];
  const body = `${strict ? "'use strict';" : ''}${declared} ${before}`;
  const [enter, leave] = cells.length === 0 ? ['', ''] : ['with ($hdlcells) return (function () {', '})();'];
  const indent = ' '.repeat(Math.min(column, widestIndent));
  return `(function ($hdlS, $hdlK, $hdlP, $hdlcells) { ${enter} ${body}\n${indent}${text}\n${after}; ${leave} })`;
}

/** The function in the literal it was made in: the only thing there. */
export function functionIn(literal: object): AnyFunction {
  const [key] = Reflect.ownKeys(literal);
  const { value, get, set } = Object.getOwnPropertyDescriptor(literal, key as PropertyKey) as PropertyDescriptor;
  return (value ?? get ?? set) as AnyFunction;
}
