/**
 * Errors cross as what they are: a real Error of the same class, with message, stack, causes and own properties.
 *
 *   ERROR  base: the built-in kind   class: none | one of heddle's | a user's   stack   own properties, END
 *
 * A thrown error is a report, so it never fails to arrive. A property that cannot cross is left out. Where the class cannot cross, the
 * error arrives as the built-in kind that it extends, under its own name. Its stack names what is missing. Any other error is a value:
 * whole, or refused. Constructors do not run.
 *
 * Classes that Node keeps private (`AbortError`, `SystemError`) do not exist elsewhere. Such an error arrives as the built-in kind that its
 * class extends, with the same name, code and other properties.
 */

import { types } from 'node:util';
import { givenName } from '../../class-names.ts';
import * as errors from '../../errors.ts';
import type { AnyFunction } from '../courier.ts';
import { whileSet, withoutOwnFrames } from '../../stack-frames.ts';
import { courier } from '../function/index.ts';
import type { Decoding } from '../packet/decoding.ts';
import type { Encoding } from '../packet/encoding.ts';
import { prototypeOf, readClass, writeClass } from './functions.ts';
import { familyOf } from '../objects/instances.ts';
import { hole } from '../packet/tags.ts';
import { define, type Fields } from '../objects/objects.ts';
import { damaged } from '../packet/reader.ts';
import { writeReduced } from '../objects/reduced.ts';
import { reducerOf } from '../objects/reducers.ts';
import { symbolKeyRefused } from '../objects/own-keys.ts';
import { ACCESSOR, CONFIGURABLE, flagsOf, withFlags, WRITABLE } from '../objects/property-flags.ts';
import { isPortable, readKey, writeKey } from './symbols.ts';
import { isOfNode } from '../objects/classes-of-node.ts';
import * as tag from '../packet/tags.ts';
import { ERROR_FIELD, FIELD } from '../packet/trail.ts';

/** By their number in a message. Only add at the end. */
const bases = [
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
  'AggregateError',
  'DOMException',
];
const DOM_EXCEPTION = 8;

const PLAIN_CLASS = 0;
const HEDDLE_CLASS = 1;
const USER_CLASS = 2;
const NULL_PROTOTYPE = 3;

/** Beside the flags of a hidden accessor, which an error that is a value takes along. */
const PAIR = 16;

/** As `message` is. */
const HIDDEN = WRITABLE | CONFIGURABLE;

const heddleClasses = new Map<unknown, string>(Object.entries(errors).map(([name, fn]) => [fn, name]));

/** Also what only inherits from Error, as classes did before there was `class`. */
export function isError(object: object): boolean {
  return types.isNativeError(object) || isDomException(object) || inheritsFromError(object);
}

function inheritsFromError(object: object): boolean {
  for (let at = Object.getPrototypeOf(object) as object | null; at !== null; at = familyOf(at).parent) {
    const { fn } = familyOf(at);
    if (fn !== undefined && givenName(fn) === 'Error' && isOfNode(fn)) return true;
  }
  return false;
}

function isDomException(object: object): boolean {
  return typeof DOMException === 'function' && object instanceof DOMException;
}

export function writeError(encoding: Encoding, error: object): void {
  const { base, fn, internal } = classOfError(error);
  const reducer = reducerOf(fn);
  if (reducer !== undefined && fn !== undefined) return writeReduced(encoding, error, fn, reducer);
  const { writer } = encoding;
  encoding.head(tag.ERROR);
  encoding.claim(error);
  writer.byte(base);
  if (base === DOM_EXCEPTION) {
    writer.text((error as DOMException).message);
    writer.text((error as DOMException).name);
  }
  const crossed = writeClassOfError(encoding, error, fn);
  writeStack(encoding, error, fn);
  // An error without its class keeps at least the name.
  encoding.body(error, internal !== undefined ? writePropertiesOfNode : crossed ? writeProperties : writePropertiesAndName);
}

/**
 * A missing stack stays missing. A stack that is not a string (`Error.prepareStackTrace`) is a value like any other, unless the error was
 * thrown.
 */
