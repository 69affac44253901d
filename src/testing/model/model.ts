/** All schedules of a few threads, or many at random, or one again. */

import { performance } from 'node:perf_hooks';
import { checkInteger } from '../../check.ts';
import { EndlessError } from '../run/failures.ts';
import { Random } from '../explore/random.ts';
import { formatSchedule, parseSchedule } from '../explore/schedule.ts';
import { shrink } from '../explore/shrink.ts';
import { DepthFirst } from './order/depth-first.ts';
import { ModelError } from './run/failure.ts';
import { Host } from './run/host.ts';
import { type ModelTest, readTest } from './options.ts';
import { PartialOrder } from './order/partial-order.ts';
import { byRank, evenly } from './order/random-strategies.ts';
import type { Outcome } from './run/run.ts';
import { byList, type Strategy } from './order/strategy.ts';
import { TypeError } from '../../refusals.ts';

export interface ModelOptions<Context> extends ModelTest<Context> {
  /**
   * The number of pre-emptions of a thread that could go on. `Infinity`: all schedules that differ. Default 2. 0 is tried first, then 1, …,
   * so that a failure is found with as few as possible.
   */
  readonly preemptions?: number | undefined;
  /** No more runs than this. Default 1,000,000. */
  readonly limit?: number | undefined;
  /**
   * How redundant schedules are left out. `states`: a run ends at a state that was seen before. `orders`, without a bound only: of
   * schedules that differ only in the order of independent steps, one is run; better without deaths and timeouts. false: all run. Default
   * `orders` without a bound, deaths and timeouts, otherwise `states`.
   */
  readonly reduces?: 'states' | 'orders' | false | undefined;
}

export interface Explored {
  /** How many differing ones there were. */
  readonly schedules: number;
  /** Of all runs. */
  readonly steps: number;
  /** True if those were all within the bound; false if there were more than `limit`. */
  readonly isComplete: boolean;
  /** How fast they went. */
  readonly perSecond: number;
}

/** @throws ModelError if a run fails */
export function model<Context>(options: ModelOptions<Context>): Explored {
  const host = new Host(readTest(options, ['preemptions', 'limit', 'reduces']));
  const { preemptions = 2, limit = 1_000_000 } = options;
  const { deaths = 0, timeouts = 0, delays = 0 } = options;
  const reduces = options.reduces ?? (preemptions === Infinity && deaths + timeouts + delays === 0 ? 'orders' : 'states');
  if (reduces === 'orders' && preemptions !== Infinity)
    throw new TypeError("reduces: 'orders' would lose schedules within a bound of pre-emptions");
  if (preemptions !== Infinity) checkInteger(preemptions, 'preemptions', 0);
  checkInteger(limit, 'limit', 1);
  const sum = new Sum();
  for (let bound = preemptions === Infinity ? Infinity : 0; ; bound += 1) {
    const strategy = bound === Infinity && reduces === 'orders' ? new PartialOrder() : new DepthFirst(bound, reduces !== false);
    sum.schedules = 0;
    do {
      if (sum.runs === limit) return sum.explored(false);
      const outcome = host.run(strategy);
      sum.add(outcome);
      if (outcome.failure !== undefined) throw failureOf(`failed in run ${sum.runs}, with ${bound} pre-emptions at most:`, outcome, host);
    } while (strategy.next());
    if (bound >= preemptions || !(strategy instanceof DepthFirst && strategy.leavesOut)) return sum.explored(true);
  }
}

export interface ModelRandomOptions<Context> extends ModelTest<Context> {
  /** Default 10,000. */
  readonly runs?: number | undefined;
  /** The same seed gives the same runs. 32 bits; default another one each time. */
  readonly seed?: number | undefined;
  /** 'ranks' and 'evenly' alone, or by turns. Default both. */
  readonly strategy?: 'ranks' | 'evenly' | 'both' | undefined;
  /** How many orders between threads a bug may need, for 'ranks'. Default 3. */
  readonly depth?: number | undefined;
}

