/**
 * Converts a result to one line of JSON, or throws an error that names what JSON would silently lose. `JSON.stringify` makes `null` of NaN,
 * `{}` of a Map and nothing of a function. `undefined` is accepted: it becomes null, and a property that is undefined is left out, as
 * usual.
 */

import { types } from 'node:util';
import { TypeError } from '../../refusals.ts';

/** @throws TypeError naming the place in the result that JSON cannot hold */
export function jsonText(value: unknown): string {
  if (value === undefined) return 'null';
  const lost = whatIsLost(value, 'result', []);
  if (lost !== undefined) throw new TypeError(lost);
  return JSON.stringify(value) ?? 'null';
}

function whatIsLost(value: unknown, path: string, above: readonly object[]): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${path}: JSON cannot hold ${value}`;
  if (typeof value === 'bigint') return hasToJson(value) ? undefined : `${path}: JSON cannot hold a BigInt (${value}n)`;
  if (typeof value === 'function' || typeof value === 'symbol') return `${path}: JSON cannot hold a ${typeof value}`;
  if (typeof value !== 'object' || value === null || hasToJson(value)) return undefined;
  return whatObjectLoses(value, path, above);
}

function whatObjectLoses(value: object, path: string, above: readonly object[]): string | undefined {
  if (above.includes(value)) return `${path}: JSON cannot hold a cycle`;
  const inside = [...above, value];
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const lost = whatIsLost(value[i], `${path}[${i}]`, inside);
      if (lost !== undefined) return lost;
    }
    return undefined;
  }
  const kind = kindThatIsLost(value);
  if (kind !== undefined) return `${path}: JSON cannot hold ${kind}`;
  for (const [key, part] of Object.entries(value)) {
    const lost = whatIsLost(part, /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`, inside);
    if (lost !== undefined) return lost;
  }
  return undefined;
}

/** Objects whose content is not in their properties. */
function kindThatIsLost(value: object): string | undefined {
  if (types.isMap(value)) return 'a Map: return Object.fromEntries(map) or [...map]';
  if (types.isSet(value)) return 'a Set: return [...set]';
  if (types.isWeakMap(value)) return 'a WeakMap';
  if (types.isWeakSet(value)) return 'a WeakSet';
  if (types.isNativeError(value)) return 'an Error: throw it, or return its message';
  if (types.isTypedArray(value)) return `a ${value[Symbol.toStringTag]}: return Array.from(it)`;
  if (types.isAnyArrayBuffer(value)) return 'an ArrayBuffer';
  if (types.isRegExp(value)) return 'a RegExp';
  if (types.isPromise(value)) return 'a Promise';
  if (types.isGeneratorObject(value)) return 'a generator: return [...it]';
  return undefined;
}

function hasToJson(value: bigint | object): boolean {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}
