/** One worker that was started, whatever carries it. One file per kind: `thread.ts`, `process.ts`. */

import type { WorkerEnd } from '../errors.ts';
import type { Link } from './link.ts';

export type WorkerKind = 'thread' | 'process';

export interface StartOptions {
  /** For debuggers and process lists. */
  readonly name: string;
  readonly resourceLimits?: ResourceLimits | undefined;
  /** Whether it is in the middle of a task: asked when this program exits. */
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
  /** Ends it at once, mid-work. */
  kill(): void;
  /** Calls back once, when it is gone. Frames it sent before may still be on their way. */
  onGone(callback: (end: WorkerEnd) => void): void;
}
