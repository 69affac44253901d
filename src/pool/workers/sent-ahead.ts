/**
 * The tasks that were sent ahead to busy workers, and may be taken back until they begin them. `scheduler/ahead.ts` chooses the tasks,
 * `prefetch.ts` their number.
 *
 *   a task ends ──▶ measured ──▶ the scheduler: another depth, or `balance`: workers that are silent, or one that is free
 *   recall, cancel, abort, shutdown ──▶ takeBack ──▶ the word of each task says: it is back, or has begun
 */

import { isObserved } from '../../events.ts';
import { monotonicNow, setImmediate } from '../../real-timers.ts';
import { outsideOfCalls } from '../jobs/caller-context.ts';
import type { Crew } from './crew.ts';
import type { Job } from '../jobs/job.ts';
import type { PoolWorker } from './pool-worker.ts';
import { isSilent, Prefetch } from './prefetch.ts';
import type { SchedulerEvent, SchedulerState } from '../scheduler/index.ts';

/** The pool that has the workers. */
interface Owner {
  /** Tells the scheduler, and does what it says and what follows from that. */
  apply(event: SchedulerEvent): void;
  /** Tells the scheduler, and does what it says. */
  perform(event: SchedulerEvent): void;
}

export class SentAhead {
  readonly #state: SchedulerState;
  readonly #crew: Crew;
  readonly #owner: Owner;
  readonly #prefetch: Prefetch;
  #isBalancing = false;

  constructor(state: SchedulerState, crew: Crew, owner: Owner) {
    this.#state = state;
    this.#crew = crew;
    this.#owner = owner;
    this.#prefetch = new Prefetch(state.options.tasksPerWorker);
  }

  /**
   * Takes back what has not begun: it waits here, in its order, until the next event gives it out anew. The last one goes first: a worker that takes up
   * some meanwhile begins none before one that goes back.
   *
   * @param jobs of one worker, in the order in which they were sent
   */
  takeBack(jobs: readonly Job[]): void {
    const tasks: Job[] = [];
    const begun: Job[] = [];
    for (let i = jobs.length - 1; i >= 0; i--) {
      const job = jobs[i]!;
      const { at } = job;
      if (job.ticket === 0 || at === undefined) continue;
      if (at.handle.takeBack(job)) {
        this.#crew.loses(at, job);
        this.#crew.mayRest(at);
        tasks.push(job);
      } else begun.push(job);
    }
    if (tasks.length + begun.length > 0) this.#owner.perform({ type: 'recalled', tasks: tasks.reverse(), begun: begun.reverse() });
  }

  /** All that the worker has, and has not begun. */
  takeBackFrom(worker: PoolWorker): void {
    this.takeBack(jobsOf(this.#state, worker));
  }

  takeAllBack(): void {
    if (this.#state.ahead > 0) for (const worker of this.#crew) this.takeBackFrom(worker);
  }

  /** The scheduler asks for them. */
  recall(jobs: readonly Job[]): void {
    this.takeBack(jobs);
    this.#owner.apply({ type: 'balance', silent: [] });
  }

  /** Called when a worker may be free while others have tasks ahead. Later reports of this turn may still bring it some. */
  balanceSoon(): void {
    if (this.#isBalancing) return;
    this.#isBalancing = true;
    outsideOfCalls(() =>
      setImmediate(() => {
        this.#isBalancing = false;
        if (this.#state.free.size > 0) this.#owner.apply({ type: 'balance', silent: [] });
      }),
    );
  }

  /**
   * A task of the worker has ended: how many it has ahead from now on, and whether others work on theirs for so long that they get nothing more.
   *
   * @param isWatched beginnings or ends of tasks are listened to
   */
  measured(worker: PoolWorker, us: number, isWatched: boolean): void {
    worker.silentSince = 0;
    const depth = this.#prefetch.ended(us, isWatched && isObserved('taskStarted'));
    if (depth !== undefined) this.#owner.apply({ type: 'depth', depth });
    if (this.#state.ahead === 0 || !this.#prefetch.isTime()) return;
    const now = monotonicNow();
    const silent = [...this.#crew].filter((each) => isSilent(each, now)).map(({ id }) => id);
    if (silent.length > 0) this.#owner.apply({ type: 'balance', silent });
  }
}

/** The jobs that a worker was sent and has neither ended nor given back, in the order in which they were sent. */
export function jobsOf({ workers }: SchedulerState, worker: PoolWorker): Job[] {
  const { tasks = [], ahead = [] } = workers.get(worker.id) ?? {};
  return ([...tasks, ...ahead] as Job[]).filter(({ at }) => at === worker);
}
