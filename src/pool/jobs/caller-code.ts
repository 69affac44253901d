/** Code of the user's that a pool runs at the host: in the context of the call that brought it, and whatever it does, the pool goes on. */

import { expected } from '../../check.ts';
import { TypeError } from '../../refusals.ts';
import { ignoreRejection, isThenable } from '../../thenable.ts';
import type { CallerContext } from './caller-context.ts';
import { summary } from './job-errors.ts';
import { type Backoff, type TaskProgress, type TaskSettings, checkDelay } from './task-options.ts';

/** Calls the user's `progress`, in its caller's context. An error of it must not reach the link that delivered the message. */
export function tellProgress({ progress }: Pick<TaskSettings, 'progress'>, now: TaskProgress, context: CallerContext | undefined): void {
  try {
    if (progress !== undefined) context!.runInAsyncScope(progress, undefined, now);
  } catch (error) {
    process.emitWarning(`a progress function threw: ${summary(error)}`, 'ProgressWarning');
  }
}

/**
 * Asks the user's `retryOn`, in its caller's context. An error counts as no. So does a promise, which an async function would return for
 * every error.
 */
export function accepts(retryOn: ((error: unknown) => boolean) | undefined, error: unknown, context: CallerContext | undefined): boolean {
  if (retryOn === undefined) return true;
  try {
    const answer: unknown = context!.runInAsyncScope(retryOn, undefined, error);
    if (!isThenable(answer)) return Boolean(answer);
    ignoreRejection(answer);
    throw new TypeError(expected('what it returns', 'a boolean', answer));
  } catch (thrown) {
    process.emitWarning(`retryOn threw: ${summary(thrown)}`, 'RetryWarning');
    return false;
  }
}

/**
 * Returns the milliseconds until the next attempt. If the user's function returns an invalid time, or throws, a warning is emitted, and the
 * next attempt does not wait.
 *
 * @param attempt the one that failed, from 1
 */
export function backoffAfter(backoff: Backoff, attempt: number, context: CallerContext | undefined): number {
  if (typeof backoff === 'number') return backoff;
  try {
    return checkDelay(context!.runInAsyncScope(backoff, undefined, attempt), 'what it returns');
  } catch (thrown) {
    process.emitWarning(`backoff threw: ${summary(thrown)}`, 'RetryWarning');
    return 0;
  }
}
