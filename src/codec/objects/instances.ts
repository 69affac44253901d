/**
 * Objects with a prototype of their own: instances of classes, and objects made by `Object.create`.
 *
 *   INSTANCE          class, own fields           made by Object.create(class.prototype): no constructor runs
 *   BUILTIN_INSTANCE  class, Map…, own fields     the built-in object gets the class's prototype
 *   DERIVED_OBJECT    prototype, own fields
 */

import { constructorIn, givenName } from '../../class-names.ts';
import { copyOf, otherCopy } from '../../copies.ts';
import { notSent, sentAs } from '../../handles.ts';
import { isOfNode } from './classes-of-node.ts';
import type { AnyFunction } from '../courier.ts';
import { courier } from '../function/index.ts';
import type { Decoding } from '../packet/decoding.ts';
import type { Encoding } from '../packet/encoding.ts';
import { a } from '../kinds/buffers.ts';
import { prototypeOf, readClass, writeClass } from '../kinds/functions.ts';
import { writeSubstitute } from './named.ts';
import { isBare, keysBesideContent } from './own-keys.ts';
import { type Fields, readOwnFields, readPlain, writeByName, writeFields, writeFieldsOf } from './objects.ts';
import { damaged } from '../packet/reader.ts';
import { writeReduced } from './reduced.ts';
import { reducerOf } from './reducers.ts';
import * as tag from '../packet/tags.ts';
import type { Cause } from '../packet/remedies.ts';
import { SLOT } from '../packet/trail.ts';

const NAMELESS = 'instance of a class without a name';

/** The facts of a prototype about its objects. */
export interface Family {
  /** The class of the instances, if there is one. */
  readonly fn: AnyFunction | undefined;
  /** True if it is `Object.prototype` of this or another realm. */
  readonly isPlain: boolean;
  /** Every class on the way up is a user's own, so no instance has anything built in. */
  readonly isPure: boolean;
  readonly parent: object | null;
  /** Why an instance stays where it is; for classes that have such instances. */
  readonly notSent: ((this: object) => string | undefined) | undefined;
  /** Instances travel as something else. */
  readonly isSubstituted: boolean;
}

const families = new WeakMap<object, Family>();

export function familyOf(prototype: object): Family {
  let family = families.get(prototype);
  if (family === undefined) {
    family = lookAt(prototype);
    families.set(prototype, family);
  }
  return family;
}

function lookAt(prototype: object): Family {
  const parent = Object.getPrototypeOf(prototype) as object | null;
  const fn = classOf(prototype);
  const isPlain = parent === null && fn !== undefined && givenName(fn) === 'Object' && isOfNode(fn);
  const isPure = isPlain || (fn !== undefined && !isOfNode(fn) && (parent === null || familyOf(parent).isPure));
  return {
    fn,
    isPlain,
    isPure,
    parent,
    notSent: (prototype as { [notSent]?: Family['notSent'] })[notSent],
    isSubstituted: sentAs in prototype,
  };
}

/** The class whose instances have this prototype. */
function classOf(prototype: object): AnyFunction | undefined {
  const fn = constructorIn(prototype);
  return fn?.prototype === prototype ? (fn as AnyFunction) : undefined;
}

/** The usual name of an object's class: the first on the way up. */
function classNameOf(prototype: object | null): string {
  for (let at = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const fn = classOf(at);
    if (fn !== undefined) return givenName(fn) || NAMELESS;
    const label: unknown = Object.getOwnPropertyDescriptor(at, Symbol.toStringTag)?.value;
    if (typeof label === 'string' && label !== '') return label;
  }
  return 'object without a class';
}

export function writeInstance(encoding: Encoding, object: object, prototype: object): void {
  const { fn, isPure, parent, notSent: whyNot, isSubstituted } = familyOf(prototype);
  if (isSubstituted) return writeSubstitute(encoding, object);
  const reason = whyNot?.call(object);
  if (reason !== undefined) throw encoding.refusal(reason);
  const reducer = reducerOf(fn);
  if (reducer !== undefined && fn !== undefined) return writeReduced(encoding, object, fn, reducer);
  if (encoding.asksForName(prototype) && writeByName(encoding, object)) return;
  if (!isPure) refuseNodes(encoding, prototype);
  const secret = courier.privateState(object);
  if (secret !== undefined) {
    const className = classNameOf(prototype);
    const kind = copyOf(object)?.kind;
    const other = kind === 'shared' ? otherCopy(object) : undefined;
    if (other !== undefined) throw encoding.refusal(`${a(className)} cannot cross: ${other}`);
    if (kind === 'pool') throw encoding.refusalWith('pool', `${a(className)} cannot cross`);
    if (kind !== undefined) throw encoding.refusalWith('promise', `${a(className)} cannot cross`);
    throw encoding.refusalWith(
      'private',
      `${a(className)} cannot cross: its ${secret} cannot be seen from outside`,
      className === NAMELESS ? '…' : className,
    );
  }
  if (fn === undefined) return writeDerived(encoding, object, prototype);
  if (parent === null && isOfNode(fn)) return refuse(encoding, prototype);
  encoding.head(tag.INSTANCE);
  writeClass(encoding, fn);
  encoding.claim(object);
  encoding.body(object as Fields, writeFields);
}