export interface ExploredRandomly {
  readonly runs: number;
  readonly steps: number;
  readonly seed: number;
  readonly perSecond: number;
}

/** Runs are taken to be as long as the first one; but not shorter than this. */
const LEAST_LENGTH = 10;

/** @throws ModelError if a run fails */
export function modelRandom<Context>(options: ModelRandomOptions<Context>): ExploredRandomly {
  const host = new Host(readTest(options, ['runs', 'seed', 'strategy', 'depth']));
  const { runs = 10_000, seed = Math.floor(Math.random() * 2 ** 32), strategy = 'both', depth = 3 } = options;
  checkInteger(runs, 'runs', 1);
  checkInteger(depth, 'depth', 1);
  const random = new Random(seed);
  const sum = new Sum();
  let length = LEAST_LENGTH;
  for (let run = 1; run <= runs; run += 1) {
    const own = new Random(random.seed());
    const isByRank = strategy === 'ranks' || (strategy === 'both' && run % 2 === 0);
    const outcome = host.run(isByRank ? byRank(own, length, depth) : evenly(own, length));
    sum.add(outcome);
    if (outcome.failure !== undefined) throw failureOf(`failed in run ${run} of ${runs}, seed ${seed}:`, outcome, host);
    length = Math.max(length, outcome.steps);
  }
  return { runs, steps: sum.steps, seed, perSecond: sum.perSecond };
}

/** Runs a test once, by the text that a `ModelError` has. @throws ModelError if it fails */
export function modelReplay<Context>(test: ModelTest<Context>, schedule: string): void {
  const host = new Host(readTest(test, []));
  const outcome = host.run(byList(parseSchedule(schedule)));
  if (outcome.failure !== undefined)
    throw retold(
      'failed again:',
      host,
      outcome.choices.map(({ picked }) => picked),
      outcome,
    );
}

class Sum {
  runs = 0;
  schedules = 0;
  steps = 0;
  readonly #start = performance.now();

  add({ steps, isCut }: Outcome): void {
    this.runs += 1;
    this.steps += steps;
    if (!isCut) this.schedules += 1;
  }

  get perSecond(): number {
    return Math.round((this.runs * 1000) / (performance.now() - this.#start));
  }

  explored(isComplete: boolean): Explored {
    return { schedules: this.schedules, steps: this.steps, isComplete, perSecond: this.perSecond };
  }
}

/** The most runs spent to simplify a schedule; none where each simpler one would count as not ending. */
const MOST_TRIES = 2000;

function failureOf(how: string, outcome: Outcome, host: Host): ModelError {
  const picksOf = ({ choices }: Outcome): number[] => choices.map(({ picked }) => picked);
  const kind = kindOf(outcome);
  const shrinking = shrink(picksOf(outcome));
  let tries = outcome.failure?.error instanceof EndlessError ? MOST_TRIES : 0;
  let state = shrinking.next();
  while (state.done !== true) {
    if (tries++ >= MOST_TRIES) state = shrinking.next(undefined);
    else {
      const again = host.run(byList(state.value));
      state = shrinking.next({ isSame: kindOf(again) === kind, picks: picksOf(again) });
    }
  }
  return retold(how, host, state.value, outcome);
}

function retold(how: string, host: Host, picks: readonly number[], first: Outcome): ModelError {
  const trace: { lines: readonly string[] } = { lines: [] };
  const strategy: Strategy = byList(picks);
  const outcome = host.run(strategy, trace);
  if (outcome.failure !== undefined) return new ModelError(how, formatSchedule(outcome.choices), trace.lines, outcome.failure.error);
  return new ModelError(`${how} but not again by the same schedule`, formatSchedule(first.choices), trace.lines, first.failure!.error);
}

/** Failures of one kind are taken for the same one. */
function kindOf({ failure }: Outcome): unknown {
  return failure?.error instanceof Error ? failure.error.name : failure;
}
