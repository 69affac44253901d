/** Where a task was submitted, so that its error shows both ends: the worker's stack and, below it, the caller's. */

import { originalStack } from './function/index.ts';
import { monotonicNow } from '../real-timers.ts';
import { withoutOwnFrames } from '../stack-frames.ts';

export interface CallSite {
  /** The result of the user's `Error.prepareStackTrace`; else a text. */
  readonly stack?: unknown;
  /** The call was one of many, and this is the place of another a moment before. */
  readonly sampled?: CallSite;
}

/**
 * Looking at a place takes 2 µs, and 10 in the first thousand calls: a twenty-fifth of a task that takes 250 µs there and back. Where calls come
 * faster than this many a millisecond, one stands for the following ones.
 */
const many = 4;
/** The most such calls, and milliseconds. */
const maxCalls = 32;
const maxTime = 1;
/** Calls after which their number in a millisecond is measured. */
const window = 16;

let calls = 0;
let windowBegan = 0;
/** The place that stands for others; weak, since its frames lead to what their functions know. */
let sample: WeakRef<CallSite> | undefined;
let sampledAt = 0;

/** Remembers the frames above `below`. V8 makes text of them only if they are read. */
export function captureSite(below: (...args: never[]) => unknown): CallSite {
  calls += 1;
  if (sample !== undefined) {
    const now = monotonicNow();
    const isFresh = now - sampledAt < maxTime;
    const site = isFresh && calls < maxCalls ? sample.deref() : undefined;
    if (site !== undefined) return site;
    if (isFresh || calls > many) return sampled(below, now);
    sample = undefined;
    calls = 0;
    windowBegan = now;
  } else if (calls === window) {
    const now = monotonicNow();
    calls = 0;
    if (window > many * (now - windowBegan)) return sampled(below, now);
    windowBegan = now;
  }
  return siteOf(below);
}

function siteOf(below: (...args: never[]) => unknown): CallSite {
  const site: CallSite = {};
  Error.captureStackTrace(site, below);
  return site;
}

/** The place of this call, which stands for the next ones. */
function sampled(below: (...args: never[]) => unknown, now: number): CallSite {
  const site = siteOf(below);
  sample = new WeakRef({ sampled: site });
  sampledAt = now;
  calls = 0;
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
    const callers = callersOf(site.sampled ?? site);
    const { stack } = error as { stack?: unknown };
    if (typeof stack !== 'string') return;
    const heading =
      site.sampled === undefined ? '  submitted from:' : '  submitted from (one of many calls: the place of another shortly before):';
    const joined = [...withoutOwnFrames(stack.split('\n')), ...(callers.length === 0 ? [] : [heading, ...callers])].join('\n');
    Object.defineProperty(error, 'stack', { value: joined, writable: true, configurable: true, enumerable: false });
  } catch {
    // A frozen error, or one whose caller's stack cannot be read, keeps the worker's.
  }
}
