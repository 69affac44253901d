/**
 * The names that a message from another machine may use here, and their places: while one is decoded, its `Arrival` is asked.
 *
 *   there  file:///srv/app/lib.js   ── moduleHere ──►   file:///home/me/app/lib.js  here
 *
 * A message that is not signed brings no source, and of Node and the language only what can do nothing but compute.
 */

import { SerializationError } from '../../../errors.ts';
import { functionRemedies } from '../../packet/remedies.ts';
import type { Recipe } from '../serialize/recipe.ts';

/** Where a message is from. */
export interface Arrival {
  /** The key of a module as it is here. @throws SerializationError for a module that the message may not name */
  moduleHere(key: string): string;
  /** True if it may name all that Node has. */
  readonly isTrusted: boolean;
  /** True if it may bring source. */
  readonly takesSource: boolean;
}

let arrival: Arrival | undefined;

/** Runs the decoding of a message, or the loading of its modules, up to its first wait. */
export function arriving<R>(from: Arrival, work: () => R): R {
  const outer = arrival;
  arrival = from;
  try {
    return work();
  } finally {
    arrival = outer;
  }
}

export const moduleHere = (key: string): string => (arrival === undefined ? key : arrival.moduleHere(key));

/** The classes and namespaces of the language that read no code and reach nothing of the system. */
const harmless =
  /^(?:Math|JSON|Number|String|Boolean|BigInt|Symbol|Date|RegExp|Map|Set|Array|Object|Promise|Error|(?:Eval|Range|Reference|Syntax|Type|URI|Aggregate)Error|DOMException|ArrayBuffer|DataView|(?:Uint8|Uint8Clamped|Int8|Uint16|Int16|Uint32|Int32|Float32|Float64|BigInt64|BigUint64)Array|URL|URLSearchParams|Headers|TextEncoder|TextDecoder|Buffer|parseInt|parseFloat|isNaN|isFinite|encodeURIComponent|decodeURIComponent|encodeURI|decodeURI|structuredClone)(?:\.(?!constructor$|prototype$|__proto__$)\w+)?$/;

/** @throws SerializationError for a name of the language or of Node that the message may not use */
export function allowsName(path: string): string {
  if (arrival === undefined || arrival.isTrusted || harmless.test(path)) return path;
  throw new SerializationError(`${path} is refused: a message that is not signed may name functions of the release alone`);
}

/** @throws SerializationError if the message may not bring source */
export function allowsSource(name: unknown): void {
  if (arrival === undefined || arrival.takesSource) return;
  throw new SerializationError(`${String(name)} is refused: source is taken only with allowFunctions: true and an authkey, on both sides`);
}

/** @throws SerializationError for a function or class that would travel as source, where that is not allowed */
export function refuseSource(recipe: Recipe, path: string): void {
  if (recipe.kind !== 'code' && recipe.kind !== 'class' && recipe.kind !== 'member' && recipe.kind !== 'helper') return;
  throw new SerializationError(`${path}: ${functionRemedies.release}`);
}
