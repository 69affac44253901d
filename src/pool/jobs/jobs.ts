/** The jobs of a pool that have not ended, and their watched conditions: the signal, the time, and whether a waiter exists. */

import { AbortWatch } from './abort-watch.ts';
import { outsideOfCalls } from './caller-context.ts';
import { type DeadlineEvents, type DeadlineOptions, Deadlines } from './deadlines.ts';
import type { Job } from './job.ts';
import { clearTimeout, setTimeout } from '../../real-timers.ts';
import { maxDelay } from './timers.ts';

export interface JobEvents extends DeadlineEvents {
  /** Called when its signal has aborted. */
  aborted(job: Job, reason: unknown): void;
}

export class Jobs {
  readonly deadlines: Deadlines;
  /** The jobs with a waiter that are not paused by their consumer. Read-only outside of this class. */
  awaited = 0;
  readonly #aborts: AbortWatch<Job>;
  /** The jobs that wait for their consumer: they do not keep the program alive. */
  readonly #paused: Set<Job> = new Set();
  /** Chunks with an item that has had its grace. */
  readonly #late: Set<Job> = new Set();

  /** The jobs that wait out their backoff. */
  readonly #held: Map<Job, NodeJS.Timeout> = new Map();

  constructor(options: DeadlineOptions, events: JobEvents) {
    this.deadlines = new Deadlines(options, events);
    this.#aborts = new AbortWatch((job, reason) => events.aborted(job, reason));
  }

  add(job: Job): void {
    const { signal } = job.settings;
    job.isOpen = true;
    this.awaited++;
    if (signal !== undefined) this.#aborts.watch(signal, job);
  }

  /** Stops watching a job that has ended, or is not wanted. */
  drop(job: Job): void {
    if (!job.isOpen) return;
    const { signal } = job.settings;
    job.isOpen = false;
    if (this.#paused.size === 0 || !this.#paused.delete(job)) this.awaited--;
    if (this.#late.size > 0) this.#late.delete(job);
    if (this.deadlines.size > 0) this.deadlines.stop(job);
    if (this.#held.size > 0) this.#letGo(job);
    if (signal !== undefined) this.#aborts.forget(signal, job);
    job.release();
  }

  /** Records that the job waits for its consumer, or goes on. */
  pause(job: Job, isPaused: boolean): void {
    if (!job.isOpen || isPaused === this.#paused.has(job)) return;
    if (isPaused) this.#paused.add(job);
    else this.#paused.delete(job);
    this.awaited += isPaused ? -1 : 1;
  }

  /** Holds its next attempt for `ms` milliseconds; the job keeps the program running meanwhile. */
  hold(job: Job, ms: number, over: () => void): void {
    const end = (): void => {
      this.#letGo(job);
      over();
    };
    const timer = outsideOfCalls(() => setTimeout(end, Math.min(ms, maxDelay)));
    this.#held.set(job, timer.unref());
  }

  #letGo(job: Job): void {
    clearTimeout(this.#held.get(job));
    this.#held.delete(job);
  }

  /** Records that its late item has had its grace. */
  late(job: Job): void {
    if (job.isChunk) this.#late.add(job);
  }

  /** True once if the job was late, and has come to another item all the same. */
  hasMovedOn(job: Job): boolean {
    return this.#late.size > 0 && !job.isLate() && this.#late.delete(job);
  }
}
