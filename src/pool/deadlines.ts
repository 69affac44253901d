/** The timers of jobs: how long a task may take, and how long it then has to stop. They keep no program alive. */

import type { Job } from './job.ts';
import { later } from './timers.ts';

export interface DeadlineEvents {
  /** The attempt, or the running item, has taken too long. */
  overdue(job: Job): void;
  /** It was told to stop, and has had its time. */
  graceOver(job: Job): void;
}

export class Deadlines {
  readonly #graceful: number;
  readonly #events: DeadlineEvents;

  constructor(graceful: number, events: DeadlineEvents) {
    this.#graceful = graceful;
    this.#events = events;
  }

  /** A worker has it. */
  start(job: Job): void {
    if (job.settings.timeout !== Infinity) this.#set(job, job.settings.timeout, this.#events.overdue);
  }

  /** An item of it has ended, the next begins; unless the one that takes too long is having its grace. */
  restart(job: Job): void {
    if (job.settings.timeout === Infinity || job.isStuck()) return;
    this.stop(job);
    this.start(job);
  }

  /** Its worker was told. */
  startGrace(job: Job): void {
    this.stop(job);
    if (this.#graceful !== Infinity) this.#set(job, this.#graceful, this.#events.graceOver);
  }

  stop(job: Job): void {
    if (job.timer === undefined) return;
    clearTimeout(job.timer);
    job.timer = undefined;
  }

  #set(job: Job, ms: number, callback: (job: Job) => void): void {
    job.timer = later(ms, () => callback(job)).unref();
  }
}
