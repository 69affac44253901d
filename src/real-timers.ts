/**
 * Node's own timers, as they were when heddle was loaded. A test that fakes timers means those that tell the time: frames,
 * turns of the event loop and the ends of workers go on.
 */

import timers from 'node:timers';

export const nextTick: typeof process.nextTick = process.nextTick;
/** As `performance.now()`. */
export const monotonicNow: () => number = performance.now.bind(performance);
export const queueMicrotask: typeof globalThis.queueMicrotask = globalThis.queueMicrotask;
export const setImmediate: typeof timers.setImmediate = timers.setImmediate;
export const clearImmediate: typeof timers.clearImmediate = timers.clearImmediate;
export const setTimeout: typeof timers.setTimeout = timers.setTimeout;
export const clearTimeout: typeof timers.clearTimeout = timers.clearTimeout;
export const setInterval: typeof timers.setInterval = timers.setInterval;
export const clearInterval: typeof timers.clearInterval = timers.clearInterval;
