/**
 * Functions taken apart before, whose variables are never assigned again: they need no second look through the inspector.
 * What the captured objects hold may have changed; that is seen when they are encoded.
 */

import type { AnyFunction, Dismantled } from '../courier.ts';
import { judge } from './capture-variables.ts';
import type { FreeVariable } from './free-variables.ts';
import type { Capture } from './message.ts';

interface Remembered {
  readonly dismantled: Dismantled;
  readonly objects: readonly { readonly use: FreeVariable; readonly value: object }[];
}

/** Holds what the function itself holds anyway, for as long as it lives. */
const remembered = new WeakMap<AnyFunction, Remembered>();

export function remember(fn: AnyFunction, dismantled: Dismantled, objects: Remembered['objects']): void {
  remembered.set(fn, { dismantled, objects });
}

export function recall(fn: AnyFunction, capture: Capture): Dismantled | undefined {
  const found = remembered.get(fn);
  if (found === undefined) return undefined;
  capture.enter();
  for (const { use, value } of found.objects) judge(capture, use, value);
  return found.dismantled;
}