function writeStack(encoding: Encoding, error: object, fn: AnyFunction | undefined): void {
  const { isThrown, omitted, trail, writer } = encoding;
  trail.enter(FIELD);
  trail.at('stack');
  const stack: unknown = isThrown ? attempt(() => (error as Error).stack) : (error as Error).stack;
  const told = omitted.told(error, fn);
  if (typeof stack === 'string') encoding.value(stack + told);
  else if (isThrown) encoding.value(told === '' ? undefined : told.trimStart());
  else if (stack === undefined && !Object.hasOwn(error, 'stack')) writer.byte(tag.HOLE);
  else encoding.value(stack);
  trail.leave();
}

interface ErrorClass {
  /** Index in `bases`. */
  readonly base: number;
  /** A class that is not built in. */
  readonly fn: AnyFunction | undefined;
  /** A class that Node keeps to itself. */
  readonly internal: AnyFunction | undefined;
}

function classOfError(error: object): ErrorClass {
  let fn: AnyFunction | undefined;
  let internal: AnyFunction | undefined;
  for (let at = Object.getPrototypeOf(error) as object | null; at !== null; at = familyOf(at).parent) {
    const family = familyOf(at);
    const base = family.fn === undefined ? -1 : bases.indexOf(givenName(family.fn));
    if (base >= 0 && isOfNode(family.fn as AnyFunction)) return { base, fn, internal };
    if (fn !== undefined || family.fn === undefined) continue;
    if (isInternal(family.fn)) internal ??= family.fn;
    else fn = family.fn;
  }
  return { base: 0, fn, internal };
}

/** Where functions cannot be read, the class is refused when it is written, with the reason. */
const isInternal = (fn: AnyFunction): boolean =>
  !heddleClasses.has(fn) && !isOfNode(fn) && attempt(() => courier.isInternalClass(fn)) === true;

function writeClassOfError(encoding: Encoding, error: object, fn: AnyFunction | undefined): boolean {
  const { writer } = encoding;
  if (Object.getPrototypeOf(error) === null) {
    writer.byte(NULL_PROTOTYPE);
    return true;
  }
  const heddleName = heddleClasses.get(fn);
  if (heddleName !== undefined) {
    writer.byte(HEDDLE_CLASS);
    writer.text(heddleName);
    return true;
  }
  if (fn === undefined || encoding.omitted.has(fn, undefined)) {
    writer.byte(PLAIN_CLASS);
    return fn === undefined;
  }
  writer.byte(USER_CLASS);
  encoding.trail.enter(ERROR_FIELD);
  encoding.trail.at({ owner: fn, key: undefined });
  writeClass(encoding, fn);
  encoding.trail.leave();
  return true;
}

function writeProperties(encoding: Encoding, error: object): void {
  writeOwn(encoding, error, Reflect.ownKeys(error));
}

/** Node marks its errors by symbols of its own. */
const ofNode = /^k[A-Z]/;

function writePropertiesOfNode(encoding: Encoding, error: object): void {
  const { writer } = encoding;
  const name = attempt(() => (error as Error).name);
  if (!Object.hasOwn(error, 'name') && typeof name === 'string' && name !== bases[classOfError(error).base]) {
    writeKey(writer, 'name');
    writer.byte(HIDDEN);
    writer.text(name);
  }
  const keys = Reflect.ownKeys(error);
  writeOwn(
    encoding,
    error,
    keys.filter((key) => typeof key !== 'symbol' || isPortable(key) || !ofNode.test(key.description ?? '')),
  );
}

