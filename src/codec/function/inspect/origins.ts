/**
 * The identity of a class, wherever it goes. A class that travels by value gets an id in the thread where it was born; a copy keeps the id.
 * A returned instance thus finds its own class, and a worker makes each class once.
 */

import type { AnyFunction } from '../../courier.ts';
import { realmId } from '../../packet/realm.ts';

const idOf = new WeakMap<AnyFunction, string>();
const byId = new Map<string, WeakRef<AnyFunction>>();
const forget = new FinalizationRegistry<string>((id) => {
  if (byId.get(id)?.deref() === undefined) byId.delete(id);
});
let count = 0;

/** The id of a class, given now if it has none. */
export function originId(fn: AnyFunction): string {
  const known = idOf.get(fn);
  if (known !== undefined) return known;
  count += 1;
  const id = `${realmId}:${count}`;
  rememberOrigin(id, fn);
  return id;
}

export function rememberOrigin(id: string, fn: AnyFunction): void {
  idOf.set(fn, id);
  byId.set(id, new WeakRef(fn));
  forget.register(fn, id);
}

export const withOrigin = (id: string): AnyFunction | undefined => byId.get(id)?.deref();

export const bornIn = (id: string, realm: string | undefined): boolean => realm !== undefined && id.startsWith(`${realm}:`);

/** The id of a class that has one. */
export const rememberedId = (fn: AnyFunction): string | undefined => idOf.get(fn);
