/** Many schedules of one test, picked at random. */

import { checkInteger } from '../../check.ts';
import { claim } from '../run/one-at-a-time.ts';
import { readScheduleOptions, type ScheduleOptions } from '../run/options.ts';
import { byRank, evenly } from './random-strategies.ts';
import { Random } from './random.ts';
import { failureOf } from '../run/report.ts';
import { type Outcome, Run, type TestBody } from '../run/run.ts';
import { byList, type Strategy } from './strategy.ts';

/** For `explore()`. */
export interface ExploreOptions extends ScheduleOptions {
  /** How often the test is run. Default 1000. */
  readonly runs?: number | undefined;
  /** The same seed gives the same runs. 32 bits; default another one each time. */
  readonly seed?: number | undefined;
}

/** The result of an exploration without a failure. */
export interface Explored {
  /** How often the test was run. */
  readonly runs: number;
  /** How many of them differed from all before. */
  readonly schedules: number;
  /** Steps of all runs. */
  readonly steps: number;
  /** Explores the same again. */
  readonly seed: number;
}

/** Runs are taken to be as long as the first one; but not shorter than this. */
const LEAST_LENGTH = 20;

/**
 * Runs a test again and again, each time with another order among the ready greenlets, until one run fails or all have passed. A run fails
 * if the test fails, if an error is not seen, if the test waits and nothing can go on, or if it does not end.
 *
 * The first run has the loop's own order. Half of the others pick evenly among the ready greenlets. The other half goes by ranks, which
 * finds failures that need one greenlet to be very late. The time is virtual. Greenlets that the test leaves behind are killed. Changes
 * outside of the test stay, so it should make all objects that it uses. Promises that are not the loop's own go on in JavaScript's order.
 *
 * @throws ScheduleError if a run fails: with the error as `cause`, and the shortest schedule that was found for it, for `replay()`
 * @throws InvalidStateError if there is a virtual clock, or another exploration runs
 *
 * Source: shuttle::check_random and check_pct
 *
 * @example
 * ```ts
 * import { joinAll, sleep, spawn } from 'heddle/coroutine';
 * import { explore, type ScheduleError } from 'heddle/testing';
 *
 * function* test() {
 *   let account = 100;
 *   function* withdraw(amount: number) {
 *     if (account < amount) return;
 *     yield* sleep(0); // somebody else may go on here
 *     account -= amount;
 *   }
 *   yield* joinAll([spawn(withdraw, 80), spawn(withdraw, 50)]);
 *   if (account < 0) throw new Error(`account: ${account}`);
 * }
 * const error: ScheduleError = await explore(test, { seed: 1 }).catch((error) => error);
 * console.log(error.message);
 * // prints: failed in run 1 of 1000, seed 1:
 * // prints:   Error: account: -30
 * // prints: replay it: await replay(test, '')
 * // prints: …
 * ```
 */
export async function explore(test: TestBody, options?: ExploreOptions): Promise<Explored> {
  const run = readScheduleOptions(test, options, ['runs', 'seed']);
  const { runs = 1000, seed = new Random(Math.random() * 2 ** 32).seed() } = options ?? {};
  checkInteger(runs, 'runs', 1);
  checkInteger(seed, 'seed', 0, 0xffff_ffff);
  const endClaim = claim('explore()');
  try {
    const random = new Random(seed);
    const seen = new Set<string>();
    let steps = 0;
    let length = LEAST_LENGTH;
    for (let i = 0; i < runs; i += 1) {
      const outcome = await new Run(strategyOf(i, new Random(random.seed()), length), run).of(test);
      if (outcome.failure !== undefined) throw await failureOf(`failed in run ${i + 1} of ${runs}, seed ${seed}:`, outcome, test, run);
      steps += outcome.steps;
      if (i === 0) length = Math.max(length, outcome.choices.length);
      seen.add(fingerprint(outcome));
    }
    return { runs, schedules: seen.size, steps, seed };
  } finally {
    endClaim();
  }
}

function strategyOf(run: number, random: Random, length: number): Strategy {
  if (run === 0) return byList([]);
  return run % 2 === 1 ? evenly(random) : byRank(random, length);
}

/** Short, and the same only for the same choices, as far as 53 bits can tell. */
function fingerprint({ choices }: Outcome): string {
  let high = 0;
  let low = 0;
  for (const { picked } of choices) {
    low = (Math.imul(low, 31) + picked + 1) | 0;
    high = (Math.imul(high, 0x0100_0193) ^ (picked + 7)) | 0;
  }
  return `${choices.length}:${high}:${low}`;
}
