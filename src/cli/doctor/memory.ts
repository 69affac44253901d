/** How much memory this process may use at most, where a container sets a limit. */

import { readFileSync } from 'node:fs';

/** Bytes; null without a limit, or where the system does not tell. */
export function memoryLimit(): number | null {
  const limits = [...groupLimits()].filter((limit) => Number.isFinite(limit) && limit > 0);
  return limits.length === 0 ? null : Math.min(...limits);
}

/** Limits of the control groups of this process (version 2), or of the older memory controller. */
function* groupLimits(): Generator<number> {
  const own = /^0::(\/.*)$/m.exec(read('/proc/self/cgroup'))?.[1] ?? '/';
  for (let group = own; ; group = group.slice(0, group.lastIndexOf('/'))) {
    yield limitIn(`/sys/fs/cgroup${group}/memory.max`);
    if (group === '' || group === '/') break;
  }
  yield limitIn('/sys/fs/cgroup/memory/memory.limit_in_bytes');
}

function limitIn(file: string): number {
  const text = read(file).trim();
  return text === '' || text === 'max' ? Infinity : Number(text);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
