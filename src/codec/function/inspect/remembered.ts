/**
 * Functions that were serialized before, and whose variables are never assigned again: they need no second look through the inspector. The
 * content of captured objects may have changed; the encoder sees that.
 */

import type { AnyFunction, Dismantled } from '../../courier.ts';
import type { FreeVariable } from '../analyse/free-variables.ts';
import { judge } from '../serialize/capture-variables.ts';
import type { Capture } from '../serialize/message.ts';
import { type OwnState, isSameState, ownState } from './own-state.ts';

interface Remembered {
  readonly dismantled: Dismantled;
  /** How errors called the function then: the paths of its parts begin with that. */
  readonly path: string;
  readonly isClass: boolean;
  /** The properties that it had then, to detect a change. `undefined` where only its module matters. */
  readonly state: OwnState | undefined;
  readonly objects: readonly { readonly use: FreeVariable; readonly value: object }[];
}

/** Holds what the function itself holds anyway, for as long as it lives. */
const remembered = new WeakMap<AnyFunction, Remembered>();

export function remember(fn: AnyFunction, path: string, dismantled: Dismantled, objects: Remembered['objects'], isClass: boolean): void {
  remembered.set(fn, { dismantled, path, objects, isClass, state: ownState(fn, isClass) });
}

/** Of a function that is imported again there, what it has here does not count. */
export function rememberReference(fn: AnyFunction, path: string, dismantled: Dismantled): void {
  remembered.set(fn, { dismantled, path, objects: [], isClass: false, state: undefined });
}

/** @param path how errors call the function now */
export function recall(fn: AnyFunction, path: string, capture: Capture): Dismantled | undefined {
  const found = remembered.get(fn);
  if (found === undefined) return undefined;
  const { state, isClass } = found;
  if (state !== undefined && !isSameState(state, ownState(fn, isClass))) return undefined;
  if (isClass) capture.identity();
  if (state !== undefined) capture.functions.push(fn);
  capture.enter();
  for (const { use, value } of found.objects) judge(capture, use, value);
  return renamed(found, path);
}

function renamed({ dismantled, path: before }: Remembered, path: string): Dismantled {
  if (path === before || dismantled.late.length === 0) return dismantled;
  const late = dismantled.late.map((part) => ({ path: path + part.path.slice(before.length), value: part.value }));
  return { ...dismantled, late };
}
