/** Where a task was submitted, so that its error shows both ends: the worker's stack and, below it, the caller's. */

import { withoutOwnFrames } from '../stack-frames.ts';

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
  const callers = withoutOwnFrames(site.stack?.split('\n').slice(1) ?? []);
  try {
    const { stack } = error as { stack?: unknown };
    if (typeof stack !== 'string') return;
    const joined = [...withoutOwnFrames(stack.split('\n')), ...(callers.length === 0 ? [] : ['  submitted from:', ...callers])].join('\n');
    Object.defineProperty(error, 'stack', { value: joined, writable: true, configurable: true, enumerable: false });
  } catch {
    // A frozen error keeps the worker's stack as it is.
  }
}
