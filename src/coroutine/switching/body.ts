/** The body of a greenlet: a generator, entered step by step, or a plain function, which has ended when it returns. */

import { asynchronous } from './misuse.ts';
import { isThenable } from '../../thenable.ts';

export type Body = (...args: any[]) => unknown;
export type Steps = Generator<unknown, unknown, unknown>;

/* oxlint-disable-next-line no-empty-function -- only its prototype is wanted */
const generatorPrototype = Object.getPrototypeOf(Object.getPrototypeOf((function* () {})())) as Steps;
/** Of all generators. Called like this it is as fast for a program of many generator functions as for one of few. */
// oxlint-disable-next-line typescript/unbound-method -- called with .call
export const next: Steps['next'] = generatorPrototype.next;

/** The generator that a body returned; undefined if it returned a plain value. */
export function stepsOf(result: unknown): Steps | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const made = result as Partial<Steps>;
  if (made.next === next) return made as Steps;
  if (isThenable(made) || Symbol.asyncIterator in made) throw asynchronous();
  if (typeof made.next === 'function' && typeof made.throw === 'function') return drive(made as Steps);
  return undefined;
}

/** For generators of another kind: compiled for old machines, or of another realm. */
function* drive(steps: Steps): Steps {
  return yield* { [Symbol.iterator]: () => steps };
}
