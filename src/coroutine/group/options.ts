/** The options of groups, and their checks. */

import { checkFunction, checkInteger, checkOptions } from '../../check.ts';
import type { WaitOptions } from '../../loop/index.ts';

/** For `group.join()`. */
export interface GroupJoinOptions extends WaitOptions {
  /** Throws the error of the first that failed meanwhile. Default false. */
  readonly raiseError?: boolean | undefined;
}

export const joinKeys: readonly string[] = ['timeout', 'signal', 'raiseError'];

/** The options of calls that add a greenlet: a `Pool` may have no space for it. */
export interface AdmissionOptions extends WaitOptions {
  /** True to wait for space. Default true. */
  readonly block?: boolean | undefined;
}

export const admissionKeys: readonly string[] = ['timeout', 'signal', 'block'];

/** Callbacks for the end of a call. Each runs in its own greenlet. */
export interface Callbacks<T> {
  /** With the result, if there is one. */
  readonly callback?: ((result: T) => unknown) | undefined;
  /** With the error, if it failed; that is then told nowhere else. */
  readonly errorCallback?: ((error: unknown) => unknown) | undefined;
}

export function checkCallbacks<T>(callbacks: Callbacks<T> | undefined): Callbacks<T> {
  checkOptions(callbacks, 'options', ['callback', 'errorCallback']);
  const { callback, errorCallback } = callbacks ?? {};
  if (callback !== undefined) checkFunction(callback, 'callback');
  if (errorCallback !== undefined) checkFunction(errorCallback, 'errorCallback');
  return { callback, errorCallback };
}

/** For `imap` and `imapUnordered`. */
export interface ImapOptions {
  /**
   * Items that were taken from the source and whose results were not taken yet, at most: those that run and those that have ended. An
   * integer >= 1. Default 4 × the size of the pool; of a group, and of a pool without a size, 1000.
   */
  readonly maxSize?: number | undefined;
}

/** Where nothing else says how many. */
const LARGE = 1000;

export function checkMaxSize(options: ImapOptions | undefined, capacity: number): number {
  checkOptions(options, 'options', ['maxSize']);
  if (options?.maxSize !== undefined) return checkInteger(options.maxSize, 'maxSize', 1);
  return capacity === Infinity ? LARGE : Math.max(4 * capacity, 1);
}
