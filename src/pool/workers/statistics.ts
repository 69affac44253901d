/** The statistics of a pool. */

import type { Job } from '../jobs/job.ts';
import type { SchedulerState } from '../scheduler/index.ts';

/** Plain numbers, as they are at the moment. Tasks and items of maps are counted alike, chunks not at all. */
export interface PoolStatistics {
  /** Workers that run and take tasks, or end tasks that they have, or whose own pools have work. */
  readonly workers: number;
  /** Workers that have been started and are not ready. */
  readonly starting: number;
  /** Of the workers, how many have nothing to do. */
  readonly idle: number;
  /** Calls and chunks of maps that wait for a worker. */
  readonly queued: number;
  /** Calls and chunks of maps that a worker has. */
  readonly running: number;
  /** Tasks since the pool was made: those it was given, */
  readonly submitted: number;
  /** those that ended well, */
  readonly completed: number;
  /** those that failed, were aborted, timed out, were lost or refused, */
  readonly failed: number;
  /** and those that were cancelled before they began. */
  readonly cancelled: number;
  /** Further attempts that were made. */
  readonly retried: number;
  /** Workers since the pool was made: those that became ready, */
  readonly workersStarted: number;
  /** and those of them that ended, by order or by accident. */
  readonly workersEnded: number;
}

export class Counts {
  #submitted = 0;
  completed = 0;
  failed = 0;
  cancelled = 0;
  retried = 0;
  workersStarted = 0;
  workersEnded = 0;

  submitted({ weight, isRetry }: Pick<Job, 'weight' | 'isRetry'>): void {
    if (!isRetry) this.#submitted += weight;
    else {
      // The items were counted as failed.
      this.retried += weight;
      this.failed -= weight;
    }
  }

  /** The items that are left of a chunk were given back: they count again when they are submitted again. */
  returned({ left, isRetry }: Pick<Job, 'left' | 'isRetry'>): void {
    if (!isRetry) this.#submitted -= left;
    else {
      this.retried -= left;
      this.failed += left;
    }
  }

  /** @param failed how many of them */
  ended(count: number, failed: number): void {
    this.completed += count - failed;
    this.failed += failed;
  }

  statistics(state: Pick<SchedulerState, 'workers' | 'waiting'> & { readonly tasks: { readonly size: number } }): PoolStatistics {
    let workers = 0;
    let starting = 0;
    let idle = 0;
    for (const worker of state.workers.values()) {
      if (worker.state === 'starting') starting++;
      const isUp = worker.state === 'ready' || worker.state === 'retiring';
      if (!isUp && !worker.isHost) continue;
      workers++;
      if (worker.tasks.size === 0 && !worker.isHost) idle++;
    }
    const submitted = this.#submitted;
    const { completed, failed, cancelled, retried, workersStarted, workersEnded } = this;
    const queued = state.waiting;
    const running = state.tasks.size - queued;
    return Object.freeze({
      workers,
      starting,
      idle,
      queued,
      running,
      submitted,
      completed,
      failed,
      cancelled,
      retried,
      workersStarted,
      workersEnded,
    });
  }
}
