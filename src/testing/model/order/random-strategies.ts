/**
 * Two ways to pick at random, as in `../random-strategies.ts`: evenly; and by ranks that change at a few random steps (Burckhardt and
 * others, "A randomized scheduler with probabilistic guarantees of finding bugs", 2010). Events such as a death come at any step with the
 * same small chance. Otherwise they would all come at once.
 */

import type { Random } from '../../explore/random.ts';
import type { Moment, Strategy } from './strategy.ts';

/** The approximate number of events in a run. */
const EVENTS = 2;

function pickEvent({ count, goCount }: Moment, random: Random, length: number): number | undefined {
  if (count === goCount || (goCount > 0 && random.next() * length >= EVENTS)) return undefined;
  return goCount + random.below(count - goCount);
}

/** @param length how many steps a run may take */
export function evenly(random: Random, length: number): Strategy {
  return { pick: (moment) => (moment.count === 1 ? 0 : (pickEvent(moment, random, length) ?? random.below(moment.goCount))) };
}

/**
 * @param length how many steps a run may take
 * @param depth how many orders a bug may need: a rank is lowered at one step less
 */
export function byRank(random: Random, length: number, depth: number): Strategy {
  const ranks: number[] = [];
  const changes = new Set<number>();
  for (let left = depth - 1; left > 0; left -= 1) changes.add(random.below(length));
  let lowest = 0;
  let steps = 0;

  const rankOf = (number: number): number => (ranks[number] ??= random.next());
  const highest = (moment: Moment): number => {
    let best = 0;
    for (let i = 1; i < moment.goCount; i += 1) if (rankOf(moment.who(i).number) > rankOf(moment.who(best).number)) best = i;
    return best;
  };

  return {
    pick(moment) {
      const event = pickEvent(moment, random, length);
      if (event !== undefined) return event;
      const best = highest(moment);
      if (!changes.has(steps++)) return best;
      ranks[moment.who(best).number] = lowest -= 1;
      return highest(moment);
    },
  };
}
