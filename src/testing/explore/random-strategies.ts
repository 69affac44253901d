/**
 * Two ways to pick at random, as each finds what the other hardly does.
 *
 * Evenly: at every step each is as likely as the other. Finds what needs many small disorders; but that one greenlet is left behind by thirty
 * steps of another happens once in 2^30 times.
 *
 * Picks by rank. Each greenlet has a random rank, and the highest goes on until it waits. At a few random steps the highest becomes the
 * lowest. A bug that needs d such orders among n greenlets and k steps is found with a probability of at least 1/(n k^(d-1)). (Burckhardt
 * and others, "A randomized scheduler with probabilistic guarantees of finding bugs", 2010.)
 */

import type { Actor } from '../../loop/index.ts';
import type { Random } from './random.ts';
import type { Strategy } from './strategy.ts';

export function evenly(random: Random): Strategy {
  return { pick: (count) => (count === 1 ? 0 : random.below(count)) };
}

/** The most times that the highest becomes the lowest. */
const MOST_CHANGES = 3;

/** From twice as many steps as a run may take, and this, on it goes evenly. */
const PATIENCE = 50;

/** @param length how many steps a run may take */
export function byRank(random: Random, length: number): Strategy {
  const ranks = new Map<Actor, number>();
  const changes = new Set<number>();
  for (let left = random.below(MOST_CHANGES + 1); left > 0; left -= 1) changes.add(random.below(length));
  const patience = 2 * length + PATIENCE;
  let lowest = 0;
  let steps = 0;

  const rankOf = (actor: Actor): number => {
    let rank = ranks.get(actor);
    if (rank === undefined) ranks.set(actor, (rank = random.next()));
    return rank;
  };

  return {
    pick(count, who) {
      // A greenlet that polls for another one must not stay the highest indefinitely.
      if (steps > patience) return count === 1 ? 0 : random.below(count);
      let best = 0;
      for (let i = 1; i < count; i += 1) if (rankOf(who(i)) > rankOf(who(best))) best = i;
      if (!changes.has(steps++)) return best;
      ranks.set(who(best), (lowest -= 1));
      for (let i = 0; i < count; i += 1) if (rankOf(who(i)) > rankOf(who(best))) best = i;
      return best;
    },
  };
}
