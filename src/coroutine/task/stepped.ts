/**
 * The stepping of generators, by the methods that all of them share. Each evaluation of a function expression makes generators with their
 * own prototype. Looking up `next` in one takes five times as long as calling it, and greenlets are mostly made of such expressions.
 */

import { types } from 'node:util';
import { Operation, type Wait } from '../../loop/index.ts';
import { isGenerator } from './misuse.ts';
import { until } from '../wait/until.ts';
import { isThenable } from '../../thenable.ts';

type Stepped = Generator<unknown, unknown, unknown>;

const { prototype } = Object.getPrototypeOf(function* () {}) as { prototype: Stepped };
const { next, throw: throwInto } = prototype;

/** Returns the generator, if the result of a function must be stepped. */
export function steppedOf(result: unknown): Stepped | undefined {
  if (types.isGeneratorObject(result)) return result;
  if (result instanceof Operation) return valueOf(result);
  return isGenerator(result) ? delegate(result) : undefined;
}

/** Steps an object that has the methods of a generator but is not one. */
function* delegate(generator: Stepped): Stepped {
  return yield* generator;
}

/** Waits for an operation as a generator does: a greenlet that is killed before it saw the value returns the value. */
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
