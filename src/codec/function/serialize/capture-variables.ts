/**
 * The forms in which the free variables of a function travel:
 *
 *   import binding            →  imported again on the other side
 *   require, import.meta …    →  made again for the module's URL
 *   console, node:fs          →  by name
 *   a module object           →  the members that the code names
 *   a shared object           →  a handle on it, imported or not; so an array over shared memory
 *   shared and changed        →  a cell
 *   anything else             →  its value of this moment
 */

import { types } from 'node:util';
import { SerializationError } from '../../../errors.ts';
import { isSharedOrView } from '../../../handles.ts';
import type { AnyFunction, Part } from '../../courier.ts';
import { functionRemedies } from '../../packet/remedies.ts';
import type { FreeVariable } from '../analyse/free-variables.ts';
import type { FunctionSyntax } from '../analyse/function-syntax.ts';
import { isReadOnly } from '../analyse/how-used.ts';
import type { FunctionFacts, Inspection } from '../inspect/inspector.ts';
import { scriptUrl } from './main-module.ts';
import type { Capture } from './message.ts';
import { helperOf } from '../rebuild/helpers.ts';
import { keyOfNamespace } from './modules.ts';
import { modulesOfName, wellKnownObject } from '../analyse/names.ts';
import type { Place } from '../analyse/place.ts';
import type { Helper, PartKind } from './recipe.ts';
import { type Reference, referenceOfImport, referenceOfObject } from '../analyse/references.ts';
import type { ScriptSyntax } from '../analyse/script-syntax.ts';
import type { Node } from '../analyse/syntax.ts';
import { findVariable, isCommonJsScope, isModuleScope } from '../analyse/variables.ts';

/** A function about to be taken apart, with all that is known of it. */
export interface Source {
  readonly inspection: Inspection;
  readonly fn: AnyFunction;
  readonly facts: FunctionFacts;
  readonly text: string;
  readonly syntax: FunctionSyntax;
  readonly script: ScriptSyntax | undefined;
  readonly place: Place | undefined;
  /** Strictness, where `place` is not known. */
  readonly strict?: boolean | undefined;
  /** How errors call the function. */
  readonly path: string;
  readonly capture: Capture;
}

/** The captured variables, sorted by how they travel. */
export class Captured {
  readonly references: Record<string, Reference> = {};
  readonly named: Record<string, string> = {};
  readonly helpers: Record<string, Helper> = {};
  readonly cells: string[] = [];
  readonly weak: string[] = [];
  readonly parts: PartKind[] = [];
  readonly late: Part[] = [];
  readonly modules: string[] = [];
  /** Captured objects, each with its uses: what they mean for the next call is judged anew each time. */
  readonly objects: { readonly use: FreeVariable; readonly value: object }[] = [];
  /** Every variable captured will always be what it is now; what the objects in them hold may change. */
  isFixed = true;

  add(kind: PartKind, path: string, value: unknown): void {
    this.parts.push(kind);
    this.late.push({ path, value });
  }
}

export function captureVariables(source: Source): Captured {
  const captured = new Captured();
  const { isRoot } = source.capture.enter();
  for (const [name, use] of source.syntax.free.names) captureOne(source, captured, name, use);
  const { ownName } = source.syntax;
  if (ownName !== undefined && isReassigned(source)) captureOne(source, captured, ownName, { assigned: true, uses: [] });
  // Nothing else in the message can see its variables.
  const alone =
    isRoot && source.syntax.isArrow && captured.late.every(({ value }) => typeof value !== 'object' && typeof value !== 'function');
  if (!alone) shareCells(source, captured);
  return captured;
}

/** True if the function's own name, as its code sees it, may hold another value by now. */
export function isReassigned({ syntax, script, place }: Source): boolean {
  const { ownName, form } = syntax;
  if (form !== 'expression' || ownName === undefined || script === undefined || place === undefined) return false;
  return script.assigned.has(ownName) && script.declarationsAt.has(place.start);
}

