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
import { allowsName, allowsSource, refuseSource } from './rebuild/arrival.ts';
import { assemble, referred } from './rebuild/assemble.ts';
import { helperOf, makeHelper } from './rebuild/helpers.ts';
import { loadModules, moduleLoaded } from './serialize/modules.ts';
import { modulesOfName, valueNamed, wellKnownObject } from './analyse/names.ts';
import { placed } from './inspect/origin-place.ts';
import { privateState } from './inspect/private-state.ts';
import type { Helper, Recipe } from './serialize/recipe.ts';
import { ownReference, type Reference, referenceOfObject } from './analyse/references.ts';
import { serializer } from './serialize/serializer.ts';
import { requireModules } from './rebuild/require-modules.ts';
import { originalStack } from './inspect/stack.ts';

export { nameOfFunction } from './analyse/names.ts';
export { Lru } from './inspect/lru.ts';
export { areUntouched, nameIn } from './inspect/own-state.ts';
export { prepareSerializer, serializer } from './serialize/serializer.ts';
export type { InlineCode } from './serialize/inline.ts';
export { importFrom, type LoadScope, setLoadScope } from './serialize/modules.ts';
export { importLeadsToMain } from './serialize/module-graph.ts';
export { travelByName } from './analyse/references.ts';
export { arriving, type Arrival } from './rebuild/arrival.ts';
export { resolveFrom } from './rebuild/resolve.ts';
export { type Origin, withOrigin } from './inspect/origin-place.ts';
export { originalStack } from './inspect/stack.ts';

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
