/** Which process this is: its name, its number below its parent, its parent. */

import { availableParallelism } from 'node:os';
import { checkTimeout, expected } from '../check.ts';
import { TypeError } from '../refusals.ts';
import { nextNumber, processNumbers, refuseChildren } from '../worker/ground.ts';
import type { StartHeader } from './message.ts';

/** A process as it is known to itself and to its children. */
export interface ProcessInfo {
  readonly name: string;
  readonly pid: number;
  readonly daemon: boolean;
  isAlive(): boolean;
}

let started: StartHeader | undefined;
/** The `Process` whose `run()` this process runs. */
let own: ProcessInfo | undefined;
let name = 'MainProcess';

const main: ProcessInfo = {
  get name() {
    return name;
  },
  set name(to: string) {
    if (typeof to !== 'string') throw new TypeError(expected('name', 'a string', to));
    name = to;
  },
  pid: process.pid,
  daemon: false,
  isAlive: () => true,
};

/** This process was started as a `Process`. */
export function becomeChild(header: StartHeader): void {
  started = header;
  if (header.daemon) refuseChildren();
}

export function setOwn(process: ProcessInfo): void {
  own = process;
}

/** Numbers of the next child of this process and of the processes above it. */
export function nextPath(): readonly number[] {
  return [...(started?.path ?? []), nextNumber(processNumbers)];
}

export const isDaemon = (): boolean => started?.daemon ?? false;

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
  return own ?? main;
}

/** The process that started this one as a `Process`, as its child sees it. */
export interface ParentProcess extends ProcessInfo {
  /** Resolves to `true` when the parent has ended, to `false` after `timeout` ms. A child ends with its parent, so that few see `true`. */
  join(timeout?: number): Promise<boolean>;
}

/**
 * The parent of a process that was started as a `Process`; `null` in the main program. Source: multiprocessing.parent_process
 */
export function parentProcess(): ParentProcess | null {
  if (started === undefined) return null;
  const { pid, name: parentName } = started.parent;
  const isAlive = (): boolean => process.ppid === pid;
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
