/** Returns the children or threads of this process that it did not have before. */

import { lookup } from 'node:dns/promises';
import { readdirSync } from 'node:fs';
import { children } from './children.ts';
import { until } from './fate.ts';

const threads = (): number => readdirSync('/proc/self/task').length;

// Node's own four threads for files and names start at their first use; they do not count.
await Promise.all([1, 2, 3, 4].map(() => lookup('localhost').catch(() => {})));
const before = { threads: threads(), children: children().length };

/** @throws Hung if there still are some after a while */
export async function noneLeft(): Promise<void> {
  await until(() => threads() <= before.threads, 'the end of all threads');
  await until(() => children().length <= before.children, 'the end of all children');
}
