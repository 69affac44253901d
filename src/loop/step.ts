/** A step of a generator: from where it goes on to where it waits again. What it waits for there is told past the generator. */

import { InvalidStateError } from '../errors.ts';
import type { Pending } from './operation.ts';

/** What a generator yields up to its greenlet's step while an operation is pending. Nothing else may be yielded. */
export interface Wait {
  /** For the compiler, which else would take any object for one. */
  readonly heddle: 'wait';
}
export const WAIT: Wait = Object.freeze({ heddle: 'wait' });

const yielded: IteratorYieldResult<Wait> = { done: false, value: WAIT };

/** What is pending in the generator that runs, from its `next()` to the end of the step. */
let asked: Pending<any> | undefined;
/** Whether a generator is in a step: only there can be waited by `yield*`. */
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

/** The generator that runs waits for it. Gives what is to be yielded. */
export function ask(operation: Pending<any>): IteratorYieldResult<Wait> {
  if (!isInStep || asked !== undefined)
    throw new InvalidStateError(`yield* ${operation.describe()} works in a generator function that spawn() runs: await it`);
  asked = operation;
  return yielded;
}
