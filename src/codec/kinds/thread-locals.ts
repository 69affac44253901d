/**
 * A `ThreadLocal` travels by its id, with what makes its fields; the fields stay where they are.
 *
 *   THREAD_LOCAL  id   value: the subclass, or undefined   value: what its constructor was given
 *
 * One id is one object for as long as anything in the thread holds it. Where tasks come and go nothing holds it between two tasks: there the objects
 * that came last are held.
 */

import type { LocalClass } from '../../local-fields.ts';
import { arriveLocal, recipeOf } from '../../thread-local.ts';
import type { Decoding } from '../packet/decoding.ts';
import type { Encoding } from '../packet/encoding.ts';
import { courier } from '../function/index.ts';
import { realmId } from '../packet/realm.ts';
import { damaged } from '../packet/reader.ts';
import * as tag from '../packet/tags.ts';
import { SLOT } from '../packet/trail.ts';

const idOf = new WeakMap<object, string>();
const known = new Map<string, WeakRef<object>>();
const forget = new FinalizationRegistry<string>((id) => {
  if (known.get(id)?.deref() === undefined) known.delete(id);
});
let count = 0;

/** By id, the one that came last at the end. */
const held = new Map<string, object>();
let heldAtMost = 0;

/** From now on this thread holds the `ThreadLocal`s that came to it last, up to `count`. */
export function holdThreadLocals(most: number): void {
  heldAtMost = most;
}

function remember(id: string, local: object): void {
  idOf.set(local, id);
  known.set(id, new WeakRef(local));
  forget.register(local, id);
}

function idFor(local: object): string {
  let id = idOf.get(local);
  if (id === undefined) {
    count += 1;
    id = `${realmId}:${count}`;
    remember(id, local);
  }
  return id;
}

/** @returns false if the object is not a `ThreadLocal` */
export function wroteThreadLocal(encoding: Encoding, object: object): boolean {
  const recipe = recipeOf(object);
  if (recipe === undefined) return false;
  const secret = courier.privateState(object);
  if (secret !== undefined)
    throw encoding.refusal(
      `a ThreadLocal cannot cross whose class has private fields: ${secret} is not one of the fields that each thread has`,
    );
  encoding.writer.byte(tag.THREAD_LOCAL);
  encoding.claim(object);
  encoding.writer.text(idFor(object));
  encoding.trail.enter(SLOT);
  encoding.trail.at(' → class');
  encoding.value(recipe.Class);
  encoding.trail.at(' → init');
  encoding.value(recipe.args);
  encoding.trail.leave();
  return true;
}

export function readThreadLocal(decoding: Decoding): object {
  const id = decoding.reader.text();
  const here = known.get(id)?.deref();
  const arrival = here === undefined ? arriveLocal() : undefined;
  const object = decoding.claim(here ?? arrival!.object);
  if (here === undefined) remember(id, object);
  hold(id, object);
  decoding.enter();
  const Class = decoding.value();
  const args = decoding.value();
  decoding.leave();
  if (!Array.isArray(args) || (Class !== undefined && typeof Class !== 'function')) throw damaged('what makes fields is missing');
  arrival?.complete(Class as LocalClass | undefined, args);
  return object;
}

function hold(id: string, object: object): void {
  if (heldAtMost === 0) return;
  held.delete(id);
  held.set(id, object);
  for (const [oldest] of held) {
    if (held.size <= heldAtMost) break;
    held.delete(oldest);
  }
}
