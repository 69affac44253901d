/** Waiting for a socket while the event loop stands still, in slices: a thread blocked in a native call cannot be ended. */

import { undisturbed } from '../undisturbed.ts';
import { native, whatIsMissing } from './native.ts';

/** Milliseconds of one native wait at most; a thread that ends another waits for the end of the slice. */
const sliceMs = 20;
/** Milliseconds of the shortest and the longest nap where nothing can be slept on. */
const shortestNap = 0.05;
const longestNap = 2;

const pollIn = 1;
const pollOut = 4;

const nap = new Int32Array(new SharedArrayBuffer(4));

/** One `struct pollfd`: descriptor, then the events that are awaited and those that occurred. */
const polled = new Int32Array(2);

/** True when a descriptor can be read at this moment, or is broken; false where this system does not tell without trying. */
export function isReadable(descriptor: number): boolean {
  if (whatIsMissing(['poll']) !== undefined) return false;
  polled[0] = descriptor;
  polled[1] = pollIn;
  return undisturbed(() => native('poll')(polled, 1, 0)) !== 0;
}

/**
 * Sleeps until a descriptor can be read or written, or `ms` or a slice is over.
 *
 * @param round how often the caller has slept in vain: without native calls it sleeps longer each time
 * @returns false: it cannot; true: it can, or is broken; undefined: this system does not tell without trying
 */
export function sleepUntilReady(descriptor: number, isToWrite: boolean, ms: number, round: number): boolean | undefined {
  if (whatIsMissing(['poll']) !== undefined) {
    if (ms > 0) Atomics.wait(nap, 0, 0, Math.min(ms, shortestNap * 2 ** round, longestNap));
    return undefined;
  }
  polled[0] = descriptor;
  polled[1] = isToWrite ? pollOut : pollIn;
  return undisturbed(() => native('poll')(polled, 1, Math.ceil(Math.min(ms, sliceMs)))) !== 0;
}
