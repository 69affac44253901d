/** Whether this process has children or threads that it did not have before. */

import { lookup } from 'node:dns/promises';
import { readFileSync, readdirSync } from 'node:fs';
import { until } from './fate.ts';

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

const threads = (): number => readdirSync('/proc/self/task').length;

// Node's own four threads for files and names start when they are first needed; they are none of ours.
await Promise.all([1, 2, 3, 4].map(() => lookup('localhost').catch(() => {})));
const before = { threads: threads(), children: children().length };

/** @throws Hung if there still are some after a while */
export async function noneLeft(): Promise<void> {
  await until(() => threads() <= before.threads, 'the end of all threads');
  await until(() => children().length <= before.children, 'the end of all children');
}
