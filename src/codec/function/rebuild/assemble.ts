/** Puts a function together again from its recipe; `complete` then fills in what it captured. */

import type { AnyFunction, Assembled } from '../../courier.ts';
import { allowsName, allowsSource } from './arrival.ts';
import { factoryOf, functionIn, type Instance } from './compile.ts';
import type { Home } from '../inspect/home-object.ts';
import { makeHelper } from './helpers.ts';
import { moduleLoaded } from '../serialize/modules.ts';
import { nameOfFunction, valueNamed } from '../analyse/names.ts';
import { atHome } from '../inspect/origin-place.ts';
import { rememberOrigin, withOrigin } from '../inspect/origins.ts';
import { type ClassRecipe, type Code, type CodeRecipe, type PartKind, type Recipe, standIn } from '../serialize/recipe.ts';
import { withFlags, WRITABLE } from '../../objects/property-flags.ts';
import type { Reference } from '../analyse/references.ts';
import { TypeError } from '../../../refusals.ts';

const complete = (): void => undefined;

export function assemble(early: unknown): Assembled {
  const recipe = early as Recipe;
  switch (recipe.kind) {
    case 'name':
      return { fn: valueNamed(allowsName(recipe.path), moduleLoaded) as AnyFunction, complete };
    case 'reference':
      return { fn: referred(recipe.reference) as AnyFunction, complete };
    case 'home': {
      const fn = withOrigin(recipe.id);
      if (fn === undefined) throw new ReferenceError('a class came home, but it is gone there');
      return { fn, complete };
    }
    case 'bound':
      return withProperties(bound(recipe.target, recipe.self, recipe.args), recipe.parts);
    case 'helper':
      allowsSource(recipe.helper);
      return { fn: makeHelper(recipe.helper, recipe.url) as AnyFunction, complete };
    case 'member': {
      const fn = memberIn(recipe.of, recipe.index);
      if (recipe.parts.length > 0) touched.set(fn, { given: touched.get(fn)?.given ?? givenTo(fn), set: recipe.parts });
      return withProperties(fn, recipe.parts);
    }
    case 'code':
      allowsSource(recipe.name);
      return assembleCode(atHome(recipe));
    case 'class':
      allowsSource(recipe.name);
      return assembleClass(atHome(recipe));
  }
}

const bound = (target: AnyFunction | string, self: unknown, args: readonly unknown[]): AnyFunction =>
  Function.prototype.bind.call(
    typeof target === 'string' ? (self as Record<string, AnyFunction>)[target]! : target,
    self,
    ...args,
  ) as AnyFunction;

const withProperties = (fn: AnyFunction, parts: readonly PartKind[]): Assembled => ({
  fn,
  complete: (late) => setProperties(parts, late, fn),
});

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
  const known = recipe.id === undefined ? undefined : withOrigin(recipe.id);
  if (known !== undefined) return { fn: known, complete: (late) => refill(recipe, known, late) };
  const shape = recipe.inMethod ? 'in-method' : recipe.form === 'expression' ? 'expression' : 'member';
  const cells = {};
  const instance = factoryOf(recipe, shape, variablesOf(recipe))(undefined, undefined, undefined, cells);
  const [, home] = instance;
  const literal = recipe.inMethod ? (home as { $hdlm(): object }).$hdlm.call(recipe.self) : home;
  const fn = functionIn(literal);
  nameIt(fn, recipe.name);
  if (recipe.id !== undefined) {
    rememberOrigin(recipe.id, fn);
    madeHere.set(fn, { instance, cells, weak: new Map(), from: recipe.from, given: givenTo(fn), set: recipe.parts });
  }
  return {
    fn,
    complete: (late) => fill(recipe, instance, cells, fn, late, home),
  };
}

