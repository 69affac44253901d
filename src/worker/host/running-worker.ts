/** One worker that was started, whatever carries it. One file per kind: `thread.ts`, `process.ts`. */

import type { WorkerEnd } from '../../errors.ts';
import type { AheadWords } from './ahead.ts';
import type { BegunCount } from './begun-count.ts';
import type { Link } from '../link/link.ts';

export type WorkerKind = 'thread' | 'process';

export interface StartOptions {
  /** For debuggers and process lists. */
  readonly name: string;
  readonly resourceLimits?: ResourceLimits | undefined;
  /** Node's options for the worker; by default those of this program that may hold in a worker. */
  readonly execArgv?: readonly string[] | undefined;
  /** The whole environment; by default that of this program, as it is now. Undefined variables are left out. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** A blank process becomes the worker, where one is ready. */
  readonly isWarm?: boolean | undefined;
  /** True while it is in the middle of a task: asked when this program exits. */
  readonly isBusy: () => boolean;
}

/** Memory limits of a worker, as `worker_threads` has them. A process gets them as options of its V8. */
export interface ResourceLimits {
  /** Of the main heap, in MiB. */
  readonly maxOldGenerationSizeMb?: number | undefined;
  /** Of the space for new objects, in MiB. */
  readonly maxYoungGenerationSizeMb?: number | undefined;
  /** Of memory for generated code, in MiB; threads only. */
  readonly codeRangeSizeMb?: number | undefined;
  /** Of the stack, in MiB; threads only. */
  readonly stackSizeMb?: number | undefined;
}

export interface RunningWorker {
  readonly link: Link;
  readonly pid: number | null;
  readonly threadId: number | null;
  /** How many of the tasks it was sent it has begun. */
  readonly begun: BegunCount;
  /** The state of tasks that are sent ahead; undefined of a process, which gets its words later. */
  readonly ahead: AheadWords | undefined;
  /** Ends it at once, mid-work (SIGKILL, the default), or asks it to (SIGTERM). A thread knows only the former. */
  kill(signal?: 'SIGTERM' | 'SIGKILL'): void;
  /** Calls back once, when it is gone. Frames it sent before may still be on their way. */
  onGone(callback: (end: WorkerEnd) => void): void;
}
