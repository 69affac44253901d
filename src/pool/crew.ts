/** The workers of a pool, by the numbers that the scheduler gave them: started, stopped and killed as it says. */

import { captureFunction } from '../codec/host.ts';
import { type Border, encode } from '../codec/index.ts';
import { outsideOfCalls } from './caller-context.ts';
import { IdleWatch } from './idle-watch.ts';
import type { Job } from './job.ts';
import type { WorkerPoolOptions } from './options.ts';
import type { WorkerKind } from '../worker/index.ts';
import { type Initializer, PoolWorker, type PoolWorkerEvents } from './pool-worker.ts';

export class Crew {
  readonly #border: Border & { readonly kind: WorkerKind };
  readonly #name: string;
  readonly #options: WorkerPoolOptions;
  readonly #initializer: Initializer | undefined;
  readonly #workers: Map<number, PoolWorker> = new Map();
  readonly #idle: IdleWatch;
  /** Those whose own pools have work. */
  readonly #hosts: Set<number> = new Set();

  /** @param idleOver a worker has had nothing to do for so long that it may go */
  constructor(border: Border & { readonly kind: WorkerKind }, name: string, options: WorkerPoolOptions, idleOver: (id: number) => void) {
    this.#border = border;
    this.#name = name;
    this.#options = options;
    this.#idle = new IdleWatch(options.idleTimeout, idleOver);
    const { initializer, initArgs } = options;
    if (initializer === undefined) return;
    this.#initializer = {
      capsule: captureFunction(initializer, border),
      args: encode([...initArgs], { root: 'initArgs', border, keep: true }),
    };
  }

  get(id: number): PoolWorker | undefined {
    return this.#workers.get(id);
  }

  [Symbol.iterator](): Iterator<PoolWorker> {
    return this.#workers.values();
  }

  entries(): Iterable<readonly [number, PoolWorker]> {
    return this.#workers.entries();
  }

  /** Who was given the job, and has not ended it. */
  workerOf(job: Job): PoolWorker | undefined {
    for (const worker of this.#workers.values()) if (worker.jobs.has(job)) return worker;
    return undefined;
  }

  /** The job was taken back from the worker that it was given to. */
  giveUp(job: Job): void {
    for (const [id, { jobs }] of this.#workers) if (jobs.delete(job) && jobs.size === 0) this.rests(id);
  }

  start(id: number, isUnasked: boolean, events: (worker: () => PoolWorker) => PoolWorkerEvents): void {
    const { name, isWarm, resourceLimits, execArgv, env, maxMemory, tasksPerWorker, startTimeout, gracePeriod } = this.#options;
    const settings = {
      kind: this.#border.kind,
      name: name ?? this.#name,
      resourceLimits,
      execArgv,
      env,
      isWarm,
      maxMemory,
      isUnasked,
      slots: tasksPerWorker,
      initializer: this.#initializer,
      startTimeout,
      gracePeriod,
    };
    const worker: PoolWorker = outsideOfCalls(
      () =>
        new PoolWorker(
          settings,
          events(() => worker),
        ),
    );
    this.#workers.set(id, worker);
  }

  /** It has nothing to do from now on. */
  rests(id: number): void {
    this.#idle.add(id);
  }

  /** It has something to do, or is to end. */
  works(id: number): void {
    this.#idle.delete(id);
  }

  /** @param isNow it does not wait for its own pools */
  stop(id: number, isNow: boolean): void {
    this.works(id);
    this.#workers.get(id)?.stop(isNow);
  }

  /** Those who were told to end do not wait for their own pools any longer. */
  hurry(): void {
    for (const worker of this.#workers.values()) worker.hurry();
  }

  /** Its own pools have work, or have none any more. */
  poolsWork(id: number, doWork: boolean): void {
    if (doWork) this.#hosts.add(id);
    else if (this.#hosts.delete(id) && this.#workers.get(id)?.jobs.size === 0) this.rests(id);
  }

  /** Whether the own pools of a worker have work. */
  get doPoolsWork(): boolean {
    return this.#hosts.size > 0;
  }

  kill(id: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    this.works(id);
    this.#workers.get(id)?.kill(signal);
  }

  /** All who live are ended by this program. @param why for the tasks that end with them */
  explainEnd(why: string): void {
    for (const worker of this.#workers.values()) worker.why ??= why;
  }

  /** It has ended. */
  delete(id: number): void {
    this.works(id);
    this.#hosts.delete(id);
    this.#workers.delete(id);
  }

  /** Leaves nothing behind. */
  end(): void {
    this.#idle.end();
  }
}
