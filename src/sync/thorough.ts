/**
 * How often those who wait ask thoroughly whether somebody has died (`isDead`): some five times a second while a thread sleeps, twice while an
 * event loop waits. In between they ask what costs little.
 */

/** @param slices that the sleep has taken */
export function isThoroughSlice(slices: number): boolean {
  return slices % 4 === 0;
}

/** @param probes of the waits of an event loop */
export function isThoroughProbe(probes: number): boolean {
  return probes % 2 === 0;
}
