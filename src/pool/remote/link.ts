/**
 * The interface between a `RemotePool` and the link to workers on other machines. The link is made in `src/distributed`, which knows the
 * server; the pool knows jobs.
 */

import type { Arrival, Packet } from '../../codec/index.ts';
import type { WorkerEnd } from '../../errors.ts';

/** An attempt of a call, a stream, or a chunk of a map, on its way to a worker. */
export interface RemoteTask {
  /** A number that no other attempt of this caller has. */
  readonly number: number;
  readonly kind: 'call' | 'stream' | 'chunk';
  /** Number of its job, for `currentTask().id`; of a chunk that of its first item. */
  readonly id: number;
  readonly name: string;
  readonly attempt: number;
  readonly fn: Packet;
  readonly args: Packet;
  /** Of a chunk: the first item to run, the one after the last, and whether each is a list of arguments. */
  readonly items: { readonly from: number; readonly to: number; readonly isSpread: boolean } | undefined;
  /** Milliseconds, or `Infinity`. */
  readonly timeout: number;
  readonly priority: number;
  /** The caller listens to its progress. */
  readonly tellsProgress: boolean;
  /** Runs first in each worker that has tasks of this pool. */
  readonly initializer: RemoteInitializer | undefined;
  /** For this worker alone: one of a broadcast. */
  readonly worker: string | undefined;
}

export interface RemoteInitializer {
  readonly fn: Packet;
  readonly args: Packet;
}

export interface RemoteWorker {
  readonly id: string;
  /** Tasks that it runs at a time. */
  readonly slots: number;
}

export interface RemoteLink {
  send(tasks: readonly RemoteTask[]): void;
  /** Cancels a task that is not wanted any more: it never begins, or is told why. @param reason undefined: it need not be told */
  cancel(number: number, reason: Packet | undefined): void;
  /** The consumer of a stream has taken `total` of its values, in all. */
  taken(number: number, total: number): void;
  /** The outcome is known: data that is kept for it may go. */
  settled(number: number): void;
  /** Workers that have joined and run this release. */
  readonly workers: readonly RemoteWorker[];
  /** The program must go on, or may end, while the link is open. */
  keepAlive(isOn: boolean): void;
  /** Messages that were refused, and those that came twice. */
  readonly counts: { readonly refused: number; duplicates: number };
  close(): Promise<void>;
}

/** The received part of a message: bytes, and the modules that they need. */
export interface Arrived {
  readonly bytes: Uint8Array;
  readonly modules: readonly string[];
  readonly from: Arrival;
}

/** How a worker was lost. */
export interface Loss {
  readonly end: WorkerEnd;
  /** The cause of its end, or the reason why it is thought lost. */
  readonly why: string | undefined;
  /** True if it ran nothing else. */
  readonly isAlone: boolean;
  /** Of a chunk: items before this one may have begun; undefined: all of them. */
  readonly allowed: number | undefined;
  /** The message of its error, where it differs from the end of the worker. */
  readonly message: string | undefined;
}

export interface RemoteEvents {
  begun(number: number): void;
  ended(number: number, isOk: boolean, value: Arrived): void;
  /** Outcomes of the chunk, as `packChunk` in `src/distributed/tasks/outcomes.ts` has them. */
  chunkEnded(number: number, values: Arrived, ms: number, failed: readonly number[]): void;
  /** Values of a stream. */
  values(number: number, values: Arrived): void;
  progress(number: number, done: number, total: number | null): void;
  overdue(number: number, notBegun: number | undefined): void;
  lost(number: number, loss: Loss): void;
  /** No worker takes it, or what it sent was not understood. */
  refused(number: number, error: unknown): void;
  /** Workers have joined or left. */
  workersChanged(): void;
  /** Nothing more will come. */
  broken(error: unknown): void;
}

export type OpenLink = (events: RemoteEvents) => Promise<RemoteLink>;
