/** Which process this is: its name, its number below its parent, its parent. */

import { availableParallelism } from 'node:os';
import { checkTimeout, expected } from '../check.ts';
import { commonHere } from '../copies.ts';
import { TypeError } from '../refusals.ts';
import { identity, nextNumber, processNumbers } from '../worker/ground.ts';

/** A process as it is known to itself and to its children. */
export interface ProcessInfo {
  /** The name. */
  readonly name: string;
  /** The process id. */
  readonly pid: number;
  /** True for a daemon, which does not keep the program alive. */
  readonly daemon: boolean;
  /** True from the start to the end. */
  isAlive(): boolean;
}

/** The `Process` whose `run()` this process runs. */
const here = commonHere<{ own?: ProcessInfo }>('process.own', () => ({}));
/** The name that this thread has given to its process. */
let given: string | undefined;

/** The process where no `Process` object stands for it: the main program, a worker of a pool, and in further threads of a process. */
const info: ProcessInfo = {
  get name() {
    return given ?? identity()?.name ?? 'MainProcess';
  },
  set name(to: string) {
    if (typeof to !== 'string') throw new TypeError(expected('name', 'a string', to));
    given = to;
  },
  pid: process.pid,
  get daemon() {
    return isDaemon();
  },
  isAlive: () => true,
};

export function setOwn(process: ProcessInfo): void {
  here.own = process;
}

/** Numbers of the next child of this process and of the processes above it. */
export function nextPath(): readonly number[] {
  const { path = [], children } = identity() ?? {};
  return [...path, children === undefined ? nextNumber(processNumbers) : Atomics.add(children, 0, 1) + 1];
}

export const isDaemon = (): boolean => identity()?.daemon ?? false;

/**
 * The process that runs this code: in a child the `Process` itself. Source: multiprocessing.current_process
 *
 * @example
 * ```ts
 * import { currentProcess } from 'heddle';
 *
 * console.log(currentProcess().name); // prints: MainProcess
 * ```
 */
export function currentProcess(): ProcessInfo {
  return here.own ?? info;
}

/** The process that started this one, as its child sees it. */
export interface ParentProcess extends ProcessInfo {
  /** Resolves to `true` when the parent has ended, to `false` after `timeout` ms. A child ends with its parent, so that few see `true`. */
  join(timeout?: number): Promise<boolean>;
}

/**
 * The parent of a process that was started as a `Process`, or as a worker of a pool; `null` in the main program. Source: multiprocessing.parent_process
 */
export function parentProcess(): ParentProcess | null {
  const known = identity();
  if (known === undefined) return null;
  const { pid, name: parentName } = known.parent;
  // A process that is a thread has a parent in the same program.
  const isAlive = (): boolean => process.ppid === pid || process.pid === pid;
  return {
    name: parentName,
    pid,
    daemon: false,
    isAlive,
    join: async (timeout) => {
      const until = performance.now() + checkTimeout(timeout);
      while (isAlive()) {
        const left = until - performance.now();
        if (left <= 0) return false;
        await new Promise((resolve) => setTimeout(resolve, Math.min(left, 50)));
      }
      return true;
    },
  };
}

/** How many processors this program may use. Source: multiprocessing.cpu_count */
export function cpuCount(): number {
  return availableParallelism();
}
