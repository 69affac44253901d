/**
 * How often those who wait look after the dead: asking whether a thread lives costs a system call and, to be sure, a file of /proc, which is most
 * of what an idle waiter costs.
 */

import { longestSlice } from '../../memory/index.ts';

/** Between two looks of one who sleeps, in milliseconds. */
const lookEvery = 200;

/**
 * Whether who sleeps in slices looks now, and thoroughly. The slices in between are there for the sleeper itself, so that its thread can be ended.
 *
 * @param slices that the sleep has taken
 */
export function looksInSlice(slices: number): boolean {
  return (slices * longestSlice) % lookEvery === 0;
}

/** Whether the look of an event loop is a thorough one (`isDead`): twice a second. @param probes that its wait has had */
export function isThoroughProbe(probes: number): boolean {
  return probes % 2 === 0;
}
