/** How long to wait: `number | WaitOptions`, as all waiting calls take it. */

import { checkOptions, checkTimeout, expected } from '../check.ts';
import { TypeError } from '../refusals.ts';

/** How long to wait, and what ends it early. */
export interface WaitOptions {
  /** Milliseconds. Absent: wait indefinitely; 0: do not wait. */
  readonly timeout?: number | undefined;
  /** The wait rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** As `WaitOptions`, of a call that blocks its thread: such a thread cannot hear a signal. */
export type SyncWaitOptions = Omit<WaitOptions, 'signal'>;

const optionKeys = ['timeout', 'signal'] as const;

/** True if the options end the wait before it begins. Nothing is taken then, even if it is available. */
export function isAborted(options: number | WaitOptions | undefined): boolean {
  return typeof options === 'object' && options.signal?.aborted === true;
}

/** Checks and reads `number | WaitOptions`. `Infinity` means indefinitely. */
export function readWaitOptions(
  options: number | WaitOptions | undefined,
  known: readonly string[] = optionKeys,
): { timeout: number; signal: AbortSignal | undefined } {
  if (options === undefined) return { timeout: Infinity, signal: undefined };
  if (typeof options === 'number') return { timeout: checkTimeout(options), signal: undefined };
  if (typeof options !== 'object') throw new TypeError(expected('timeout', 'a number of milliseconds or { timeout, signal }', options));
  checkOptions(options, 'options', known);
  const { timeout, signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError(expected('signal', 'an AbortSignal', signal));
  return { timeout: checkTimeout(timeout), signal };
}

/**
 * Returns the milliseconds of a call that blocks its thread. `Infinity` means indefinitely.
 *
 * @param promiseForm the call to use instead where a signal is given
 * @throws TypeError for a signal
 */
export function timeoutOfSync({ timeout = Infinity, signal }: WaitOptions, promiseForm: string): number {
  if (signal !== undefined)
    throw new TypeError(`expected no signal, as a blocked thread cannot hear one: use ${promiseForm} for a wait that can be aborted`);
  return timeout;
}

/** As `readWaitOptions`, of a call that blocks its thread: its milliseconds. */
export function readSyncTimeout(options: number | WaitOptions | undefined, promiseForm: string, known?: readonly string[]): number {
  return timeoutOfSync(readWaitOptions(options, known), promiseForm);
}
