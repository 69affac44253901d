/** One run of a `Process`, whatever carries it: a child process (`child-run.ts`), or a thread of this program (`thread-run.ts`). */

import type { Readable, Writable } from 'node:stream';

/** The parts of a `Process` that a run needs. */
export interface RunOrder {
  readonly name: string;
  readonly daemon: boolean;
  /** Numbers of the process and of the processes above it. */
  readonly path: readonly number[];
  readonly target: ((...args: never[]) => unknown) | undefined;
  readonly args: readonly unknown[];
  readonly stdio: 'inherit' | 'pipe' | 'ignore';
}

/** How a run ended. */
export interface RunEnd {
  exitCode: number;
  error: Error | null;
}

/** A run that was started. */
export interface StartedRun {
  readonly pid: number;
  readonly ident: number;
  /** Called when the end of the run, and its error, are known. */
  readonly waiters: Set<() => void>;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** The end of the run, if it has come: also where the event loop has not told yet. */
  look(): RunEnd | undefined;
  /** Reads what the run has printed into pipes, without an event loop. */
  drain(): void;
  /** Blocks this thread until the run may have ended, or has printed, for up to `ms` milliseconds. */
  rest(ms: number): void;
  /** Decides whether the run keeps this program alive. */
  keepAlive(does: boolean): void;
  send(signal: NodeJS.Signals): void;
}
