/** The pool as `heddle map` sees it. */

import type { Finding, Job, Failure, Target } from './apply.ts';

/** How one job ended. `ok: false` is an accident of the worker; an error of the user's function is a `Failure`. */
export type Outcome =
  | { readonly index: number; readonly ok: true; readonly value: string | Failure }
  | { readonly index: number; readonly ok: false; readonly value: unknown };

export interface EngineOptions {
  readonly kind: 'thread' | 'process';
  readonly jobs: number;
  /** Items that travel together; undefined: the pool finds out. */
  readonly chunkSize: number | undefined;
  /** Further attempts of an item that failed, for whatever reason. */
  readonly retries: number;
  /** Milliseconds between two of them. */
  readonly backoff: number;
  /** Milliseconds an item may take; undefined: no limit. */
  readonly timeout: number | undefined;
}

export interface Engine {
  /** Asks a worker for the function. */
  find(target: Target): Promise<Finding>;
  /** Outcomes as they come; jobs, counted from 0, are taken when there is room for them. */
  outcomes(jobs: AsyncIterable<Job>): AsyncIterator<Outcome, undefined>;
  /** Waits until all workers have ended, and what they printed has arrived. */
  close(): Promise<void>;
  /** Begins nothing more; `outcomes` gives what still runs, and ends. */
  cancel(): void;
  /** Ends `outcomes`, whatever still runs. Workers in the middle of a job end with this process. */
  stop(): void;
}

export type EngineMaker = (options: EngineOptions) => Engine;
