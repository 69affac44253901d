/** The values that functions return and generators yield: classifies them, and makes the errors that say what to write instead. */

import { inspect } from 'node:util';
import { isThenable } from '../../thenable.ts';
import { TypeError } from '../../refusals.ts';

const GeneratorFunction = Object.getPrototypeOf(function* () {}) as object;
const AsyncFunction = Object.getPrototypeOf(async () => {}) as object;

export function isGeneratorFunction(fn: unknown): boolean {
  return fn !== undefined && Object.getPrototypeOf(fn) === GeneratorFunction;
}

export function isAsyncFunction(fn: unknown): boolean {
  return Object.getPrototypeOf(fn) === AsyncFunction;
}

export function isGenerator(value: unknown): value is Generator<unknown, unknown, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { next, throw: throws } = value as Partial<Generator>;
  return typeof next === 'function' && typeof throws === 'function' && Symbol.iterator in value && !isThenable(value);
}

/** The error for a `yield` of anything but what the iterators of operations yield. */
export function misuse(value: unknown): TypeError {
  const what = inspect(value, { depth: 0, breakLength: Infinity });
  if (isThenable(value) && Symbol.iterator in value)
    return new TypeError(`expected yield* ${what}, got yield ${what}: write yield* to wait for it`);
  if (isThenable(value)) return new TypeError(`expected yield* until(promise), got yield ${what}`);
  return new TypeError(`expected a greenlet to yield* what it waits for, such as yield* sleep(10), got yield ${what}`);
}
