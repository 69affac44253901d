/** A function by value: its text, rewritten where words lose their meaning, and its captured variables. */

import { SerializationError } from '../../../errors.ts';
import type { Dismantled } from '../../courier.ts';
import { type Captured, captureVariables, isReassigned, type Source } from './capture-variables.ts';
import { probeFrame } from '../inspect/frame-probe.ts';
import { addOwnProperties, addProperty, lengthOf } from '../inspect/function-properties.ts';
import { realmId } from '../../packet/realm.ts';
import { functionRemedies } from '../../packet/remedies.ts';
import { originId } from '../inspect/origins.ts';
import { remember } from '../inspect/remembered.ts';
import { asHome, findHome } from '../inspect/home-object.ts';
import type { FunctionSyntax } from '../analyse/function-syntax.ts';
import { scriptUrl } from './main-module.ts';
import { givenName } from '../../../class-names.ts';
import { type Code, type CodeRecipe, standIn } from './recipe.ts';
import { type Edit, edited, wordEdits } from '../analyse/rewrite.ts';
import { stackFile } from '../inspect/stack.ts';
import type { Node } from '../analyse/syntax.ts';

export function dismantleCode(source: Source): Dismantled {
  const { syntax, fn, path, capture } = source;
  capture.functions.push(fn);
  const captured = captureVariables(source);
  const edits: Edit[] = wordEdits(syntax);
  let self: unknown;
  const { free } = syntax;
  if (syntax.isArrow) {
    const lexical = readLexical(source);
    if (free.usesSuper) {
      self = lexical?.get('this');
      captured.add({ home: true }, `${path} → super`, findHome(source, self));
    } else if (lexical !== undefined) {
      if (free.thisAt.length > 0) captured.add({ lexical: 'this' }, `${path} → this`, lexical.get('this'));
      if (free.argumentsAt.length > 0)
        captured.add({ lexical: 'arguments' }, `${path} → arguments`, [...(lexical.get('arguments') as unknown[])]);
      if (free.newTargetAt.length > 0) captured.add({ lexical: 'newTarget' }, `${path} → new.target`, lexical.get('newTarget'));
    }
  } else if (free.usesSuper) captured.add({ home: true }, `${path} → super`, findHome(source, undefined));
  if (syntax.key !== undefined) edits.push(keyEdit(syntax.key));
  if (isReassigned(source)) edits.push(withoutName(syntax));
  addProperties(source, captured);
  const isClassLike = addInheritance(source, captured);
  if (isClassLike) capture.identity();
  const hasState = captured.parts.some((part) => 'lexical' in part || 'home' in part || 'property' in part || 'inherits' in part);
  if (hasState) capture.mutable();
  const recipe: CodeRecipe = {
    kind: 'code',
    form: syntax.form as Exclude<typeof syntax.form, 'class'>,
    ...(isClassLike ? { id: originId(fn) } : {}),
    from: realmId,
    inMethod: syntax.isArrow && free.usesSuper,
    self,
    ...codeOf(source, captured, edits),
  };
  const dismantled = { early: recipe, late: captured.late, modules: captured.modules };
  // A second message would not know the origin.
  if (captured.isFixed && !hasState && source.strict === undefined) remember(fn, path, dismantled, captured.objects, isClassLike);
  return dismantled;
}

/** A method is rebuilt under a fixed key: its own may be computed, and is a property of the function's name anyway. */
const keyEdit = (key: { start: number; end: number }): Edit => ({
  start: key.start,
  end: key.end,
  text: key.end - key.start < 2 ? '$' : '$m',
});

/**
 * A declaration whose name is assigned somewhere goes without it: then the name, as its code sees it, is a captured variable.
 * A function expression would bind it once and for all.
 */
function withoutName({ node, offset }: FunctionSyntax): Edit {
  const { start, end } = node['id'] as Node;
  return { start: start - offset, end: end - offset, text: '' };
}

