/** The report of a failing schedule: simplified, and run once more for its steps. */

import { EndlessError, ScheduleError } from './failures.ts';
import { type Outcome, Run, type RunOptions, type TestBody } from './run.ts';
import { formatSchedule } from '../explore/schedule.ts';
import { shrink } from '../explore/shrink.ts';
import { byList } from '../explore/strategy.ts';
import { Trace } from './trace.ts';

/** The most runs and steps spent to simplify it; none where each simpler one would count as not ending. */
const MOST_RUNS = 500;
const MOST_STEPS = 500_000;

const picksOf = ({ choices }: Outcome): number[] => choices.map(({ picked }) => picked);

/** @param how how it was found */
export async function failureOf(how: string, outcome: Outcome, test: TestBody, options: RunOptions): Promise<ScheduleError> {
  const kind = kindOf(outcome);
  const mostRuns = outcome.failure?.error instanceof EndlessError ? 0 : MOST_RUNS;
  let runs = 0;
  let steps = outcome.steps;
  const shrinking = shrink(picksOf(outcome));
  let state = shrinking.next();
  while (state.done !== true) {
    if (runs === mostRuns || steps > MOST_STEPS) {
      state = shrinking.next(undefined);
      continue;
    }
    const again = await new Run(byList(state.value), options).of(test);
    runs += 1;
    steps += again.steps;
    state = shrinking.next({ isSame: kindOf(again) === kind, picks: picksOf(again) });
  }
  const picks = state.value;
  const trace = new Trace();
  const last = await new Run(byList(picks), options, trace).of(test);
  if (last.failure !== undefined) return new ScheduleError(how, formatSchedule(last.choices), trace.lines, last.failure.error);
  const unsteady = `${how}; but not again in a run by the same schedule: something else decides, too, such as a random number or the real time`;
  return new ScheduleError(unsteady, formatSchedule(outcome.choices), trace.lines, outcome.failure!.error);
}

/** Failures of one kind are taken for the same one. */
function kindOf({ failure }: Outcome): unknown {
  if (failure === undefined) return undefined;
  return failure.error instanceof Error ? failure.error.name : typeof failure.error;
}