function writeOwn(encoding: Encoding, error: object, keys: readonly PropertyKey[]): void {
  const { trail, writer, omitted } = encoding;
  trail.enter(ERROR_FIELD);
  for (const key of keys) {
    if (key === 'stack' || omitted.has(error, key)) continue;
    trail.at({ owner: error, key });
    if (typeof key === 'symbol' && !isPortable(key)) throw symbolKeyRefused(encoding);
    const property = Object.getOwnPropertyDescriptor(error, key);
    if (property === undefined) continue;
    if (!encoding.isThrown && property.enumerable !== true && !('value' in property)) {
      writeKey(writer, key);
      writer.byte(flagsOf(property) | PAIR);
      encoding.value(property.get);
      encoding.value(property.set);
      continue;
    }
    // A getter is read once, and may throw.
    const value = (error as Fields)[key];
    if (omitted.isTooRich(key, value)) continue;
    writeKey(writer, key);
    writer.byte(flagsOf(property));
    encoding.value(value);
  }
  trail.leave();
  writer.byte(tag.END);
}

function writePropertiesAndName(encoding: Encoding, error: object): void {
  const { writer } = encoding;
  const name = attempt(() => (error as Error).name);
  if (!Object.hasOwn(error, 'name')) {
    writeKey(writer, 'name');
    writer.byte(HIDDEN);
    writer.text(typeof name === 'string' && !bases.includes(name) ? name : nameOfClass(classOfError(error).fn));
  }
  writeProperties(encoding, error);
}

const nameOfClass = (fn: AnyFunction | undefined): string => (fn === undefined ? '' : givenName(fn)) || 'Error';

/** User code may stand behind the name and the stack of an error. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export function readError(decoding: Decoding, isLater: boolean): object {
  const { reader } = decoding;
  const place = decoding.reserve();
  const base = reader.byte();
  const error = makeError(decoding, base);
  decoding.fill(place, error);
  decoding.enter();
  readClassOfError(decoding, error);
  decoding.leave();
  readStack(decoding, error);
  decoding.body(error as Fields, readProperties, isLater);
  return error;
}

function readStack(decoding: Decoding, error: object): void {
  const stack = decoding.valueOrHole();
  if (stack === hole) Reflect.deleteProperty(error, 'stack');
  else if (typeof stack !== 'string') define(error, 'stack', stack, false);
  else {
    const original = decoding.run(() => courier.originalStack(stack));
    define(error, 'stack', original === undefined ? undefined : withoutOwnFrames(original.split('\n')).join('\n'), false);
  }
}

function makeError(decoding: Decoding, base: number): object {
  const name = bases[base];
  if (name === undefined) throw damaged('an error of no kind');
  // The stack comes with the message.
  return whileSet('stackTraceLimit', 0, () => {
    if (base === DOM_EXCEPTION) return new DOMException(decoding.reader.text(), decoding.reader.text());
    if (name === 'AggregateError') {
      const error = new AggregateError([]);
      delete (error as { errors?: unknown }).errors;
      return error;
    }
    return new (globalThis as unknown as Record<string, ErrorConstructor>)[name]!();
  });
}

function readClassOfError(decoding: Decoding, error: object): void {
  const how = decoding.reader.byte();
  if (how === HEDDLE_CLASS) {
    const fn = (errors as unknown as Record<string, { prototype: object } | undefined>)[decoding.reader.text()];
    if (fn === undefined) throw damaged('an error class is missing');
    Object.setPrototypeOf(error, fn.prototype);
  } else if (how === USER_CLASS) {
    Object.setPrototypeOf(error, prototypeOf(readClass(decoding)));
  } else if (how === NULL_PROTOTYPE) Object.setPrototypeOf(error, null);
}

function readProperties(decoding: Decoding, error: Fields): void {
  decoding.enter();
  for (;;) {
    if (decoding.atEnd()) break;
    const key = readKey(decoding.reader);
    const flags = decoding.reader.byte();
    if ((flags & PAIR) !== 0) {
      const get = decoding.value() as () => unknown;
      Object.defineProperty(error, key, { ...withFlags(flags), get, set: decoding.value() as (value: unknown) => void });
      continue;
    }
    // A former getter is a plain property for every reader.
    const isAccessor = (flags & ACCESSOR) !== 0;
    const writable = isAccessor || (flags & WRITABLE) !== 0;
    Object.defineProperty(error, key, { ...withFlags(isAccessor ? flags | CONFIGURABLE : flags), value: decoding.value(), writable });
  }
  decoding.leave();
}