function refuseNodes(encoding: Encoding, prototype: object): void {
  for (let at: object | null = prototype; at !== null; at = familyOf(at).parent) {
    const { fn, isPlain } = familyOf(at);
    if (fn !== undefined && !isPlain && isOfNode(fn)) refuse(encoding, prototype);
  }
}

export function refuse(encoding: Encoding, prototype: object | null, cause: Cause = causeOf(prototype)): never {
  throw encoding.refusalWith(cause, `${a(classNameOf(prototype))} cannot cross`);
}

/** Built-in classes of which not the system but the language keeps the state. */
function causeOf(prototype: object | null): Cause {
  const name = classNameOf(prototype);
  if (name === NAMELESS) return causeOf(Object.getPrototypeOf(prototype) as object | null);
  if (/^Weak(?:Map|Set|Ref)$|^FinalizationRegistry$/.test(name)) return 'weak';
  return / Iterator$|Generator$|^Iterator Helper$/.test(name) ? 'iterator' : 'node';
}

function writeDerived(encoding: Encoding, object: object, prototype: object): void {
  encoding.head(tag.DERIVED_OBJECT);
  encoding.trail.enter(SLOT);
  encoding.trail.at('.[[Prototype]]');
  encoding.value(prototype);
  encoding.trail.leave();
  encoding.claim(object);
  encoding.body(object as Fields, writeFields);
}

/** An object that is built in but has a user's class; `write` writes the built-in part. */
export function writeBuiltinInstance<T extends object>(encoding: Encoding, object: T, fn: AnyFunction, write: () => void): void {
  encoding.head(tag.BUILTIN_INSTANCE);
  writeClass(encoding, fn);
  write();
  encoding.body(object, writeFieldsBeside);
}

function writeFieldsBeside(encoding: Encoding, object: object): void {
  writeFieldsOf(encoding, object as Fields, keysBesideContent(encoding, object));
}

/** An object of a built-in class itself; `write` writes the built-in part. */
export function writeBuiltin(encoding: Encoding, object: object, write: (encoding: Encoding, object: never) => void): void {
  if (isBare(encoding, object)) {
    write(encoding, object as never);
    return;
  }
  encoding.head(tag.WITH_FIELDS);
  write(encoding, object as never);
  encoding.body(object, writeFieldsBeside);
}

export function readInstance(decoding: Decoding, isLater: boolean): object {
  decoding.enter();
  const fn = readClass(decoding);
  decoding.leave();
  const object = Object.create(prototypeOf(fn)) as Fields;
  decoding.claim(object);
  decoding.body(object, readOwnFields, isLater);
  return object;
}

export function readDerived(decoding: Decoding, isLater: boolean): object {
  decoding.enter();
  const prototype = decoding.value();
  decoding.leave();
  if (typeof prototype !== 'object') throw damaged('a prototype is missing');
  const object = Object.create(prototype) as Fields;
  decoding.claim(object);
  decoding.body(object, readOwnFields, isLater);
  return object;
}

export function readBuiltinInstance(decoding: Decoding, isLater: boolean): object {
  decoding.enter();
  const fn = readClass(decoding);
  const object = decoding.value();
  decoding.leave();
  if (typeof object !== 'object' || object === null) throw damaged('an object is missing');
  Object.setPrototypeOf(object, prototypeOf(fn));
  decoding.body(object as Fields, readOwnFields, isLater);
  return object;
}

export function readWithFields(decoding: Decoding, isLater: boolean): unknown {
  decoding.enter();
  const object = decoding.value();
  decoding.leave();
  decoding.body(object as Fields, readOwnFields, isLater);
  return object;
}

export function readNullObject(decoding: Decoding, isLater: boolean): object {
  return readPlain(decoding, Object.create(null) as Fields, isLater);
}

export function writeNullObject(encoding: Encoding, object: object): void {
  encoding.head(tag.NULL_OBJECT);
  encoding.claim(object);
  encoding.body(object as Fields, writeFields);
}