function assembleClass(recipe: ClassRecipe): Assembled {
  const known = withOrigin(recipe.id);
  if (known !== undefined) {
    if (madeHere.get(known)?.from === recipe.from) takeBackMembers(known);
    return { fn: known, complete: (late) => refill(recipe, known, late) };
  }
  const cells = {};
  const instance = factoryOf(recipe, 'expression', variablesOf(recipe))(recipe.parent, recipe.keys, recipe.privateStatics, cells);
  const fn = functionIn(instance[1]);
  nameIt(fn, recipe.name);
  rememberOrigin(recipe.id, fn);
  rememberMembers(recipe, fn);
  madeHere.set(fn, { instance, cells, weak: new Map(), from: recipe.from, given: givenTo(fn), set: recipe.parts });
  return {
    fn,
    complete: (late) => fill(recipe, instance, cells, fn, late, undefined),
  };
}

interface Touched {
  /** The properties that it has by its text alone. */
  readonly given: Readonly<Record<'self' | 'prototype', Record<PropertyKey, PropertyDescriptor>>>;
  /** Parts of the last message; some are properties. */
  set: readonly PartKind[];
}

/** Methods of such classes that got properties. */
const touched = new WeakMap<AnyFunction, Touched>();

/** A class that was made here, and how to set again what it sees. */
interface Made extends Touched {
  readonly instance: Instance;
  readonly cells: object;
  /** The private state for compilers without `#`, by variable: living instances keep it. */
  readonly weak: Map<string, object>;
  readonly from: string;
}

const madeHere = new WeakMap<AnyFunction, Made>();

/**
 * A class is made once. A later message from its first sender updates what it sees: captured variables, static values, patched members. A
 * class that comes back from elsewhere changes nothing.
 */
function refill(code: Code & { readonly from: string }, fn: AnyFunction, late: readonly unknown[]): void {
  const made = madeHere.get(fn);
  if (made === undefined || made.from !== code.from) return;
  takeBack(code.parts, fn, made);
  made.set = code.parts;
  nameIt(fn, code.name);
  fill(code, made.instance, made.cells, fn, late, undefined, made);
}

/** Properties that an earlier message set and this one does not have become again what the text makes of them. */
function takeBack(parts: readonly PartKind[], fn: AnyFunction, { given, set }: Touched): void {
  for (const earlier of set) {
    if (!('property' in earlier)) continue;
    const { property, of } = earlier;
    const isStill = parts.some((part) => 'property' in part && part.property === property && part.of === of);
    const on = objectOf(fn, of);
    if (isStill || Object.getOwnPropertyDescriptor(on, property)?.configurable !== true) continue;
    const descriptor = given[of][property];
    if (descriptor === undefined) Reflect.deleteProperty(on, property);
    else Object.defineProperty(on, property, descriptor);
  }
}

/** Before the methods of the present message are put together. */
function takeBackMembers(fn: AnyFunction): void {
  for (const member of membersOf.get(fn)?.values() ?? []) {
    const before = touched.get(member);
    if (before === undefined) continue;
    takeBack([], member, before);
    before.set = [];
  }
}

const objectOf = (fn: AnyFunction, of: 'self' | 'prototype'): object =>
  of === 'self' ? fn : (fn as unknown as { prototype: object }).prototype;

const givenTo = (fn: AnyFunction): Made['given'] => ({
  self: Object.getOwnPropertyDescriptors(fn),
  prototype: 'prototype' in fn ? Object.getOwnPropertyDescriptors(objectOf(fn, 'prototype')) : {},
});

/** Leaves a static member of that name alone. */
function nameIt(fn: AnyFunction, name: string): void {
  const own = Object.getOwnPropertyDescriptor(fn, 'name');
  if (own !== undefined && (typeof own.value !== 'string' || own.writable === true)) return;
  if (own?.value !== name) Object.defineProperty(fn, 'name', { value: name, configurable: true });
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
    if (!names.includes(word) && !code.cells.includes(word) && code.text.includes(word)) names.push(word);
  }
  return names;
}

