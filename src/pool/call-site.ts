/** Where a task was submitted, so that its error shows both ends: the worker's stack and, below it, the caller's. */

import { isOwnFrame } from '../places.ts';

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

/**
 * The lines of a stack without heddle's frames, and without those of Node below the lowest of them: there is only what delivered the task. A
 * stack may consist of several, one below another.
 */
function withoutOwnFrames(lines: readonly string[]): string[] {
  const kept: string[] = [];
  /** How many lines of `kept` stand above the own frame that was met last. */
  let aboveOwn: number | undefined;
  const endOfStack = (): void => {
    if (aboveOwn !== undefined && kept.slice(aboveOwn).every(isFrameOfNode)) kept.length = aboveOwn;
    aboveOwn = undefined;
  };
  for (const line of lines) {
    if (!line.startsWith('    at ')) endOfStack();
    else if (isOwnFrame(line)) {
      aboveOwn = kept.length;
      continue;
    }
    kept.push(line);
  }
  endOfStack();
  return kept;
}

const isFrameOfNode = (line: string): boolean => /(?:\(|at |async )node:/.test(line);
