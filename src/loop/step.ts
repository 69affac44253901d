/**
 * A step of a generator runs from its resumption to its next wait. The awaited operation is passed beside the generator, not through it.
 */

import { InvalidStateError } from '../errors.ts';
import type { Pending } from './operation.ts';

/** The value that a generator yields to its greenlet's step while an operation is pending. No other value may be yielded. */
export interface Wait {
  /** For the compiler, which else would take any object for one. */
  readonly heddle: 'wait';
}
export const WAIT: Wait = Object.freeze({ heddle: 'wait' });

const yielded: IteratorYieldResult<Wait> = { done: false, value: WAIT };

/** The operation that the running generator waits for, from its `next()` to the end of the step. */
let asked: Pending<any> | undefined;
/** True while a generator is in a step. Only then can `yield*` wait. */
let isInStep = false;

export function enterStep(): boolean {
  const before = isInStep;
  isInStep = true;
  return before;
}

/** Gives what the step waits for, if it yielded WAIT. */
export function leaveStep(before: boolean): Pending<any> | undefined {
  isInStep = before;
  const operation = asked;
  asked = undefined;
  return operation;
}

/** Registers the operation that the running generator waits for. Returns the value to yield. */
export function ask(operation: Pending<any>): IteratorYieldResult<Wait> {
  if (!isInStep || asked !== undefined)
    throw new InvalidStateError(`yield* ${operation.describe()} works in a generator function that spawn() runs: await it`);
  asked = operation;
  return yielded;
}
