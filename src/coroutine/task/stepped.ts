/**
 * Generators, and how they are stepped: by the methods that all of them share. Each evaluation of a function expression makes generators
 * with a prototype of their own, so that to find `next` in one takes five times as long as to call it, and greenlets are mostly made of
 * such expressions.
 */

import { types } from 'node:util';
import { Operation, type Wait } from '../../loop/index.ts';
import { isGenerator } from './misuse.ts';
import { until } from '../wait/until.ts';
import { isThenable } from '../../thenable.ts';

type Stepped = Generator<unknown, unknown, unknown>;

const { prototype } = Object.getPrototypeOf(function* () {}) as { prototype: Stepped };
const { next, throw: throwInto } = prototype;

/** What a function returned, if that is to be stepped. */
export function steppedOf(result: unknown): Stepped | undefined {
  if (types.isGeneratorObject(result)) return result;
  if (result instanceof Operation) return valueOf(result);
  return isGenerator(result) ? delegate(result) : undefined;
}

/** For what has the methods of a generator and is none. */
function* delegate(generator: Stepped): Stepped {
  return yield* generator;
}

/** An operation is waited for as by a generator: who is killed before he saw its value gives that back. */
function* valueOf(operation: Operation<unknown>): Generator<Wait, unknown> {
  const value = yield* operation;
  return isThenable(value) ? yield* until(value) : value;
}

export function resume(generator: Stepped): IteratorResult<unknown> {
  return next.call(generator, undefined);
}

export function resumeByError(generator: Stepped, error: unknown): IteratorResult<unknown> {
  return throwInto.call(generator, error);
}
