/** One run of a test by a schedule that is known. */

import { expected } from '../../check.ts';
import { claim } from '../run/one-at-a-time.ts';
import { readScheduleOptions, type ScheduleOptions } from '../run/options.ts';
import { Run, type TestBody } from '../run/run.ts';
import { parseSchedule } from './schedule.ts';
import { byList } from './strategy.ts';
import { TypeError } from '../../refusals.ts';

/**
 * Runs a test once by a schedule, such as one that `explore()` found. A race that was mended is kept as such a test.
 *
 * @param schedule the text of a `ScheduleError`, or a list of numbers: the index in line of the greenlet that goes on, for each moment with
 * a choice, 0 being the first. Numbers that are too high wrap around; after the end of the list the first goes on.
 * @throws what the test throws; a `DeadlockError` or `EndlessError` if it does not end
 *
 * @example
 * ```ts
 * import { joinAll, spawn } from 'heddle/coroutine';
 * import { replay } from 'heddle/testing';
 *
 * function* test() {
 *   yield* joinAll(['a', 'b', 'c'].map((name) => spawn(() => console.log(name))));
 * }
 * await replay(test, '1:2');
 * // prints: c
 * // prints: a
 * // prints: b
 * ```
 */
export async function replay(test: TestBody, schedule: string | readonly number[], options?: ScheduleOptions): Promise<void> {
  const run = readScheduleOptions(test, options);
  const picks = typeof schedule === 'string' ? parseSchedule(schedule) : checkList(schedule);
  const endClaim = claim('replay()');
  try {
    const { failure } = await new Run(byList(picks), run).of(test);
    if (failure !== undefined) throw failure.error;
  } finally {
    endClaim();
  }
}

function checkList(list: readonly number[]): readonly number[] {
  if (!Array.isArray(list) || !list.every((one) => Number.isSafeInteger(one) && one >= 0))
    throw new TypeError(expected('schedule', 'a text or a list of integers >= 0', list));
  return list;
}
