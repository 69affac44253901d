/**
 * Takes a function apart for shipping. In order of preference it goes
 *
 *   home          it is a class that the receiver made
 *   by name       Math.max, fs.promises.readFile
 *   by reference  an export of an imported module
 *   in parts      a bound function
 *   by value      its source, and the variables it captured
 */

import { types } from 'node:util';
import { givenName } from '../../../class-names.ts';
import { copyOf, otherCopy } from '../../../copies.ts';
import { SerializationError } from '../../../errors.ts';
import { publish } from '../../../events.ts';
import { handleDoor, isShared } from '../../../handles.ts';
import type { AnyFunction, Dismantled } from '../../courier.ts';
import type { Destination } from '../../packet/packet.ts';
import { Captured } from './capture-variables.ts';
import { dismantleClass, memberText } from './dismantle-class.ts';
import { dismantleCode } from './dismantle-code.ts';
import { addOwnProperties, addProperty } from '../inspect/function-properties.ts';
import { type FunctionSyntax, functionSyntax } from '../analyse/function-syntax.ts';
import { strictWithoutScript } from '../analyse/global-code.ts';
import { helperOf } from '../rebuild/helpers.ts';
import { inspect, type Inspection, inspectorAvailable, inspectorMissing } from '../inspect/inspector.ts';
import type { Capture } from './message.ts';
import { knownFunction, modulesOfName, nameOfFunction, wellKnownFunction } from '../analyse/names.ts';
import { bornIn, originId, rememberedId } from '../inspect/origins.ts';
import { markOf } from '../inspect/origin-place.ts';
import { type Place, placeOf } from '../analyse/place.ts';
import type { MemberRecipe, Recipe } from './recipe.ts';
import { recall, rememberReference } from '../inspect/remembered.ts';
import { type Reference, referenceOfFunction, referenceWithoutInspector } from '../analyse/references.ts';
import { functionRemedies } from '../../packet/remedies.ts';
import { countCapture } from '../analyse/repeated-places.ts';
import { type ScriptSyntax, scriptOf } from '../analyse/script-syntax.ts';
import { isModuleScope } from '../analyse/variables.ts';

const native = /\{\s*\[native code\]\s*\}\s*$/;

export function dismantle(fn: AnyFunction, border: Destination, path: string, capture: Capture): Dismantled {
  const root = capture.takeRoot();
  if (root !== undefined) return root;
  if (types.isProxy(fn)) throw new SerializationError(`${path}: a Proxy cannot cross: the function behind it can`);
  const known = rememberedId(fn);
  if (known !== undefined && bornIn(known, border.peer)) return alone({ kind: 'home', id: known });
  const text = Function.prototype.toString.call(fn);
  const named = native.test(text) ? wellKnownFunction(fn) : knownFunction(fn);
  if (named !== undefined) return byName(named);
  const helper = helperOf(fn);
  if (helper !== undefined) return alone({ kind: 'helper', ...helper });
  const again = recall(fn, path, capture);
  if (again !== undefined) return again;
  const started = performance.now();
  const result = inspectorAvailable()
    ? inspect(nameOfFunction(fn), (inspection) => dismantleWith(inspection, fn, text, path, capture))
    : dismantleWithout(fn, path);
  publish('functionCaptured', () => ({
    name: nameOfFunction(fn),
    how: (result.early as Recipe).kind === 'reference' ? 'reference' : 'value',
    ms: performance.now() - started,
  }));
  return result;
}

const alone = (early: Recipe): Dismantled => ({ early, late: [], modules: [] });

const byName = (path: string): Dismantled => ({ early: { kind: 'name', path } satisfies Recipe, late: [], modules: modulesOfName(path) });

const lengthOfFunction = (fn: AnyFunction): number => {
  const value: unknown = Object.getOwnPropertyDescriptor(fn, 'length')?.value;
  return typeof value === 'number' ? value : 0;
};

const byReference = (reference: Reference): Dismantled => ({
  early: { kind: 'reference', reference } satisfies Recipe,
  late: [],
  modules: [reference.module],
});

function dismantleWithout(fn: AnyFunction, path: string): Dismantled {
  const named = wellKnownFunction(fn);
  if (named !== undefined) return byName(named);
  const reference = referenceWithoutInspector(fn);
  if (reference === undefined) throw inspectorMissing(path);
  return byReference(reference);
}