function fill(
  code: Code,
  [set]: Instance,
  cells: object,
  fn: AnyFunction,
  late: readonly unknown[],
  home: object | undefined,
  made: Made | undefined = madeHere.get(fn),
): void {
  const values: Record<string, unknown> = {};
  for (const [name, reference] of Object.entries(code.references)) values[name] = referred(reference);
  for (const [name, path] of Object.entries(code.named)) values[name] = valueNamed(path, moduleLoaded);
  for (const [name, helper] of Object.entries(code.helpers)) values[name] = makeHelper(helper, code.url);
  const cellOf = new Map<string, Cell>();
  code.parts.forEach((part, index) => {
    const value = late[index];
    if ('cell' in part) (cellOf.get(part.cell) as Cell).value = value;
    else if ('variable' in part) {
      if (code.cells.includes(part.variable)) {
        cellOf.set(part.variable, value as Cell);
        addCell(cells, part.variable, value as Cell);
      } else if (code.weak.includes(part.variable)) values[part.variable] = weakFor(value as Token, part.variable, made);
      else values[part.variable] = value;
    } else if ('lexical' in part) values[standIn[part.lexical]] = value;
    else if ('home' in part && home !== undefined) Object.setPrototypeOf(home, inherited(value as Home));
    else if ('inherits' in part) {
      Object.setPrototypeOf(objectOf(fn, part.inherits), inherited(value as Home));
    }
  });
  set(values);
  setProperties(code.parts, late, fn);
}

const inherited = (from: Home): object | null => ('object' in from ? from.object : (from.prototypeOf as { prototype: object }).prototype);

/** A variable that functions share; on the way it was an empty object. */
interface Cell {
  value?: unknown;
}

interface Token {
  readonly weak: 'WeakMap' | 'WeakSet';
}

const weakOf = new WeakMap<Token, object>();

/** One new WeakMap for one token: all functions of a message that had the old one get it, and a class keeps it. */
function weakFor(token: Token, name: string, owner: Made | undefined): object {
  let holder = owner?.weak.get(name) ?? weakOf.get(token);
  holder ??= token.weak === 'WeakMap' ? new WeakMap() : new WeakSet();
  weakOf.set(token, holder);
  owner?.weak.set(name, holder);
  return holder;
}

const membersOf = new WeakMap<AnyFunction, Map<number, AnyFunction>>();

/** Keeps the methods as the text has them, before decorated ones are put in their place. */
function rememberMembers({ methods }: ClassRecipe, fn: AnyFunction): void {
  const members = new Map<number, AnyFunction>();
  for (const { index, key, isStatic, kind } of methods) {
    const on = isStatic ? fn : (fn as unknown as { prototype: object }).prototype;
    const descriptor = Object.getOwnPropertyDescriptor(on, key);
    const method: unknown = kind === 'method' ? descriptor?.value : descriptor?.[kind];
    if (typeof method === 'function') members.set(index, method as AnyFunction);
  }
  membersOf.set(fn, members);
}

function memberIn(of: AnyFunction, index: number): AnyFunction {
  const member = membersOf.get(of)?.get(index);
  if (member === undefined) throw new TypeError(`class ${nameOfFunction(of)} has no such method here`);
  return member;
}

function addCell(cells: object, name: string, cell: Cell): void {
  Object.defineProperty(cells, name, {
    configurable: true,
    get: () => cell.value,
    set: (value: unknown) => {
      cell.value = value;
    },
  });
}

function setProperties(parts: readonly PartKind[], late: readonly unknown[], fn: AnyFunction): void {
  parts.forEach((part, index) => {
    if (!('property' in part)) return;
    const on = objectOf(fn, part.of);
    const value = late[index];
    const flags = withFlags(part.flags);
    const descriptor: PropertyDescriptor =
      part.accessor === undefined ? { ...flags, value, writable: (part.flags & WRITABLE) !== 0 } : { ...flags, [part.accessor]: value };
    if (Object.getOwnPropertyDescriptor(on, part.property)?.configurable === false) return;
    Object.defineProperty(on, part.property, descriptor);
  });
}
