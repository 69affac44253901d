/**
 * Generators, and how they are stepped: by the methods that all of them share. Each evaluation of a function expression makes generators
 * with a prototype of their own, so that to find `next` in one takes five times as long as to call it, and greenlets are mostly made of
 * such expressions.
 */

import { types } from 'node:util';
import { isGenerator } from './misuse.ts';

type Stepped = Generator<unknown, unknown, unknown>;

const { prototype } = Object.getPrototypeOf(function* () {}) as { prototype: Stepped };
const { next, throw: throwInto } = prototype;

/** What a function returned, if that is to be stepped. */
export function steppedOf(result: unknown): Stepped | undefined {
  if (types.isGeneratorObject(result)) return result;
  return isGenerator(result) ? delegate(result) : undefined;
}

/** For what has the methods of a generator and is none. */
function* delegate(generator: Stepped): Stepped {
  return yield* generator;
}

export function resume(generator: Stepped): IteratorResult<unknown> {
  return next.call(generator, undefined);
}

export function resumeByError(generator: Stepped, error: unknown): IteratorResult<unknown> {
  return throwInto.call(generator, error);
}
