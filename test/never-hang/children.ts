/** The processes that this one has started. */

import { readFileSync, readdirSync } from 'node:fs';

/** Processes whose parent is this one, and that are not dead. */
export function children(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && parentOf(pid) === process.pid);
}

function parentOf(pid: number): number | undefined {
  try {
    // pid (command) state parent …; the command may hold blanks and brackets
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : Number(parent);
  } catch {
    return undefined; // it ended while we looked
  }
}
