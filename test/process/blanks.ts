/** Blank processes, seen from outside: by what Linux tells of processes. */

import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

/** The living children of a process, of all its threads. */
export function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.flatMap((task) => {
    try {
      return readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
    } catch {
      return []; // The thread has ended.
    }
  });
}

/** True for a blank process that waits for its order: its message file says READY. */
export function isReady(pid: number): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('\0blank')) return false;
    const descriptor = openSync(`/proc/${pid}/fd/5`, 'r');
    const kind = Buffer.alloc(4);
    readSync(descriptor, kind, 0, 4, 8);
    closeSync(descriptor);
    return kind.readUInt32LE(0) === 0x68_64_62_32;
  } catch {
    return false;
  }
}

/** The blank processes of a process that wait for their order. */
export const readyOf = (pid: number): number[] => childrenOf(pid).filter(isReady);
