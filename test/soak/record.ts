/**
 * The record that a lock guards: a number that is counted up in steps that are not atomic, so that two at once, or a death between them,
 * show.
 *
 *   `who`, base the counting worker, and its own tally before  ┐
 *   first       n + 1                                          │ a death in between leaves first ≠ second;
 *   tally       its own count + 1                              │ the next one finishes what was begun
 *   second      n + 1                                          ┘
 *
 * At the end first = second = the sum of all tallies, or something was counted twice, or lost.
 */

import { Word } from 'heddle/lowlevel';

export class Counted {
  readonly who: Word = new Word();
  readonly base: Word = new Word();
  readonly first: Word = new Word();
  readonly second: Word = new Word();
  readonly tallies: readonly Word[];

  constructor(workers: number) {
    this.tallies = Array.from({ length: workers }, () => new Word());
  }
}

/** Counts. The caller owns the lock. False if another one was in the middle, and has not died there. */
export function count(it: Counted, me: number, mayBeHalf: boolean): boolean {
  const isWhole = it.first.load() === it.second.load();
  if (!isWhole) {
    if (!mayBeHalf) return false;
    finish(it);
  }
  const tally = it.tallies[me]!;
  it.who.store(me);
  it.base.store(tally.load());
  it.first.store(it.first.load() + 1);
  tally.store(tally.load() + 1);
  it.second.store(it.first.load());
  return true;
}

/** Finishes what the dead one had begun. */
function finish(it: Counted): void {
  const tally = it.tallies[it.who.load()]!;
  if (tally.load() === it.base.load()) tally.store(it.base.load() + 1);
  it.second.store(it.first.load());
}

export function isExact(it: Counted): boolean {
  if (it.first.load() !== it.second.load()) finish(it);
  return it.first.load() === it.tallies.reduce((sum, tally) => sum + tally.load(), 0);
}
