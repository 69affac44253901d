/** What a pool runs: a single call, or a chunk of a map. The pool moves jobs about; only the job knows what its end means. */

import type { Capsule, Packet } from '../codec/index.ts';
import { WorkerLost, type WorkerEnd } from '../errors.ts';
import type { ChunkReport, Outcome, WorkerHandle } from '../worker/index.ts';
import { type CallSite, joinStacks } from './call-site.ts';
import { type Future, futures } from './future.ts';

export interface Job {
  readonly id: number;
  /** Name of its function. */
  readonly name: string;
  /** When it was submitted (`performance.now()`), then when it was handed to a worker. */
  since: number;
  /** Hands it to a worker. */
  send(worker: WorkerHandle): void;
  /** It ended as a whole. */
  settled(outcome: Outcome): void;
  /** Some items of it ended: notes how far it is, and returns whether that was all. `deliver` follows. */
  reported(report: ChunkReport): boolean;
  deliver(report: ChunkReport): void;
  /** Its worker ended. What may have been running there is lost, what was not begun may run elsewhere. */
  workerLost(end: WorkerEnd, isBegun: boolean): Loss;
  /** It will not run: refused, or no worker could be started. */
  dropped(error: unknown): void;
  cancelled(): void;
}

export interface Loss {
  /** Something is left that no worker has begun. */
  readonly remains: boolean;
  /** Tells those who wait for what is lost; called when the pool has got over it. */
  settle(): void;
}

/** A job that found no worker willing to begin it this many times is given up: it would go round for ever. */
export const maxReturns = 3;

/** One call, whose future waits. */
export class CallJob implements Job {
  readonly id: number;
  readonly future: Future<unknown>;
  since = 0;
  readonly #capsule: Capsule;
  readonly #args: Packet;
  readonly #site: CallSite;
  #returns = 0;

  constructor(id: number, future: Future<unknown>, capsule: Capsule, args: Packet, site: CallSite) {
    this.id = id;
    this.future = future;
    this.#capsule = capsule;
    this.#args = args;
    this.#site = site;
  }

  get name(): string {
    return this.#capsule.name;
  }

  send(worker: WorkerHandle): void {
    futures.begin(this.future);
    worker.call(this.id, this.#capsule, this.#args);
  }

  settled(outcome: Outcome): void {
    if (!outcome.ok) joinStacks(outcome.value, this.#site);
    futures.settle(this.future, outcome.ok, outcome.value);
  }

  reported(): boolean {
    return true;
  }

  deliver(): void {}

  workerLost(end: WorkerEnd, isBegun: boolean): Loss {
    // What changed owner on the way to the lost worker cannot be sent again.
    if (!isBegun && this.#args.transfer.length === 0 && ++this.#returns <= maxReturns) {
      futures.unbegin(this.future);
      return { remains: true, settle: () => {} };
    }
    const error = lostError(end, this.name);
    joinStacks(error, this.#site);
    return { remains: false, settle: () => futures.settle(this.future, false, error) };
  }

  dropped(error: unknown): void {
    futures.settle(this.future, false, error);
  }

  cancelled(): void {
    futures.cancel(this.future);
  }
}

export function lostError(end: WorkerEnd, task: string): WorkerLost {
  const who = end.kind === 'thread' ? `thread ${end.threadId}` : `process ${end.pid}`;
  let how = end.signal === null ? `exited with code ${end.exitCode}` : `was killed by ${end.signal}`;
  if (end.error !== undefined && end.error !== null) how += ` after an uncaught error: ${summary(end.error)}`;
  return new WorkerLost(`the worker (${who}) that ran ${task} ${how}`, end, task);
}

export function summary(error: unknown): string {
  try {
    const { name, message } = error as { name?: unknown; message?: unknown };
    if (typeof message === 'string') return typeof name === 'string' ? `${name}: ${message}` : message;
    return String(error);
  } catch {
    return 'a value that cannot be shown';
  }
}
