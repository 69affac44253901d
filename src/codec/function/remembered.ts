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
  /** How errors called the function then: the paths of its parts begin with that. */
  readonly path: string;
  /** Of a class: its members, to see whether one was patched since. */
  readonly members: readonly unknown[] | undefined;
  readonly objects: readonly { readonly use: FreeVariable; readonly value: object }[];
}

/** Holds what the function itself holds anyway, for as long as it lives. */
const remembered = new WeakMap<AnyFunction, Remembered>();

export function remember(fn: AnyFunction, path: string, dismantled: Dismantled, objects: Remembered['objects'], isClass: boolean): void {
  remembered.set(fn, { dismantled, path, objects, members: isClass ? membersOf(fn) : undefined });
}

/** @param path how errors call the function now */
export function recall(fn: AnyFunction, path: string, capture: Capture): Dismantled | undefined {
  const found = remembered.get(fn);
  if (found === undefined) return undefined;
  if (found.members !== undefined) {
    const now = membersOf(fn);
    if (now.length !== found.members.length || now.some((member, i) => member !== found.members?.[i])) return undefined;
    capture.identity();
  }
  capture.enter();
  for (const { use, value } of found.objects) judge(capture, use, value);
  return renamed(found, path);
}

function renamed({ dismantled, path: before }: Remembered, path: string): Dismantled {
  if (path === before || dismantled.late.length === 0) return dismantled;
  const late = dismantled.late.map((part) => ({ path: path + part.path.slice(before.length), value: part.value }));
  return { ...dismantled, late };
}

/** Keys and values of what stands on a class and its prototype. */
function membersOf(fn: AnyFunction): unknown[] {
  const members: unknown[] = [];
  for (const on of [fn, (fn as unknown as { prototype: object }).prototype]) {
    for (const key of Reflect.ownKeys(on)) {
      const { value, get, set } = Object.getOwnPropertyDescriptor(on, key) as PropertyDescriptor;
      members.push(key, value, get, set);
    }
  }
  return members;
}
