/** Finds out what an object is that is neither a plain object nor an ordinary array, and has it written, or refuses it. */

import { types } from 'node:util';
import { MessagePort } from 'node:worker_threads';
import { isShared } from '../../handles.ts';
import { writeElements } from '../kinds/arrays.ts';
import { isNative, isOfNode } from './classes-of-node.ts';
import { writeArrayBuffer, writePort, writeShared, writeView } from '../kinds/buffers.ts';
import { writeMap, writeSet } from '../kinds/collections.ts';
import type { AnyFunction } from '../courier.ts';
import type { Encoding } from '../packet/encoding.ts';
import { isError, writeError } from '../kinds/errors-as-values.ts';
import { writeHandle } from './handles.ts';
import { familyOf, refuse, writeBuiltin, writeBuiltinInstance, writeInstance, writeNullObject } from './instances.ts';
import { writeByName, writePlain, type Fields } from './objects.ts';
import { writeBoxed, writeDate, writeRegExp } from '../kinds/small-kinds.ts';
import { writeKey, writerOfWebClass } from '../kinds/web.ts';

type Write = (encoding: Encoding, object: never) => void;

export function writeOtherKind(encoding: Encoding, object: object, prototype: object | null): void {
  if (isShared(object)) return writeHandle(encoding, object);
  const family = prototype === null ? undefined : familyOf(prototype);
  if (prototype !== null && family?.isPlain !== true && family?.isPure === true && !Array.isArray(object)) {
    return writeInstance(encoding, object, prototype);
  }
  if (isError(object)) return writeError(encoding, object);
  if (types.isKeyObject(object)) return writeKey(encoding, object);
  const write = writerOf(encoding, object);
  if (write !== undefined) {
    const fn = prototype === null ? undefined : family?.fn;
    if (fn === undefined || isBuiltinPrototype(prototype as object)) return writeBuiltin(encoding, object, write);
    return writeBuiltinInstance(encoding, object, fn, () => {
      write(encoding, object as never);
    });
  }
  if (types.isModuleNamespaceObject(object) && writeByName(encoding, object)) return undefined;
  if (types.isPromise(object)) return refuse(encoding, prototype, 'promise');
  if (isHidden(object)) return refuse(encoding, prototype);
  if (prototype === null) return writeNullObject(encoding, object);
  if (family?.isPlain === true) return writePlain(encoding, object as Fields);
  return writeInstance(encoding, object, prototype);
}

/** Belongs to the language itself, of this or another realm, or to Node: not a user's subclass. */
function isBuiltinPrototype(prototype: object): boolean {
  const { fn, isPure } = familyOf(prototype);
  return !isPure && fn !== undefined && isOfNode(fn);
}

function writerOf(encoding: Encoding, object: object): Write | undefined {
  if (Array.isArray(object)) return writeElements;
  if (types.isMap(object)) return writeMap;
  if (types.isSet(object)) return writeSet;
  if (types.isDate(object)) return writeDate;
  if (types.isRegExp(object)) return writeRegExp;
  if (ArrayBuffer.isView(object)) return writeView;
  if (types.isArrayBuffer(object)) return writeArrayBuffer;
  if (types.isBoxedPrimitive(object)) return writeBoxed;
  if (types.isSharedArrayBuffer(object)) return () => writeShared(encoding, object, 'SharedArrayBuffer');
  if (object instanceof MessagePort) return () => writePort(encoding, object);
  return writerOfWebClass(encoding, object);
}

/** Iterators of the language, of any realm: their `next` is not a user's. */
function isIterator(object: object): boolean {
  const prototype = Object.getPrototypeOf(object) as object | null;
  if (prototype === null) return false;
  const next: unknown = Object.getOwnPropertyDescriptor(prototype, 'next')?.value;
  return typeof next === 'function' && isNative(next as AnyFunction);
}

/** True for state that cannot be read, whatever the prototype says. */
function isHidden(object: object): boolean {
  return (
    types.isWeakMap(object) ||
    types.isWeakSet(object) ||
    types.isGeneratorObject(object) ||
    types.isMapIterator(object) ||
    types.isSetIterator(object) ||
    types.isExternal(object) ||
    types.isModuleNamespaceObject(object) ||
    types.isCryptoKey(object) ||
    isIterator(object)
  );
}
