/**
 * The count of a semaphore's permits, one word, and what can become of it.
 *
 *   COUNT:   | RESERVED | FLIPS | permits that are free, 30 bits |
 *
 * Acquiring subtracts one by a CAS, releasing adds some by a CAS. Neither records a thread.
 */

import { compareExchange, load } from '#atomics';
import { layout, ownOffset } from '../../memory/index.ts';

const at = layout('Semaphore', "a semaphore's own words, also a BoundedSemaphore's", {
  count: ['bits', 'bits 0-29: how many permits are free; bit 30: flips with each change by a holder; bit 31: for the first in line only'],
  most: ['uint32', 'the most permits that may be free'],
  flags: ['bits', '1: strictly in order'],
  mutex: ['slot', 'the slot that changes held permits; bit 31: another one sleeps until it has'],
  log: ['bits', 'bit 0: how the flip was before the change; above: the number of its entry, + 1; 0: nothing is being changed'],
  logValue: ['uint32', 'what that entry says afterwards'],
});
export const COUNT: number = ownOffset + at.count;
export const MOST: number = ownOffset + at.most;
export const FLAGS: number = ownOffset + at.flags;
export const MUTEX: number = ownOffset + at.mutex;
export const LOG: number = ownOffset + at.log;
export const LOG_VALUE: number = ownOffset + at.logValue;

export const RESERVED: number = 1 << 31;
export const FLIPS: number = 1 << 30;
/** There are never more permits than this. */
export const mostPermits: number = FLIPS - 1;

export const freeIn = (count: number): number => count & mostPermits;

/** True if a permit is free, and not reserved. */
export const isOpen = (count: number): boolean => count > 0 && freeIn(count) > 0;

/** Computes a new count from the old one; undefined if the change is impossible. */
export type Change = (count: number) => number | undefined;

/** Acquires a permit for any thread. */
export const takeOpen: Change = (count) => (isOpen(count) ? count - 1 : undefined);
/** Acquires a permit for the first in line, with others behind it. The remaining permits stay reserved. */
export const takeFirst: Change = (count) => {
  const free = freeIn(count);
  return free === 0 ? undefined : free === 1 ? (count - 1) & ~RESERVED : count - 1;
};
/** As `takeFirst`, without waiters behind it. */
export const takeLast: Change = (count) => (freeIn(count) === 0 ? undefined : (count - 1) & ~RESERVED);

/** The words of a record, and where in them it begins. */
interface Record {
  readonly words: Int32Array;
  readonly at: number;
}

/** Changes the count. False if it cannot be. */
export function changeCount({ words, at: begin }: Record, change: Change, flip: number): boolean {
  for (;;) {
    const count = load(words, begin + COUNT);
    const next = change(count);
    if (next === undefined) return false;
    if (compareExchange(words, begin + COUNT, count, next ^ flip) === count) return true;
  }
}
