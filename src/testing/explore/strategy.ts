/** The choice of the next greenlet: asked whenever one can go on. */

import type { Actor } from '../../loop/index.ts';

export interface Strategy {
  /**
   * Picks one of `count`.
   *
   * @param who returns the actor at an index; the same object in every step of that actor
   */
  pick(count: number, who: (index: number) => Actor): number | Promise<number>;
  /** Called when no greenlet is ready. Resolves to true if something else went on that the strategy knows of. */
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
