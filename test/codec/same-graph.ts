/**
 * Compares two values in every way that a program could see: kinds, classes, key order, holes, -0 and NaN, and shared references. Returns
 * the first difference, or nothing.
 */

import { types } from 'node:util';

export function difference(a: unknown, b: unknown): string | undefined {
  return new Comparison().compare(a, b, '');
}

class Comparison {
  readonly #there = new Map<object, object>();
  readonly #back = new Map<object, object>();

  compare(a: unknown, b: unknown, at: string): string | undefined {
    // A walk by hand, so that deep values can be compared, too.
    const todo: [unknown, unknown, string][] = [[a, b, at]];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const [x, y, path] = next;
      if (typeof x !== 'object' || x === null || typeof y !== 'object' || y === null) {
        if (!Object.is(x, y)) return `${path}: ${String(x)} became ${String(y)}`;
        continue;
      }
      const [known, origin] = [this.#there.get(x), this.#back.get(y)];
      if (known !== undefined || origin !== undefined) {
        if (known !== y || origin !== x) return `${path}: references are shared in another way`;
        continue;
      }
      this.#there.set(x, y);
      this.#back.set(y, x);
      const why = own(x, y);
      if (why !== undefined) return `${path}: ${why}`;
      for (const [name, left, right] of parts(x, y)) todo.push([left, right, `${path}.${name}`]);
    }
    return undefined;
  }
}

const tagOf = (value: object): string => Object.prototype.toString.call(value);

function own(x: object, y: object): string | undefined {
  if (Object.getPrototypeOf(x) !== Object.getPrototypeOf(y)) return 'another prototype';
  if (tagOf(x) !== tagOf(y)) return `${tagOf(x)} became ${tagOf(y)}`;
  if (keysOf(x).join('\0') !== keysOf(y).join('\0')) return `keys ${keysOf(x).join()} became ${keysOf(y).join()}`;
  if (Array.isArray(x) && x.length !== (y as unknown[]).length) return 'another length';
  if (types.isDate(x)) return Object.is(x.getTime(), (y as Date).getTime()) ? undefined : 'another time';
  if (types.isRegExp(x)) return samePattern(x, y as RegExp) ? undefined : 'another pattern';
  if (types.isBoxedPrimitive(x)) return Object.is(x.valueOf(), y.valueOf()) ? undefined : 'another boxed value';
  if (types.isArrayBuffer(x)) return Buffer.compare(Buffer.from(x), Buffer.from(y as ArrayBuffer)) === 0 ? undefined : 'other bytes';
  if (ArrayBuffer.isView(x)) return sameView(x, y as ArrayBufferView);
  return undefined;
}

const samePattern = (x: RegExp, y: RegExp): boolean => String(x) === String(y) && x.lastIndex === y.lastIndex;

function sameView(x: ArrayBufferView, y: ArrayBufferView): string | undefined {
  if (x.byteLength !== y.byteLength) return 'another size';
  const bytes = (view: ArrayBufferView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return bytes(x).equals(bytes(y)) ? undefined : 'other bytes';
}

/** Views have too many keys to be looked at one by one. */
const keysOf = (value: object): string[] => (ArrayBuffer.isView(value) ? [] : Object.keys(value));

function* parts(x: object, y: object): Generator<[string, unknown, unknown]> {
  for (const key of keysOf(x)) yield [key, (x as Record<string, unknown>)[key], (y as Record<string, unknown>)[key]];
  if (types.isMap(x)) {
    const [left, right] = [[...x], [...(y as Map<unknown, unknown>)]];
    yield ['size', left.length, right.length];
    for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
      yield [`key ${i}`, left[i]?.[0], right[i]?.[0]];
      yield [`value ${i}`, left[i]?.[1], right[i]?.[1]];
    }
  }
  if (types.isSet(x)) {
    const [left, right] = [[...x], [...(y as Set<unknown>)]];
    yield ['size', left.length, right.length];
    for (let i = 0; i < Math.min(left.length, right.length); i += 1) yield [`member ${i}`, left[i], right[i]];
  }
  if (ArrayBuffer.isView(x) && !Buffer.isBuffer(x)) yield ['buffer', x.buffer, (y as ArrayBufferView).buffer];
  if (types.isNativeError(x)) {
    for (const key of ['name', 'message', 'cause'] as const) {
      yield [`has ${key}`, Object.hasOwn(x, key), Object.hasOwn(y, key)];
      yield [key, x[key], (y as Error)[key]];
    }
    // The frames may be those of the TypeScript source, over there.
    yield ['stack', x.stack?.split('\n    at')[0], (y as Error).stack?.split('\n    at')[0]];
  }
}
