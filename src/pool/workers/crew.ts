/** The workers of a pool, by the numbers that the scheduler gave them: started, stopped and killed as it says. */

import { captureFunction } from '../../codec/host.ts';
import { type Border, encode } from '../../codec/index.ts';
import { outsideOfCalls } from '../jobs/caller-context.ts';
import { IdleWatch } from './idle-watch.ts';
import type { Job } from '../jobs/job.ts';
import type { WorkerPoolOptions } from '../options.ts';
import type { WorkerKind } from '../../worker/index.ts';
import { type Initializer, PoolWorker, type PoolWorkerEvents } from './pool-worker.ts';

export class Crew {
  readonly #border: Border & { readonly kind: WorkerKind };
  readonly #name: string;
  readonly #options: WorkerPoolOptions;
  readonly #initializer: Initializer | undefined;
  readonly #workers: Map<number, PoolWorker> = new Map();
  readonly #idle: IdleWatch;
  /** The workers whose own pools have work. */
  readonly #hosts: Set<number> = new Set();
  /** How many they are. Not to be written. */
  hosts = 0;

  /** @param idleOver a worker has had nothing to do for so long that it may go */
  constructor(border: Border & { readonly kind: WorkerKind }, name: string, options: WorkerPoolOptions, idleOver: (id: number) => void) {
    this.#border = border;
    this.#name = name;
    this.#options = options;
    this.#idle = new IdleWatch(options.idleTimeout, () => this.#workers.values(), idleOver);
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

  /** A worker is sent a job. */
  gets(worker: PoolWorker, job: Job): void {
    if (worker.jobs++ === 0) worker.restsSince = worker.silentSince = 0;
    job.at = worker;
  }

  /** The worker has ended the job, or given it back. `mayRest` follows. */
  loses(worker: PoolWorker, job: Job): void {
    job.at = undefined;
    worker.jobs--;
  }

  /** The worker has got what there is for it. */
  mayRest(worker: PoolWorker): void {
    if (worker.jobs === 0) this.#idle.rests(worker);
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
          id,
          settings,
          events(() => worker),
        ),
    );
    this.#workers.set(id, worker);
  }

  /** @param isNow it does not wait for its own pools */
  stop(id: number, isNow: boolean): void {
    const worker = this.#workers.get(id);
    if (worker === undefined) return;
    worker.restsSince = 0;
    worker.stop(isNow);
  }

  /** Tells ending workers not to wait for their own pools any longer. */
  hurry(): void {
    for (const worker of this.#workers.values()) worker.hurry();
  }

  /** Records that the worker's own pools have work, or have none any more. */
  poolsWork(id: number, doWork: boolean): void {
    const worker = doWork || !this.#hosts.has(id) ? undefined : this.#workers.get(id);
    if (doWork) this.#hosts.add(id);
    else this.#hosts.delete(id);
    this.hosts = this.#hosts.size;
    if (worker !== undefined) this.mayRest(worker);
  }

  kill(id: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    const worker = this.#workers.get(id);
    if (worker === undefined) return;
    worker.restsSince = 0;
    worker.kill(signal);
  }

  /** Records that this program ends all living workers. @param why for the tasks that end with them */
  explainEnd(why: string): void {
    for (const worker of this.#workers.values()) worker.why ??= why;
  }

  /** Removes a worker that has ended. */
  delete(id: number): void {
    this.#hosts.delete(id);
    this.hosts = this.#hosts.size;
    this.#workers.delete(id);
  }

  /** Leaves nothing behind. */
  end(): void {
    this.#idle.end();
  }
}
