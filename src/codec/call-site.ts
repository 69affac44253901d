/** Where a task was submitted, so that its error shows both ends: the worker's stack and, below it, the caller's. */

import { originalStack } from './function/index.ts';
import { withoutOwnFrames } from '../stack-frames.ts';

export interface CallSite {
  /** Whatever the user's `Error.prepareStackTrace` makes of it; else a text. */
  readonly stack?: unknown;
}

/** Remembers the frames above `below`. V8 makes text of them only if they are read. */
export function captureSite(below: (...args: never[]) => unknown): CallSite {
  const site: CallSite = {};
  Error.captureStackTrace(site, below);
  return site;
}

/** Many items of a map may end with one error, such as that of their worker or their cancellation. */
const joinedAt = new WeakMap<object, CallSite>();

/** The lines of its frames, in the source that they were made from. */
function callersOf({ stack }: CallSite): string[] {
  return typeof stack === 'string' ? withoutOwnFrames(originalStack(stack).split('\n').slice(1)) : [];
}

/** Appends the caller's frames to the stack of an error that came from a worker, and takes out heddle's own. */
export function joinStacks(error: unknown, site: CallSite): void {
  if (typeof error !== 'object' || error === null || joinedAt.get(error) === site) return;
  joinedAt.set(error, site);
  try {
    const callers = callersOf(site);
    const { stack } = error as { stack?: unknown };
    if (typeof stack !== 'string') return;
    const joined = [...withoutOwnFrames(stack.split('\n')), ...(callers.length === 0 ? [] : ['  submitted from:', ...callers])].join('\n');
    Object.defineProperty(error, 'stack', { value: joined, writable: true, configurable: true, enumerable: false });
  } catch {
    // A frozen error, or one whose caller's stack cannot be read, keeps the worker's.
  }
}
