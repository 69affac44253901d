/**
 * The timers of jobs: how long a task may take, and how long it then has to stop. They keep no program alive.
 *
 *   dispatched --timeout--> overdue, told --graceful--> graceOver
 *
 * While a worker imports what a task needs, its time does not run: that is a part of the worker's start, and has as long.
 *
 * This thread may have been busy for longer than a task may take. What its worker has said meanwhile counts: it waits where the event loop
 * looks after the timers, so whoever is overdue is asked for once more after that.
 */

import { setImmediate } from '../real-timers.ts';
import type { Job } from './job.ts';
import { later } from './timers.ts';

export interface DeadlineEvents {
  /** The attempt, or the running item, has taken too long. */
  overdue(job: Job): void;
  /** It was told to stop, and has had its time. */
  graceOver(job: Job): void;
}

export interface DeadlineOptions {
  readonly graceful: number;
  readonly startTimeout: number;
}

interface Deadline {
  readonly ms: number;
  readonly callback: (job: Job) => void;
  timer: NodeJS.Timeout | undefined;
}

export class Deadlines {
  readonly #options: DeadlineOptions;
  readonly #events: DeadlineEvents;
  readonly #deadlines: Map<Job, Deadline> = new Map();
  readonly #preparing: Set<Job> = new Set();

  constructor(options: DeadlineOptions, events: DeadlineEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** A worker has it. */
  start(job: Job): void {
    const { timeout } = job.settings;
    if (timeout !== Infinity) this.#set(job, timeout, this.#events.overdue);
  }

  /** Its worker begins to import, or has imported, what it needs. */
  prepare(job: Job, isPreparing: boolean): void {
    if (isPreparing) this.#preparing.add(job);
    else this.#preparing.delete(job);
    const deadline = this.#deadlines.get(job);
    if (deadline !== undefined) this.#set(job, deadline.ms, deadline.callback);
  }

  /** An item of it has ended, the next begins; unless the one that takes too long is having its grace. */
  restart(job: Job): void {
    if (!job.isStuck()) this.start(job);
  }

  /** Its worker was told. */
  startGrace(job: Job): void {
    this.#set(job, this.#options.graceful, this.#events.graceOver);
  }

  stop(job: Job): void {
    if (this.#preparing.size > 0) this.#preparing.delete(job);
    if (this.#deadlines.size === 0) return;
    clearTimeout(this.#deadlines.get(job)?.timer);
    this.#deadlines.delete(job);
  }

  #set(job: Job, ms: number, callback: (job: Job) => void): void {
    clearTimeout(this.#deadlines.get(job)?.timer);
    const wait = this.#preparing.has(job) ? Math.max(ms, this.#options.startTimeout) : ms;
    const deadline: Deadline = { ms, callback, timer: undefined };
    this.#deadlines.set(job, deadline);
    if (wait === Infinity) return;
    const over = (): void => {
      if (this.#deadlines.get(job) === deadline) callback(job);
    };
    deadline.timer = later(wait, () => setImmediate(over)).unref();
  }
}
