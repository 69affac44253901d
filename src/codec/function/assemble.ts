/** Puts a function together again from its recipe; `complete` then fills in what it captured. */

import type { AnyFunction, Assembled } from '../courier.ts';
import { factoryOf, functionIn, type Instance } from './compile.ts';
import type { Home } from './home-object.ts';
import { makeHelper } from './helpers.ts';
import type { Cell } from './message.ts';
import { moduleLoaded } from './modules.ts';
import { valueNamed } from './names.ts';
import { rememberOrigin, withOrigin } from './origins.ts';
import { type ClassRecipe, type Code, type CodeRecipe, type PartKind, type Recipe, withFlags } from './recipe.ts';
import type { Reference } from './references.ts';
import { standIn } from './rewrite.ts';

const complete = (): void => undefined;

export function assemble(early: unknown): Assembled {
  const recipe = early as Recipe;
  switch (recipe.kind) {
    case 'name':
      return { fn: valueNamed(recipe.path, moduleLoaded) as AnyFunction, complete };
    case 'reference':
      return { fn: referred(recipe.reference) as AnyFunction, complete };
    case 'home': {
      const fn = withOrigin(recipe.id);
      if (fn === undefined) throw new ReferenceError('a class came home, but it is gone there');
      return { fn, complete };
    }
    case 'bound':
      return { fn: bound(recipe.target, recipe.self, recipe.args), complete };
    case 'helper':
      return { fn: makeHelper(recipe.helper, recipe.url) as AnyFunction, complete };
    case 'code':
      return assembleCode(recipe);
    case 'class':
      return assembleClass(recipe);
  }
}

const bound = (target: AnyFunction, self: unknown, args: readonly unknown[]): AnyFunction =>
  Function.prototype.bind.call(target, self, ...args) as AnyFunction;

export function referred({ module, name }: Reference): unknown {
  const loaded = moduleLoaded(module) as Record<string, unknown>;
  const isCommonJs = module.startsWith('require ');
  if (name === '*') return loaded;
  const exports = (isCommonJs ? loaded['exports'] : loaded) as Record<string, unknown>;
  if (name === 'module.exports') return exports;
  if (!(name in exports)) throw new TypeError(`module ${module} has no export named ${name} here`);
  return exports[name];
}

function assembleCode(recipe: CodeRecipe): Assembled {
  const shape = recipe.inMethod ? 'in-method' : recipe.form === 'expression' ? 'expression' : 'member';
  const cells = {};
  const instance = factoryOf(recipe, shape, variablesOf(recipe))(undefined, undefined, undefined, cells, undefined);
  const literal = recipe.inMethod ? (instance.made as { $hdlm(): object }).$hdlm.call(recipe.self) : instance.made;
  const fn = functionIn(literal);
  nameIt(fn, recipe.name);
  return {
    fn,
    complete: (late) => fill(recipe, instance, cells, fn, late, instance.made),
  };
}

function assembleClass(recipe: ClassRecipe): Assembled {
  const known = withOrigin(recipe.id);
  // A class is made once; a later message only brings its static values up to date.
  if (known !== undefined) return { fn: known, complete: (late) => setProperties(recipe.parts, late, known) };
  const cells = {};
  const instance = factoryOf(recipe, 'expression', [...variablesOf(recipe), ...Object.keys(recipe.weak)])(
    recipe.parent,
    recipe.keys,
    recipe.privateStatics,
    cells,
    undefined,
  );
  const fn = functionIn(instance.made);
  nameIt(fn, recipe.name);
  rememberOrigin(recipe.id, fn);
  return {
    fn,
    complete: (late) => fill(recipe, instance, cells, fn, late, undefined, recipe.weak),
  };
}

function nameIt(fn: AnyFunction, name: string): void {
  if (fn.name !== name) Object.defineProperty(fn, 'name', { value: name, configurable: true });
}

/** All names the text takes from outside, cells aside. */
function variablesOf(code: Code): string[] {
  const names = [...Object.keys(code.references), ...Object.keys(code.named), ...Object.keys(code.helpers)];
  for (const part of code.parts) {
    if ('variable' in part && !code.cells.includes(part.variable)) names.push(part.variable);
    if ('lexical' in part) names.push(standIn[part.lexical]);
  }
  // Words whose place had nothing to give: `this` at the top level of a module.
  for (const word of [standIn.this, standIn.arguments, standIn.newTarget]) {
    if (!names.includes(word) && code.text.includes(word)) names.push(word);
  }
  return names;
}

function fill(
  code: Code,
  instance: Instance,
  cells: object,
  fn: AnyFunction,
  late: readonly unknown[],
  home: object | undefined,
  weak: Readonly<Record<string, 'WeakMap' | 'WeakSet'>> = {},
): void {
  const values: Record<string, unknown> = {};
  for (const [name, reference] of Object.entries(code.references)) values[name] = referred(reference);
  for (const [name, path] of Object.entries(code.named)) values[name] = valueNamed(path, moduleLoaded);
  for (const [name, helper] of Object.entries(code.helpers)) values[name] = makeHelper(helper, code.url);
  for (const [name, kind] of Object.entries(weak)) values[name] = kind === 'WeakMap' ? new WeakMap() : new WeakSet();
  code.parts.forEach((part, index) => {
    const value = late[index];
    if ('variable' in part) {
      if (code.cells.includes(part.variable)) addCell(cells, part.variable, value as Cell);
      else values[part.variable] = value;
    } else if ('lexical' in part) values[standIn[part.lexical]] = value;
    else if ('home' in part && home !== undefined) {
      const from = value as Home;
      Object.setPrototypeOf(home, 'object' in from ? from.object : (from.prototypeOf as { prototype: object }).prototype);
    }
  });
  instance.set(values);
  setProperties(code.parts, late, fn);
}

function addCell(cells: object, name: string, cell: Cell): void {
  Object.defineProperty(cells, name, {
    get: () => cell.value,
    set: (value: unknown) => {
      cell.value = value;
    },
  });
}

function setProperties(parts: readonly PartKind[], late: readonly unknown[], fn: AnyFunction): void {
  parts.forEach((part, index) => {
    if (!('property' in part)) return;
    const on = part.of === 'self' ? fn : (fn as unknown as { prototype: object }).prototype;
    const value = late[index];
    const flags = withFlags(part.flags);
    const descriptor: PropertyDescriptor =
      part.accessor === undefined ? { ...flags, value, writable: (part.flags & 1) !== 0 } : { ...flags, [part.accessor]: value };
    if (Object.getOwnPropertyDescriptor(on, part.property)?.configurable === false) return;
    Object.defineProperty(on, part.property, descriptor);
  });
}
