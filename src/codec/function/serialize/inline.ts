/**
 * Inline closures without free names: `pool.submit((n) => n * 2, 21)`. Their text is complete. They need no inspector, and a fresh closure
 * with a known text is the same code.
 *
 * Only functions without a name: a direct export has one, and goes by reference. The place of the text is not known. The code is compiled
 * under a mark as its file name. When an error comes home, its frames get the place of the function that the task was made from (stack.ts).
 */

import { types } from 'node:util';
import type { AnyFunction } from '../../courier.ts';
import { realmId } from '../../packet/realm.ts';
import { isAnonymousExport } from './exported-functions.ts';
import { usesOuterWords } from '../analyse/free-variables.ts';
import { type FunctionSyntax, functionSyntax } from '../analyse/function-syntax.ts';
import { Lru } from '../inspect/lru.ts';
import { rememberedId } from '../inspect/origins.ts';
import { markOf } from '../inspect/origin-place.ts';
import type { CodeRecipe } from './recipe.ts';
import { showsCaller, strictnessOf } from '../analyse/strictness.ts';
import { children, type Node } from '../analyse/syntax.ts';

/** One text, for all closures that have it. */
export interface InlineCode {
  readonly recipe: CodeRecipe;
  /** Stands for the file in stack traces. */
  readonly mark: string;
}

/** By text, with a word in front for the kind of function. */
const known = new Lru<string, InlineCode | 'none'>(1000);

/** The code of a function that needs no inspector; `undefined` for any other. */
export function inlineCode(fn: AnyFunction): InlineCode | undefined {
  if (types.isProxy(fn) || Object.getOwnPropertyDescriptor(fn, 'name')?.value !== '') return undefined;
  const shape = shapeOf(fn);
  if (shape === undefined || rememberedId(fn) !== undefined) return undefined;
  const around = shape === 'arrow' || !showsCaller(fn) ? shape : 'sloppy';
  const text = Function.prototype.toString.call(fn);
  const key = `${around} ${text}`;
  const code = known.get(key) ?? known.set(key, analyse(fn, text) ?? 'none');
  return code === 'none' || isAnonymousExport(text) ? undefined : code;
}

const prototypes = new Set<unknown>([
  Function.prototype,
  Object.getPrototypeOf(async () => {}),
  Object.getPrototypeOf(function* () {}),
  Object.getPrototypeOf(async function* () {}),
]);

/** Own properties of functions as the language makes them: what else stands on a function has to travel with it. */
const shapes = new Map([
  ['length,name', 'arrow'],
  ['length,name,prototype', 'function'],
  ['length,name,arguments,caller,prototype', 'function'],
]);

function shapeOf(fn: AnyFunction): string | undefined {
  if (!prototypes.has(Object.getPrototypeOf(fn))) return undefined;
  const keys = Reflect.ownKeys(fn);
  if (!keys.every((key) => typeof key === 'string')) return undefined;
  const shape = shapes.get(keys.join(','));
  return shape === undefined || shape === 'arrow' || isUntouched(fn) ? shape : undefined;
}

/** True if nothing was put on the function's prototype, and nothing is inherited through it. */
function isUntouched(fn: AnyFunction): boolean {
  const { prototype } = fn as unknown as { prototype: unknown };
  if (typeof prototype !== 'object' || prototype === null) return false;
  const keys = Reflect.ownKeys(prototype);
  // A generator's prototype is empty, and inherits from that of all generators.
  if (keys.length === 0) return Object.getPrototypeOf(prototype) === (Object.getPrototypeOf(fn) as { prototype: unknown }).prototype;
  const constructor = Object.getOwnPropertyDescriptor(prototype, 'constructor');
  return keys.length === 1 && constructor?.value === fn && Object.getPrototypeOf(prototype) === Object.prototype;
}

function analyse(fn: AnyFunction, text: string): InlineCode | undefined {
  // A comment in a script, an operator in a module.
  if (text.includes('<!--') || text.includes('-->')) return undefined;
  let syntax: FunctionSyntax;
  try {
    syntax = functionSyntax(text);
  } catch {
    return undefined;
  }
  if (syntax.form !== 'expression' || syntax.ownName !== undefined || !isClosed(syntax) || hasSite(syntax.node)) return undefined;
  const strict = strictnessOf(fn, text, syntax);
  // In sloppy code `arguments.callee` is the function itself, which may keep something on it: each place has its own.
  if (strict === undefined || (!strict && text.includes('arguments'))) return undefined;
  const mark = markOf(text);
  const recipe: CodeRecipe = {
    kind: 'code',
    form: 'expression',
    from: realmId,
    inMethod: false,
    text,
    file: mark,
    line: 0,
    column: 0,
    strict,
    name: '',
    // For `import()` and the like, which the code has not.
    url: 'file:///',
    references: {},
    named: {},
    helpers: {},
    cells: [],
    weak: [],
    parts: [],
  };
  return { recipe, mark };
}

/** True if the code takes nothing from outside: no variable, no global, and none of the words bound without a name. */
function isClosed({ free }: FunctionSyntax): boolean {
  return free.names.size === 0 && !usesOuterWords(free, true);
}

/** True if the code makes an object that belongs to its place: the strings of a tagged template are one object there. */
const hasSite = (node: Node): boolean => node.type === 'TaggedTemplateExpression' || children(node).some(hasSite);
