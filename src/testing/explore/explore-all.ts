/** All schedules of a small test. */

import { checkInteger } from '../../check.ts';
import { InvalidStateError } from '../../errors.ts';
import { claim } from '../run/one-at-a-time.ts';
import { readScheduleOptions, type ScheduleOptions } from '../run/options.ts';
import { failureOf } from '../run/report.ts';
import { type Outcome, Run, type TestBody } from '../run/run.ts';
import type { Choice } from './schedule.ts';
import { byList } from './strategy.ts';

/** For `exploreAll()`. */
export interface ExploreAllOptions extends ScheduleOptions {
  /** No more schedules than this. Default 100,000. */
  readonly limit?: number | undefined;
  /**
   * Only schedules in which it was so often at most not the first in line that went on. Most bugs need one or two such disorders, and the
   * number of schedules grows with this much slower than without a bound. Default Infinity.
   *
   * Source: Emmi and others, "Delay-bounded scheduling", 2011
   */
  readonly maxDisorder?: number | undefined;
}

/** The result of an exploration without a failure. */
export interface ExploredAll {
  /** How many there were, each run once. */
  readonly schedules: number;
  /** True if those were all; false if there were more than `limit`. */
  readonly isComplete: boolean;
  /** Steps of all runs. */
  readonly steps: number;
}

/**
 * Runs a test once under every schedule, depth first: a proof for small tests. Three greenlets of three steps each have 1680 schedules.
 * `explore()` documents what a run is and when it fails.
 *
 * @throws ScheduleError if a run fails
 * @throws InvalidStateError if something else than the schedule decides what the test does: a random number, the real time, or
 * what an earlier run left
 *
 * Source: shuttle::check_dfs
 *
 * @example
 * ```ts
 * import { joinAll, sleep, spawn } from 'heddle/coroutine';
 * import { exploreAll } from 'heddle/testing';
 *
 * const { schedules, isComplete } = await exploreAll(function* () {
 *   const log: string[] = [];
 *   function* worker(name: string) {
 *     log.push(name);
 *     yield* sleep(0);
 *     log.push(name);
 *   }
 *   yield* joinAll([spawn(worker, 'a'), spawn(worker, 'b')]);
 *   if (log.length !== 4) throw new Error(log.join());
 * });
 * console.log(schedules, isComplete); // prints: 6 true
 * ```
 */
export async function exploreAll(test: TestBody, options?: ExploreAllOptions): Promise<ExploredAll> {
  const run = readScheduleOptions(test, options, ['limit', 'maxDisorder']);
  const { limit = 100_000, maxDisorder = Infinity } = options ?? {};
  checkInteger(limit, 'limit', 1);
  if (maxDisorder !== Infinity) checkInteger(maxDisorder, 'maxDisorder', 0);
  const endClaim = claim('exploreAll()');
  try {
    let steps = 0;
    let schedules = 0;
    let before: readonly Choice[] = [];
    for (let picks: number[] | undefined = []; picks !== undefined; ) {
      if (schedules === limit) return { schedules, isComplete: false, steps };
      const outcome: Outcome = await new Run(byList(picks), run).of(test);
      schedules += 1;
      steps += outcome.steps;
      checkPrefix(before, outcome.choices, picks.length);
      if (outcome.failure !== undefined) throw await failureOf(`failed under schedule ${schedules}:`, outcome, test, run);
      before = outcome.choices;
      picks = next(before, maxDisorder);
    }
    return { schedules, isComplete: true, steps };
  } finally {
    endClaim();
  }
}

/** The last choice that can be another one, with all before it as they were. */
function next(choices: readonly Choice[], maxDisorder: number): number[] | undefined {
  let disorder = choices.filter(({ picked }) => picked > 0).length;
  for (let i = choices.length - 1; i >= 0; i -= 1) {
    const { picked, count } = choices[i]!;
    if (picked > 0) disorder -= 1;
    if (picked + 1 < count && disorder < maxDisorder) return [...choices.slice(0, i).map((choice) => choice.picked), picked + 1];
  }
  return undefined;
}

/** Checks that equal choices lead to the same number of ready greenlets. */
function checkPrefix(before: readonly Choice[], choices: readonly Choice[], length: number): void {
  for (let i = 0; i < Math.min(length, before.length); i += 1) {
    const count = choices[i]?.count;
    if (count !== before[i]!.count)
      throw new InvalidStateError(
        `the same schedule gave two different runs, with ${before[i]!.count} and ${count ?? 0} ready in moment ${i + 1}: something else decides, too`,
      );
  }
}
