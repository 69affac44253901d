/**
 * The async context (`AsyncLocalStorage`) in which user code runs that a pool calls later than the call that brought it.
 *
 * Workers outlive the call that started them, so their messages arrive in a context of the program, not in that of a caller.
 */

import { AsyncResource } from 'node:async_hooks';

export type { AsyncResource } from 'node:async_hooks';

/** Where user code of a call runs: an `AsyncResource`, or what leads to one. */
export type { CallerContext } from '../../worker/index.ts';

/** The context of the running code. */
export function callerContext(): AsyncResource {
  return new AsyncResource('heddle.call');
}

const program = new AsyncResource('heddle.program');

/** Runs what outlives its caller, such as the start of a worker, in the context in which heddle was loaded. */
export function outsideOfCalls<R>(work: () => R): R {
  return program.runInAsyncScope(work);
}
