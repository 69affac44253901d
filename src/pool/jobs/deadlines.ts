/**
 * The timers of jobs: the run time of a task's code, and the grace after it. The timers do not keep the program alive.
 *
 *   dispatched ──▶ sent ──worker: heddle works──▶ prepared ──worker: code runs──▶ runs ──timeout──▶ overdue, told ──gracePeriod──▶ graceOver
 *                    └──────────worker: code runs─────────────────────────────────^ │
 *                                                    ^──worker: heddle works────────┘
 *
 * Only the run time of a task's code is measured. Imports and decoding for the task count as part of the worker's start, and have the same
 * limit (`startTimeout`). A worker that has nothing else to do and reports nothing of a task is stopped, or kept busy by the leftovers of
 * an earlier task: it has a second, or the `timeout`. The grace of an unwanted task runs in any case: an import that never ends must not
 * hold its worker.
 *
 * This thread may have been busy for longer than a task may take. Reports of its worker from that time count. They are queued behind the
 * timers in the event loop, so an overdue worker is checked once more after that.
 */

import { setImmediate } from '../../real-timers.ts';
import type { Job } from './job.ts';
import { later } from './timers.ts';

export interface DeadlineEvents {
  /** The attempt, or the running item, has taken too long. @param notBegun milliseconds in which its code has not begun */
  overdue(job: Job, notBegun: number | undefined): void;
  /** Called when the task was told to stop, and its grace is over. */
  graceOver(job: Job): void;
}

export interface DeadlineOptions {
  readonly gracePeriod: number;
  readonly startTimeout: number;
  readonly tasksPerWorker: number;
}

/** Milliseconds that a worker has to take up a task at least. */
const toTakeUp = 1000;

interface Deadline {
  phase: 'sent' | 'prepared' | 'runs' | 'grace';
  /** Milliseconds that the code may still run. */
  left: number;
  /** When the phase began. */
  since: number;
  timer: NodeJS.Timeout | undefined;
}

export class Deadlines {
  readonly #options: DeadlineOptions;
  readonly #events: DeadlineEvents;
  readonly #deadlines: Map<Job, Deadline> = new Map();

  constructor(options: DeadlineOptions, events: DeadlineEvents) {
    this.#options = options;
    this.#events = events;
  }

  get size(): number {
    return this.#deadlines.size;
  }

  /** A worker has it. */
  start(job: Job): void {
    const { timeout } = job.settings;
    if (timeout !== Infinity) this.#set(job, 'sent', timeout);
  }

  /** Heddle works for it in its worker, or its own code runs. */
  prepare(job: Job, isPreparing: boolean): void {
    const deadline = this.#deadlines.get(job);
    if (deadline === undefined || deadline.phase === 'grace') return;
    const { phase, left, since } = deadline;
    const rest = phase === 'runs' ? Math.max(0, left - (performance.now() - since)) : left;
    this.#set(job, isPreparing ? 'prepared' : 'runs', rest);
  }

  /** An item of it has ended, the next begins; unless the one that takes too long is having its grace. */
  restart(job: Job): void {
    const { timeout } = job.settings;
    if (timeout === Infinity || job.isLate()) return;
    this.#set(job, this.#deadlines.get(job)?.phase === 'prepared' ? 'prepared' : 'runs', timeout);
  }

  /** Called when its worker was told. */
  startGrace(job: Job): void {
    this.#set(job, 'grace', 0);
  }

  stop(job: Job): void {
    clearTimeout(this.#deadlines.get(job)?.timer);
    this.#deadlines.delete(job);
  }

  #set(job: Job, phase: Deadline['phase'], left: number): void {
    clearTimeout(this.#deadlines.get(job)?.timer);
    const deadline: Deadline = { phase, left, since: performance.now(), timer: undefined };
    this.#deadlines.set(job, deadline);
    const ms = this.#lengthOf(phase, left, job.settings.timeout);
    if (ms === Infinity) return;
    const over = (): void => {
      if (this.#deadlines.get(job) !== deadline) return;
      if (phase === 'grace') this.#events.graceOver(job);
      else this.#events.overdue(job, phase !== 'runs' && left === job.settings.timeout ? ms : undefined);
    };
    deadline.timer = later(ms, () => setImmediate(over)).unref();
  }

  #lengthOf(phase: Deadline['phase'], left: number, timeout: number): number {
    const { gracePeriod, startTimeout, tasksPerWorker } = this.#options;
    switch (phase) {
      case 'sent':
        // Other tasks may rightly keep the worker busy.
        return Math.max(timeout, tasksPerWorker > 1 ? startTimeout : toTakeUp);
      case 'prepared':
        return Math.max(timeout, startTimeout);
      case 'runs':
        return left;
      case 'grace':
        return gracePeriod;
    }
  }
}
