/**
 * The timers of jobs: how long a task may take, and how long it then has to stop. They keep no program alive.
 *
 *   dispatched --timeout--> overdue, told --gracePeriod--> graceOver
 *
 * While a worker imports what a task needs, its time does not run: that is a part of the worker's start, and has as long. The grace of one that is
 * not wanted any more does: an import that never ends is not to hold its worker.
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
  readonly gracePeriod: number;
  readonly startTimeout: number;
}

interface Deadline {
  /** What it has, in milliseconds; undefined: its grace. */
  readonly timeout: number | undefined;
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
    if (timeout !== Infinity) this.#set(job, timeout);
  }

  /** Its worker begins to import, or has imported, what it needs. */
  prepare(job: Job, isPreparing: boolean): void {
    if (isPreparing) this.#preparing.add(job);
    else this.#preparing.delete(job);
    const deadline = this.#deadlines.get(job);
    if (deadline?.timeout !== undefined) this.#set(job, deadline.timeout);
  }

  /** An item of it has ended, the next begins; unless the one that takes too long is having its grace. */
  restart(job: Job): void {
    if (!job.isStuck()) this.start(job);
  }

  /** Its worker was told. */
  startGrace(job: Job): void {
    this.#set(job, undefined);
  }

  stop(job: Job): void {
    if (this.#preparing.size > 0) this.#preparing.delete(job);
    if (this.#deadlines.size === 0) return;
    clearTimeout(this.#deadlines.get(job)?.timer);
    this.#deadlines.delete(job);
  }

  #set(job: Job, timeout: number | undefined): void {
    clearTimeout(this.#deadlines.get(job)?.timer);
    const deadline: Deadline = { timeout, timer: undefined };
    this.#deadlines.set(job, deadline);
    const { gracePeriod, startTimeout } = this.#options;
    const atLeast = this.#preparing.has(job) ? startTimeout : 0;
    const ms = timeout === undefined ? gracePeriod : Math.max(timeout, atLeast);
    if (ms === Infinity) return;
    const over = (): void => {
      if (this.#deadlines.get(job) !== deadline) return;
      if (timeout === undefined) this.#events.graceOver(job);
      else this.#events.overdue(job);
    };
    deadline.timer = later(ms, () => setImmediate(over)).unref();
  }
}
