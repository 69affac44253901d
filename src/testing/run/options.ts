/** The common options of `explore()`, `exploreAll()`, `replay()` and `drive()`. */

import { checkBoolean, checkFunction, checkInteger, checkOptions, checkTimeout } from '../../check.ts';
import type { RunOptions, TestBody } from './run.ts';

/** The options of every way to run a test. */
export interface ScheduleOptions {
  /** A run that takes more steps has failed. Default 10,000. */
  readonly maxSteps?: number | undefined;
  /**
   * True if steps may take long, so that a timeout comes while others are ready. By default time passes only when all wait. A `replay`
   * needs the same value. Default false.
   */
  readonly slowSteps?: boolean | undefined;
  /** As of `virtualClock()`: real milliseconds of silence while something outside may have something to say. Default 10. */
  readonly quiet?: number | undefined;
}

export function readScheduleOptions(test: TestBody, options: ScheduleOptions | undefined, more: readonly string[] = []): RunOptions {
  checkFunction(test, 'test');
  checkOptions(options, 'options', ['maxSteps', 'slowSteps', 'quiet', ...more]);
  const { maxSteps = 10_000, slowSteps = false, quiet = 10 } = options ?? {};
  checkInteger(maxSteps, 'maxSteps', 1);
  checkBoolean(slowSteps, 'slowSteps');
  checkTimeout(quiet, 'quiet');
  return { maxSteps, slowSteps, quiet };
}
