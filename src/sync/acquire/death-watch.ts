/**
 * How often waiters check for dead owners. A check of whether a thread lives costs a system call and, to be sure, a read of `/proc`: most
 * of the cost of an idle waiter.
 */

import { longestSlice } from '../../memory/index.ts';

/** Milliseconds between two checks by a sleeping waiter. */
const lookEvery = 200;

/**
 * True if a waiter that sleeps in slices must check now, and thoroughly. The slices in between exist so that the sleeping thread can be
 * terminated.
 *
 * @param slices that the sleep has taken
 */
export function looksInSlice(slices: number): boolean {
  return (slices * longestSlice) % lookEvery === 0;
}

/**
 * True if this check by an event loop must be thorough (`isDead`): twice a second. @param probes the number of checks of its wait so far
 */
export function isThoroughProbe(probes: number): boolean {
  return probes % 2 === 0;
}
