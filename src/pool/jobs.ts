/** The jobs of a pool that have not ended, and what is watched of each: its signal, its time, whether somebody waits for it. */

import { AbortWatch } from './abort-watch.ts';
import { outsideOfCalls } from './caller-context.ts';
import { type DeadlineEvents, type DeadlineOptions, Deadlines } from './deadlines.ts';
import type { Job } from './job.ts';
import { clearTimeout, setTimeout } from '../real-timers.ts';
import { maxDelay } from './timers.ts';

export interface JobEvents extends DeadlineEvents {
  /** Its signal has aborted. */
  aborted(job: Job, reason: unknown): void;
}

export class Jobs {
  readonly deadlines: Deadlines;
  /** Those that somebody waits for, and that do not wait for him. Not to be written. */
  awaited = 0;
  readonly #aborts: AbortWatch<Job>;
  /** Those that wait for their consumer: they keep no program alive. */
  readonly #paused: Set<Job> = new Set();
  /** Chunks with an item that has had its grace. */
  readonly #late: Set<Job> = new Set();

  /** Those that wait out their backoff. */
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

  /** It has ended, or nobody wants to know: nothing of it is watched any more. */
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

  /** It waits for its consumer, or goes on. */
  pause(job: Job, isPaused: boolean): void {
    if (!job.isOpen || isPaused === this.#paused.has(job)) return;
    if (isPaused) this.#paused.add(job);
    else this.#paused.delete(job);
    this.awaited += isPaused ? -1 : 1;
  }

  /** Its next attempt waits for so many milliseconds; the job keeps the program running meanwhile. */
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

  /** What takes too long in it has had its grace. */
  late(job: Job): void {
    if (job.isChunk) this.#late.add(job);
  }

  /** Whether it was late, and has come to another item all the same: told once. */
  hasMovedOn(job: Job): boolean {
    return this.#late.size > 0 && !job.isLate() && this.#late.delete(job);
  }
}
