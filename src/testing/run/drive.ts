/** One run of a test in which other code decides: a function, or the scheduler of `fast-check`. */

import { checkInteger, expected } from '../../check.ts';
import type { Actor } from '../../loop/index.ts';
import { turn } from './all-wait.ts';
import { claim } from './one-at-a-time.ts';
import { readScheduleOptions, type ScheduleOptions } from './options.ts';
import { Run, type TestBody } from './run.ts';
import { ScheduleError } from './failures.ts';
import { formatSchedule } from '../explore/schedule.ts';
import type { Strategy } from '../explore/strategy.ts';
import { shortly, Trace } from './trace.ts';
import { TypeError } from '../../refusals.ts';

/** Returns the index of the one that goes on, of `count` in line: 0 is the first. Called only when there is more than one. */
export type Chooser = (count: number) => number;

/** The used part of `fast-check`'s scheduler, from its version 4.2 on. */
export interface SchedulerLike {
  /** Puts something in line; what comes back is settled as it is, in its turn. */
  schedule(task: Promise<unknown>, label?: string): Promise<unknown>;
  /** Lets `count` tasks in line have their turn. */
  waitNext(count: number): Promise<void>;
  /** How many are in line. */
  count(): number;
}

/**
 * Runs a test once, and lets other code choose the order. `fast-check`'s `fc.scheduler()` chooses among the greenlets and the tasks that
 * the test gives it itself. It shows the order that failed, and repeats it by its seed. It can also simplify the draws of a chooser from
 * `fc.gen()`, or the list of `replay`.
 *
 * @throws ScheduleError if the run fails
 *
 * @example
 * ```ts
 * import fc from 'fast-check';
 * import { joinAll, spawn } from 'heddle/coroutine';
 * import { drive } from 'heddle/testing';
 *
 * await fc.assert(
 *   fc.asyncProperty(fc.scheduler(), (s) =>
 *     drive(async () => {
 *       const log: string[] = [];
 *       const fetchUser = s.scheduleFunction(async function fetchUser(id: number) {
 *         return `user ${id}`;
 *       });
 *       const reader = spawn(async () => log.push(await fetchUser(1)));
 *       const writer = spawn(() => log.push('written'));
 *       await joinAll([reader, writer]);
 *       if (log.length !== 2) throw new Error(log.join());
 *     }, s),
 *   ),
 * );
 * ```
 */
export async function drive(test: TestBody, by: Chooser | SchedulerLike, options?: ScheduleOptions): Promise<void> {
  const run = readScheduleOptions(test, options);
  const strategy = typeof by === 'function' ? byChooser(by) : byScheduler(by);
  const endClaim = claim('drive()');
  try {
    const trace = new Trace();
    const outcome = await new Run(strategy, run, trace).of(test);
    if (outcome.failure === undefined) return;
    throw new ScheduleError('failed:', formatSchedule(outcome.choices), trace.lines, outcome.failure.error);
  } finally {
    endClaim();
  }
}

function byChooser(choose: Chooser): Strategy {
  return { pick: (count) => (count === 1 ? 0 : checkInteger(choose(count), 'the choice', 0, count - 1)) };
}

/** Every ready greenlet is a task of the scheduler; the task that the scheduler runs is the choice. */
function byScheduler(scheduler: SchedulerLike): Strategy {
  if (typeof scheduler?.schedule !== 'function' || typeof scheduler.waitNext !== 'function' || typeof scheduler.count !== 'function')
    throw new TypeError(expected('by', 'a function, or a scheduler of fast-check', scheduler));
  const tasks = new Set<Actor>();
  let chosen: Actor | undefined;

  const add = (actor: Actor): void => {
    if (tasks.has(actor)) return;
    tasks.add(actor);
    void scheduler.schedule(Promise.resolve(), shortly(actor)).then(() => {
      tasks.delete(actor);
      chosen = actor;
    });
  };

  return {
    async pick(count, who) {
      for (let i = 0; i < count; i += 1) add(who(i));
      chosen = undefined;
      await scheduler.waitNext(1);
      await turn();
      for (let i = 0; i < count; i += 1) if (who(i) === chosen) return i;
      return -1;
    },
    async goOn() {
      if (scheduler.count() === 0) return false;
      await scheduler.waitNext(1);
      return true;
    },
  };
}
