/**
 * The function courier: any function, on any other thread or process.
 *
 *   dismantle.ts   decides how a function travels           assemble.ts  puts it together there
 *     inspector.ts   what it closed over                      compile.ts   its text, under its own file and line
 *     names.ts       Math.max                                 modules.ts   what it imports
 *     references.ts  an export of a module                    helpers.ts   import(), import.meta, require
 *     capture-variables.ts, dismantle-code.ts, dismantle-class.ts: by value
 *   inline.ts        closures whose text says all: they need no inspector
 *   stack.ts         stack traces through source maps, and origin-place.ts to the place of an inline closure
 */

import type { Courier, Named } from '../courier.ts';
import { allowsName, allowsSource, refuseSource } from './arrival.ts';
import { assemble, referred } from './assemble.ts';
import { helperOf, makeHelper } from './helpers.ts';
import { loadModules, moduleLoaded } from './modules.ts';
import { modulesOfName, valueNamed, wellKnownObject } from './names.ts';
import { placed } from './origin-place.ts';
import { privateState } from './private-state.ts';
import type { Helper, Recipe } from './recipe.ts';
import { ownReference, type Reference, referenceOfObject } from './references.ts';
import { serializer } from './serializer.ts';
import { requireModules } from './require-modules.ts';
import { originalStack } from './stack.ts';

export { nameOfFunction } from './names.ts';
export { Lru } from './lru.ts';
export { areUntouched, nameIn } from './own-state.ts';
export { prepareSerializer, serializer } from './serializer.ts';
export type { InlineCode } from './inline.ts';
export { importFrom, type LoadScope, setLoadScope } from './modules.ts';
export { importLeadsToMain } from './module-graph.ts';
export { travelByName } from './references.ts';
export { arriving, type Arrival } from './arrival.ts';
export { resolveFrom } from './resolve.ts';
export { type Origin, withOrigin } from './origin-place.ts';
export { originalStack } from './stack.ts';

type ObjectName = { readonly path: string } | { readonly reference: Reference } | { readonly helper: Helper; readonly url: string };

function nameOf(value: object): Named | undefined {
  const helper = helperOf(value);
  if (helper !== undefined) return { name: helper satisfies ObjectName, modules: [] };
  const path = wellKnownObject(value);
  if (path !== undefined) return { name: { path } satisfies ObjectName, modules: modulesOfName(path) };
  const reference = referenceOfObject(value);
  return reference === undefined ? undefined : { name: { reference } satisfies ObjectName, modules: [reference.module] };
}

function named(name: unknown): unknown {
  const known = name as ObjectName;
  if ('path' in known) return valueNamed(allowsName(known.path), moduleLoaded);
  if ('helper' in known) allowsSource(known.helper);
  return 'reference' in known ? referred(known.reference) : makeHelper(known.helper, known.url);
}

/** The one implementation of the codec's seam for functions. */
export const courier: Courier = {
  dismantle: (fn, border, path, message) => {
    const reference = ownReference(fn);
    if (reference !== undefined) return { early: { kind: 'reference', reference } satisfies Recipe, late: [], modules: [reference.module] };
    const { dismantle, captureOf } = serializer();
    const dismantled = dismantle(fn, border, path, captureOf(message));
    if (border.kind === 'network' && border.code !== true) refuseSource(dismantled.early as Recipe, path);
    return dismantled;
  },
  assemble,
  nameOf,
  named,
  privateState,
  isInternalClass: (fn) => serializer().isInternalClass(fn),
  loadModules,
  requireModules,
  originalStack: (stack) => originalStack(placed(stack)),
};
