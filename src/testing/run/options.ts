/** What `explore()`, `exploreAll()`, `replay()` and `drive()` take alike. */

import { checkBoolean, checkFunction, checkInteger, checkOptions, checkTimeout } from '../../check.ts';
import type { RunOptions, TestBody } from './run.ts';

/** What every way to run a test takes. */
export interface ScheduleOptions {
  /** A run that takes more steps has failed. Default 10,000. */
  readonly maxSteps?: number | undefined;
  /**
   * Whether steps may take long, so that a time-out comes while others are ready; by default time passes only when all wait. To be given
   * again in a `replay`. Default false.
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