function captureOne(source: Source, captured: Captured, name: string, use: FreeVariable): void {
  const { inspection, fn, facts, script, capture } = source;
  const path = `${source.path} → ${name}`;
  const found = findVariable(inspection, fn, facts.scopes, name, script, path);
  if (found === undefined) return;
  const { scope, value } = found;
  // Any later script may assign a variable of the script scope or the global object.
  const changes =
    script === undefined || script.hasEval || script.assigned.has(name) || scope.description === 'Global' || scope.description === 'Script';
  if (changes) captured.isFixed = false;
  // A captured import is the object of this thread, and not the one that the module would make there.
  if (script !== undefined && isModuleScope(scope) && !isSharedOrView(value)) {
    const reference = referenceOfImport(script, name);
    if (reference !== undefined) {
      captured.references[name] = reference;
      captured.modules.push(reference.module);
      return;
    }
  }
  const url = script === undefined ? '' : scriptUrl(script.url);
  const runner = runnerNames.exec(name);
  if (runner !== null && url !== '') {
    captured.helpers[name] = runner[1] === 'meta' ? 'meta' : 'import';
    return;
  }
  if (name === 'require' && url !== '' && typeof value === 'function' && isCommonJsScope(scope)) {
    captured.helpers[name] = 'require';
    return;
  }
  if (isObject(value) && isSharedOrView(value)) {
    if (script?.imports.has(name) === true) captured.isFixed = false;
    if (changes || !captured.isFixed) capture.unstable();
    captured.objects.push({ use, value });
    judge(capture, use, value);
    captured.add({ variable: name }, path, value);
    return;
  }
  if (isObject(value)) {
    if (captureByName(captured, name, value)) return;
    if (types.isWeakMap(value) || types.isWeakSet(value)) {
      const token = capture.weak(value, source.syntax.form === 'class' && holdsPrivateState(use));
      if (token !== undefined) {
        captured.isFixed = false;
        captured.weak.push(name);
        captured.add({ variable: name }, path, token);
        return;
      }
    }
    if (name === 'module' && isCommonJsScope(scope)) {
      captured.isFixed = false;
      capture.unstable();
      const { id, filename, exports } = value as { id: unknown; filename: unknown; exports: unknown };
      captured.add({ variable: name }, path, { id, filename, exports, children: [], paths: [] });
      return;
    }
    const members = runnerImport.test(name) || isModuleLike(value) ? membersUsed(use) : undefined;
    if (types.isModuleNamespaceObject(value) && members === undefined) {
      throw new SerializationError(
        `${path}: a module namespace that was not imported by an import declaration cannot cross whole: ${functionRemedies.namespace}`,
      );
    }
    if (changes) capture.unstable();
    if (members !== undefined) captured.isFixed = false;
    captured.objects.push({ use, value });
    judge(capture, use, value);
    captured.add({ variable: name }, path, members === undefined ? value : pick(value, members));
    return;
  }
  if (changes) capture.unstable();
  if (use.assigned) capture.mutable();
  captured.add({ variable: name }, path, value);
}

/** The names that vite's module runner (vitest) uses for `import.meta` and `import()`. */
const runnerNames = /^__(?:vi|vite_ssr)_(?:import_(meta)|(dynamic)_import)__$/;
/** … and of an import declaration. */
const runnerImport = /^__(?:vi|vite_ssr)_import_\d+__$/;

const isObject = (value: unknown): value is object => (typeof value === 'object' && value !== null) || typeof value === 'function';

function captureByName(captured: Captured, name: string, value: object): boolean {
  if (helperOf(value) !== undefined) return false;
  const known = typeof value === 'function' ? undefined : wellKnownObject(value);
  if (known !== undefined) {
    captured.named[name] = known;
    captured.modules.push(...modulesOfName(known));
    return true;
  }
  const key = keyOfNamespace(value);
  const reference = key !== undefined ? { module: key, name: '*' } : typeof value === 'function' ? undefined : referenceOfObject(value);
  if (reference === undefined) return false;
  captured.references[name] = reference;
  captured.modules.push(reference.module);
  return true;
}

