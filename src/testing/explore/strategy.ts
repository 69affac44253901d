/** Whose turn it is: what a run asks whenever somebody can go on. */

import type { Actor } from '../../loop/index.ts';

export interface Strategy {
  /**
   * One of so many.
   *
   * @param who each of them; the same object in every step that it makes
   */
  pick(count: number, who: (index: number) => Actor): number | Promise<number>;
  /** Nobody is ready. Whether something else went on, that the strategy knows of. */
  goOn?(): Promise<boolean>;
}

/** By a list, whose numbers go round; after its end the first in line. */
export function byList(picks: readonly number[]): Strategy {
  let at = 0;
  return {
    pick(count) {
      if (count === 1) return 0;
      return (picks[at++] ?? 0) % count;
    },
  };
}
