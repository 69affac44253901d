/** Where a task was submitted, so that its error shows both ends: the worker's stack and, below it, the caller's. */

import { fileURLToPath } from 'node:url';
import { ownFrames } from '../worker/index.ts';

/** How the frames of this folder look in a stack: compiled and, where Node maps stack traces itself, in source. */
const ourCalls = [new URL('.', import.meta.url).href, fileURLToPath(new URL('../../src/pool/', import.meta.url))];

export interface CallSite {
  readonly stack?: string;
}

/** Remembers the frames above `below`. V8 makes text of them only if they are read. */
export function captureSite(below: (...args: never[]) => unknown): CallSite {
  const site: CallSite = {};
  Error.captureStackTrace(site, below);
  return site;
}

/** Many items of a map may end with one error, such as that of their worker or their cancellation. */
const joinedAt = new WeakMap<object, CallSite>();

/** Appends the caller's frames to the stack of an error that came from a worker, and takes out heddle's own. */
export function joinStacks(error: unknown, site: CallSite): void {
  if (typeof error !== 'object' || error === null || joinedAt.get(error) === site) return;
  joinedAt.set(error, site);
  const frames = site.stack?.split('\n').slice(1) ?? [];
  // One class of ours may have called another.
  const first = frames.findIndex((line) => !ourCalls.some((folder) => line.includes(folder)));
  const callers = first === -1 ? [] : frames.slice(first);
  try {
    const { stack } = error as { stack?: unknown };
    if (typeof stack !== 'string') return;
    const joined = [...userLines(stack), ...(callers.length === 0 ? [] : ['  submitted from:', ...callers])].join('\n');
    Object.defineProperty(error, 'stack', { value: joined, writable: true, configurable: true, enumerable: false });
  } catch {
    // A frozen error keeps the worker's stack as it is.
  }
}

/** Below the first frame of a worker's runner there is only what delivered the task. */
function userLines(stack: string): string[] {
  const kept: string[] = [];
  let isOurs = false;
  for (const line of stack.split('\n')) {
    const isFrame = line.startsWith('    at ');
    isOurs = isFrame && (isOurs || ownFrames.some((folder) => line.includes(folder)));
    if (!isOurs) kept.push(line);
  }
  return kept;
}