function dismantleWith(inspection: Inspection, fn: AnyFunction, text: string, path: string, capture: Capture): Dismantled {
  const started = performance.now();
  const facts = inspection.facts(fn);
  if (facts.bound !== undefined) {
    capture.mutable();
    const { target, self, args } = facts.bound;
    const other = copyOf(self)?.kind === 'shared' ? otherCopy(self) : undefined;
    if (other !== undefined) throw new SerializationError(`${path} → this: the object of the method cannot cross: ${other}`);
    // A shared object is of heddle's own class there, too, so its methods need not be sent (and could not: what they use is private).
    const method = isShared(self) ? handleDoor()?.methodOf(self as object, target) : undefined;
    const length = Math.max(0, lengthOfFunction(target) - args.length);
    const captured = new Captured();
    addOwnProperties(fn, captured, path, { name: `bound ${givenName(target)}`, length });
    return {
      early: { kind: 'bound', target: method ?? target, self, args, parts: captured.parts } satisfies Recipe,
      late: captured.late,
      modules: [],
    };
  }
  if (native.test(text))
    throw new SerializationError(`${path}: native function ${nameOfFunction(fn)} cannot cross: ${functionRemedies.native}`);
  const syntax = syntaxOf(text, path);
  const strict = facts.isGlobal ? strictWithoutScript(fn, text, syntax, facts, capture) : undefined;
  const script = strict === undefined ? scriptOf(inspection, facts, text, syntax) : undefined;
  const place = script === undefined || facts.location === undefined ? undefined : placeOf(text, syntax, script, facts.location);
  if (script !== undefined && place !== undefined) {
    if (script.url.startsWith('node:')) {
      const named = wellKnownFunction(fn);
      if (named !== undefined) return byName(named);
      throw new SerializationError(`${path}: Node's internal function ${nameOfFunction(fn)} cannot cross: ${functionRemedies.ofNode}`);
    }
    const reference = referenceOfFunction(fn, text, place, script, () => facts.scopes.some(isModuleScope));
    if (reference !== undefined) {
      const dismantled = byReference(reference);
      rememberReference(fn, path, dismantled);
      return dismantled;
    }
  }
  const member = script === undefined || place === undefined ? undefined : memberOf(text, script, place, capture);
  if (member !== undefined) {
    const captured = new Captured();
    addOwnProperties(fn, captured, path, { name: undefined, length: undefined });
    if (givenName(fn) !== '') addProperty(captured, fn, 'name', 'self', `${path}.name`);
    return { early: { ...member, parts: captured.parts } satisfies Recipe, late: captured.late, modules: [] };
  }
  if (syntax.free.directEval)
    throw new SerializationError(
      `${path}: code that calls eval cannot be shipped, for it may read any variable around it: ${functionRemedies.eval}`,
    );
  const [secret] = syntax.free.privateNames;
  if (secret !== undefined)
    throw new SerializationError(`${path}: code that uses #${secret} cannot be shipped without its class: ${functionRemedies.privateName}`);
  if (strict !== undefined) capture.origin = { fn, mark: markOf(text) };
  const source = { inspection, fn, facts, text, syntax, script, place, strict, path, capture };
  const dismantled = syntax.form === 'class' ? dismantleClass(source, originId(fn)) : dismantleCode(source);
  if (script !== undefined && place !== undefined) countCapture(script, place, performance.now() - started);
  return dismantled;
}

/** A method that stands in the text of a class of this message. */
function memberOf(text: string, script: ScriptSyntax, { start }: Place, capture: Capture): Omit<MemberRecipe, 'parts'> | undefined {
  const around = capture.classAround(script.id, start, start + text.length);
  if (around === undefined) return undefined;
  const classText = Function.prototype.toString.call(around);
  const { members, offset } = functionSyntax(classText);
  const index = members.findIndex((member) => member.type === 'MethodDefinition' && memberText(member, classText, offset) === text);
  return index === -1 ? undefined : { kind: 'member', of: around, index };
}

function syntaxOf(text: string, path: string): FunctionSyntax {
  try {
    return functionSyntax(text);
  } catch (error) {
    if (/#\w/.test(text))
      throw new SerializationError(`${path}: a private method cannot be shipped without its class: ${functionRemedies.privateName}`);
    throw new SerializationError(`${path}: its source cannot be read`, { cause: error });
  }
}