/** The common part of functions and classes. */
export function codeOf(source: Source, captured: Captured, edits: readonly Edit[]): Code {
  const { text, syntax, script, place, strict, fn, capture } = source;
  const url = script === undefined ? '' : scriptUrl(script.url);
  const helpers = { ...captured.helpers };
  if (syntax.free.importMetaAt.length > 0) helpers[standIn.importMeta] = 'meta';
  if (syntax.free.importCallAt.length > 0) helpers[standIn.importCall] = 'import';
  const { references, named, cells, weak, parts } = captured;
  return {
    text: edited(text, edits),
    file: script === undefined ? (capture.origin?.mark ?? '') : stackFile(script),
    line: place?.line ?? 0,
    column: place?.column ?? 0,
    strict: place?.strict ?? strict ?? false,
    name: givenName(fn),
    url: url === '' ? new URL(`file://${process.cwd()}/`).href : url,
    references,
    named,
    helpers,
    cells,
    weak,
    parts,
  };
}

/** The words an arrow function takes from around it. */
function readLexical({ inspection, fn, syntax, path, script, place, text }: Source): Map<string, unknown> | undefined {
  const { thisAt, argumentsAt, newTargetAt, usesSuper } = syntax.free;
  const wanted: [string, string][] = [];
  if (thisAt.length > 0 || usesSuper) wanted.push(['this', 'this']);
  if (argumentsAt.length > 0) wanted.push(['arguments', 'arguments']);
  if (newTargetAt.length > 0) wanted.push(['newTarget', 'new.target']);
  if (wanted.length === 0) return undefined;
  // At the top level of a module `this` is undefined, and there is nothing else to take.
  const atTop =
    script?.isModule === true && script.topLevel.some(({ start, end }) => start === place?.start && end === place.start + text.length);
  if (atTop && !usesSuper) return new Map();
  const found = probeFrame(inspection, fn, ($) => wanted.map(([name, word]) => `${$}.put('${name}', ${word})`).join(';'));
  if (found === undefined)
    throw new SerializationError(
      `${path} → this: the ${wanted.map(([, word]) => word).join(', ')} of an arrow function cannot be read here: ${functionRemedies.words}`,
    );
  return found;
}

/** Properties that were put on the function, or on the prototype of one that is used as a class. */
function addProperties({ fn, syntax, path }: Source, captured: Captured): void {
  addOwnProperties(fn, captured, path, { name: undefined, length: lengthOf(syntax.node['params'] as Node[]) });
  const prototype = Object.getOwnPropertyDescriptor(fn, 'prototype')?.value as object | undefined;
  if (prototype === undefined || prototype === null) return;
  for (const key of Reflect.ownKeys(prototype)) {
    if (key !== 'constructor') addProperty(captured, prototype, key, 'prototype', `${path}.prototype.${String(key)}`);
  }
}

/**
 * Adds the parent of a class in the old style (`util.inherits`, `Object.create(Parent.prototype)`).
 * @returns whether the function is such a class, or by its name may be one
 */
function addInheritance({ fn, syntax, path }: Source, captured: Captured): boolean {
  const { node, form, isArrow } = syntax;
  if (form !== 'expression' || isArrow || node['async'] === true || node['generator'] === true) return false;
  const parent: unknown = Object.getPrototypeOf(fn);
  if (typeof parent === 'function' && !/\[native code\]/.test(Function.prototype.toString.call(parent))) {
    captured.add({ inherits: 'self' }, `${path} → parent`, { object: parent });
  }
  const { prototype } = fn as unknown as { prototype: object };
  const above = Object.getPrototypeOf(prototype) as object | null;
  if (above !== null && Object.getPrototypeOf(above) !== null)
    captured.add({ inherits: 'prototype' }, `${path}.prototype → parent`, asHome(above));
  return (
    [givenName(fn), syntax.ownName ?? ''].some((name) => /^[A-Z]/.test(name)) ||
    captured.parts.some((part) => 'inherits' in part || ('property' in part && part.of === 'prototype'))
  );
}
