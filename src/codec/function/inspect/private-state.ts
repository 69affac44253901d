/** Finds state of an instance that code outside its class cannot read: `#private` fields, or what compilers make of them. */

import { notSent } from '../../../handles.ts';
import type { AnyFunction } from '../../courier.ts';
import { serializer } from '../serialize/serializer.ts';

export interface Secrets {
  /** `#name` of a private instance member, if there is one. */
  readonly field: string | undefined;
  /** Variables that hold lowered private state. */
  readonly weak: readonly { readonly name: string; readonly holder: { has(instance: object): boolean } }[];
}

const secretsOf = new WeakMap<AnyFunction, Secrets>();
/** The compiled form of private members passes `this` to a helper, whose name a minifier may have shortened. */
const lowered = /\(\s*this\s*[,)]/;

/** The name of the private state, such as `#balance`, or `undefined` without private state. */
export function privateState(instance: object): string | undefined {
  for (let at: unknown = Object.getPrototypeOf(instance); typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof constructor !== 'function' || Object.hasOwn(at, notSent)) continue;
    const { field, weak } = secrets(constructor as AnyFunction);
    if (field !== undefined) return field;
    const holder = weak.find((one) => one.holder.has(instance));
    if (holder !== undefined) return holder.name;
  }
  return undefined;
}

function secrets(constructor: AnyFunction): Secrets {
  let found = secretsOf.get(constructor);
  if (found === undefined) {
    const text = Function.prototype.toString.call(constructor);
    const isLowered = lowered.test(text);
    found = isLowered || text.includes('#') ? serializer().readSecrets(constructor, text, isLowered) : noSecrets;
    secretsOf.set(constructor, found);
  }
  return found;
}

export const noSecrets: Secrets = { field: undefined, weak: [] };
