/**
 * Starts one child process of Node, for pools and for `Process` alike, and keeps the children of this thread.
 *
 *    descriptor 0 … 2   stdin, stdout, stderr
 *               3       a socket to this process, or nothing
 *               4       the lifeline: the child ends with this process, by the kernel's hand
 *               5       the kind's own: marks of a pool's worker, the message file of a Process
 *               6       the shared heap of the whole tree
 *               7       marks of a blank process, which may become a pool's worker
 *
 * Descriptors 4 and 6 are there where the system has what they need. No child has an IPC channel of Node's, so `process.send` is free and a test
 * runner's fork is not taken for a child of heddle.
 */

import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { childProcess } from '../../builtins.ts';
import { ProcessError } from '../../errors.ts';
import { heapForChild } from '../../handles.ts';
import { placeOf } from '../../places.ts';
import { Lifeline } from '../../platform/index.ts';
import { inheritedExecArgv } from '../start/exec-argv.ts';
import { forgetChild, noteChild } from '../start/orphans.ts';
import { identity } from '../start/process-identity.ts';

export interface ChildOptions {
  /** The child's first file, by its path below `src/` and with the ending `.js`. */
  readonly entry: string;
  /** Arguments for the first file. */
  readonly args: readonly string[];
  /** Node's options; by default those of this program that may hold in a child. */
  readonly execArgv?: readonly string[] | undefined;
  /** Further options of Node. */
  readonly nodeOptions?: readonly string[];
  /** The whole environment; by default that of this thread, as it is now. Variables with the value `undefined` are left out. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly stdio: 'inherit' | 'pipe' | 'ignore';
  /** `without-lifeline`: a pipe where its end is all that tells the child of this program's end. */
  readonly link: 'pipe' | 'without-lifeline';
  readonly own: number | 'ignore';
  readonly marks?: number | undefined;
  /** Called when this program exits in good order while the child lives. */
  readonly atExit: (child: Child) => void;
}

/** A child that was started and has not been seen to end. */
export interface Child {
  readonly process: ChildProcess;
  readonly lifeline: Lifeline | undefined;
  /** True if the child has inherited the shared heap. */
  readonly hasHeap: boolean;
}

const children = new Map<ChildProcess, { readonly child: Child; readonly atExit: (child: Child) => void }>();
let isWatching = false;

/** @throws ProcessError in a daemon */
export function checkMayHaveChildren(): void {
  if (identity()?.daemon === true) throw new ProcessError('daemonic processes are not allowed to have children');
}

/** Starts it and arms its lifeline, before the child can get anything to do. @throws ProcessError in a daemon; what `spawn` throws */
export function startChild(options: ChildOptions): Child {
  checkMayHaveChildren();
  const lifeline = ifPossible(() => new Lifeline());
  try {
    return startWith(options, lifeline);
  } catch (error) {
    lifeline?.release();
    throw error;
  }
}

function startWith(options: ChildOptions, lifeline: Lifeline | undefined): Child {
  const { entry, args, nodeOptions = [], env, stdio, link, own, marks } = options;
  const heap = heapForChild();
  const execArgv = [...(options.execArgv ?? inheritedExecArgv(process.execArgv)), ...nodeOptions];
  const given = [...args, ...(heap === undefined ? [] : ['heap']), ...(lifeline === undefined ? ['link'] : [])];
  const started = childProcess().spawn(process.execPath, [...execArgv, fileURLToPath(placeOf(entry)), ...given], {
    stdio: [
      stdio,
      stdio,
      stdio,
      link === 'pipe' || lifeline === undefined ? 'pipe' : 'ignore',
      lifeline?.childEnd ?? 'ignore',
      own,
      heap ?? 'ignore',
      ...(marks === undefined ? [] : [marks]),
    ],
    windowsHide: true,
    ...(env === undefined ? {} : { env: { ...env } }),
  });
  // The waiter for the child does not wait by its socket, and 'exit' reports its death.
  socketOf(started)
    ?.unref()
    .on('error', () => {});
  const { pid } = started;
  if (pid !== undefined) ifPossible(() => lifeline?.arm(pid));
  const child = { process: started, lifeline, hasHeap: heap !== undefined };
  if (pid !== undefined) watch(child, options.atExit);
  return child;
}

/**
 * The socket at descriptor 3 of a child; undefined without one. Without descriptors Node makes none of the streams, and reports that by an
 * event.
 */
export function socketOf(child: ChildProcess): Socket | undefined {
  return ((child.stdio as readonly unknown[] | undefined)?.[3] ?? undefined) as Socket | undefined;
}

/** Changes what is called when this program exits in good order while the child lives. */
export function setAtExit(child: Child, atExit: (child: Child) => void): void {
  children.set(child.process, { child, atExit });
}

/** The child has ended, or was never there. */
export function releaseChild(child: Child): void {
  if (child.process.pid !== undefined) forgetChild(child.process.pid);
  children.delete(child.process);
  child.lifeline?.release();
}

function watch(child: Child, atExit: (child: Child) => void): void {
  children.set(child.process, { child, atExit });
  noteChild(child.process.pid!);
  if (isWatching) return;
  isWatching = true;
  process.on('exit', () => {
    for (const one of children.values()) one.atExit(one.child);
  });
}

/** Makes what needs native calls, or descriptors that the system may refuse; without it a child does its work all the same. */
export function ifPossible<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
