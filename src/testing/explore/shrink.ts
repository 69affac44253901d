/**
 * Simplifies a failing schedule. Few moments remain at which not the first in line goes on, so that the cause stands out. Moments are
 * removed by halves, quarters, … as Zeller's delta debugging does; then greenlets nearer to the front go on.
 */

/** The result of a run by a schedule. */
export interface Tried {
  /** True if it failed in the same way. */
  readonly isSame: boolean;
  /** The actual picks. */
  readonly picks: readonly number[];
}

/** Yields the schedule to run, and receives its result; undefined when no more may be tried. */
export function* shrink(first: readonly number[]): Generator<readonly number[], readonly number[], Tried | undefined> {
  let best = first;

  /** False when no more may be tried. */
  function* attempt(picks: readonly number[]): Generator<readonly number[], boolean, Tried | undefined> {
    const tried = yield picks;
    if (tried === undefined) return false;
    if (tried.isSame && isSimpler(tried.picks, best)) best = tried.picks;
    return true;
  }

  for (let before: readonly number[] = []; before !== best; ) {
    before = best;
    for (let size = momentsOf(best).length; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < momentsOf(best).length; ) {
        const taken = new Set(momentsOf(best).slice(at, at + size));
        const length = momentsOf(best).length;
        if (!(yield* attempt(best.map((pick, i) => (taken.has(i) ? 0 : pick))))) return best;
        // Removed moments are gone; otherwise go on behind them.
        if (momentsOf(best).length === length) at += size;
      }
    }
    for (const moment of momentsOf(best)) {
      for (let pick = 1; pick < (best[moment] ?? 0); pick += 1) {
        if (!(yield* attempt(best.map((old, i) => (i === moment ? pick : old))))) return best;
      }
    }
  }
  return best;
}

const momentsOf = (picks: readonly number[]): number[] => picks.flatMap((pick, i) => (pick === 0 ? [] : [i]));

/** Fewer moments; of as many the nearer to the front; of those the earlier. */
function isSimpler(a: readonly number[], b: readonly number[]): boolean {
  const difference = momentsOf(a).length - momentsOf(b).length;
  if (difference !== 0) return difference < 0;
  const sum = (picks: readonly number[]): number => picks.reduce((total, pick) => total + pick, 0);
  return sum(a) < sum(b);
}
