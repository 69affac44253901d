/** Argument checks. A refused argument says what was expected and what came: `expected timeout to be a number >= 0, got "soon"`. */

import { inspect } from 'node:util';
import { givenName } from './class-names.ts';
import { otherCopy } from './copies.ts';
import { RangeError, TypeError } from './refusals.ts';

/** How a refused value is quoted: short, on one line. */
export function quote(value: unknown): string {
  if (typeof value === 'function') {
    const name = givenName(value);
    return name === '' ? 'a function' : `function ${name}`;
  }
  return inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 60, maxArrayLength: 3 });
}

export function expected(what: string, rule: string, value: unknown): string {
  const other = otherCopy(value);
  return `expected ${what} to be ${rule}, got ${quote(value)}${other === undefined ? '' : `: ${other}`}`;
}

/** Wrong kind: `TypeError`. Right kind but out of range: `RangeError`. */
function refuseNumber(what: string, rule: string, value: unknown): never {
  throw typeof value === 'number' ? new RangeError(expected(what, rule, value)) : new TypeError(expected(what, rule, value));
}

export function checkInteger(value: unknown, what: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  return refuseNumber(what, rangeOf(min, max), value);
}

function rangeOf(min: number, max: number): string {
  const hasMax = max !== Number.MAX_SAFE_INTEGER;
  if (min === Number.MIN_SAFE_INTEGER) return hasMax ? `an integer <= ${max}` : 'an integer';
  return hasMax ? `an integer from ${min} to ${max}` : `an integer >= ${min}`;
}

/** Milliseconds; `Infinity` and `undefined` mean indefinitely. */
export function checkTimeout(value: unknown, what: string = 'timeout'): number {
  if (value === undefined) return Infinity;
  if (typeof value === 'number' && value >= 0) return value;
  throw new RangeError(expected(what, 'a number >= 0', value));
}

export function checkFunction(value: unknown, what: string): void {
  if (typeof value !== 'function') throw new TypeError(expected(what, 'a function', value));
}

export function checkBoolean(value: unknown, what: string): void {
  if (value !== undefined && typeof value !== 'boolean') throw new TypeError(expected(what, 'a boolean', value));
}

/** Refuses keys that are not known, so that a typing error in an option is not silently ignored. */
export function checkOptions(value: unknown, what: string, known: readonly string[]): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(expected(what, 'an object', value));
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw new TypeError(`unknown key '${key}' in ${what}: known are ${known.join(', ')}`);
  }
}