/** Notes what a captured object means for the next call: may its bytes have changed, may a call change it. */
export function judge(capture: Capture, use: FreeVariable, value: object): void {
  if (isSharedOrView(value)) {
    // A handle says nothing of what is in the object, and both sides see that.
    if (use.assigned) capture.mutable();
    return;
  }
  if (typeof value === 'function') {
    if (use.assigned || hasOwnState(value)) capture.mutable();
    return;
  }
  capture.unstable();
  if (use.assigned || !isReadOnly(use, value)) capture.mutable();
}

const hasOwnState = (fn: object): boolean => Object.keys(fn).length > 0 && !/^class\b/.test(Function.prototype.toString.call(fn));

/** A namespace object, or what transpilers and test runners make of one. */
function isModuleLike(value: object): boolean {
  if (types.isModuleNamespaceObject(value)) return true;
  if (types.isProxy(value)) return false;
  return (
    Object.getOwnPropertyDescriptor(value, '__esModule')?.value === true ||
    Object.getOwnPropertyDescriptor(value, Symbol.toStringTag)?.value === 'Module' ||
    isInterop(value)
  );
}

/** `__toESM(require('x'))`, `__importStar(require('x'))`: the module as `default`, and getters for its exports. */
function isInterop(value: object): boolean {
  const original: unknown = Object.getOwnPropertyDescriptor(value, 'default')?.value;
  if (!isObject(original)) return false;
  if (typeof original === 'object' && (wellKnownObject(original) !== undefined || referenceOfObject(original) !== undefined)) return true;
  const { default: _, ...others } = Object.getOwnPropertyDescriptors(value) as Record<string, PropertyDescriptor>;
  return Object.values(others).every(({ get }) => get !== undefined) && Object.getPrototypeOf(value) === Object.getPrototypeOf(original);
}

/** The members of a variable that the code names, if it does nothing else with it. */
function membersUsed({ uses, assigned }: FreeVariable): Set<string> | undefined {
  const members = new Set<string>();
  if (assigned) return undefined;
  for (const { node, parents } of uses) {
    const parent = parents[0];
    if (parent?.type !== 'MemberExpression' || parent['object'] !== node || parent['computed'] === true) return undefined;
    members.add((parent['property'] as Node)['name'] as string);
  }
  return members;
}

function pick(value: object, members: ReadonlySet<string>): object {
  const picked: Record<string, unknown> = {};
  for (const name of members) if (name in value) picked[name] = (value as Record<string, unknown>)[name];
  return picked;
}

/** `_x.set(this, …)`, `_x.add(this)`, `__classPrivateFieldGet(this, _x, …)`, `__privateAdd(this, _x)`: a lowered `#x`. */
export function holdsPrivateState({ uses }: FreeVariable): boolean {
  return uses.some(({ node, parents }) => {
    const [parent, grandparent] = parents;
    const call =
      parent?.type === 'CallExpression'
        ? parent
        : parent?.type === 'MemberExpression' && parent['object'] === node
          ? grandparent
          : undefined;
    return call?.type === 'CallExpression' && call['callee'] !== node && (call['arguments'] as Node[])[0]?.type === 'ThisExpression';
  });
}

/** Makes cells of those variables that some function of the message changes and another may see. */
function shareCells(source: Source, captured: Captured): void {
  const { inspection, fn, facts, script, capture, syntax } = source;
  if (script === undefined) return;
  captured.parts.forEach((part, index) => {
    if (!('variable' in part) || !script.assignedInFunctions.has(part.variable) || captured.weak.includes(part.variable)) return;
    const name = part.variable;
    const late = captured.late[index] as Part;
    const scope = facts.scopes.find(({ object }) => name in object);
    if (scope === undefined) return;
    const read = (): unknown => inspection.facts(fn).scopes.find(({ object }) => name in object)?.object[name];
    const shared = { scriptId: script.id, name, fn, value: late.value };
    const { key, isNew } = capture.cell(inspection, shared, read, isModuleScope(scope));
    captured.late[index] = { path: late.path, value: key };
    captured.cells.push(name);
    if (isNew) captured.add({ cell: name }, late.path, late.value);
    if (syntax.free.names.get(name)?.assigned === true) capture.mutable();
  });
}
