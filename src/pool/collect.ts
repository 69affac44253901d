/** The results of a whole map as an array. */

import type { ItemOutcome } from './outcome-store.ts';
import type { MapRun } from './map-run.ts';

/**
 * Takes what an unordered map gives, and puts it in order. All items are run, also after one has failed: Python's rule.
 *
 * @throws the error of the first item, in the order of the items, that failed
 */
export async function collect(run: MapRun): Promise<unknown[]> {
  const results: unknown[] = [];
  let failed: ItemOutcome | undefined;
  for (;;) {
    let outcome = run.poll();
    if (outcome === undefined) {
      const next = await run.next();
      if (next.done === true) break;
      outcome = next.value;
    }
    const { index, ok, value } = outcome;
    if (ok) {
      if (failed === undefined) results[index] = value;
    } else if (failed === undefined || index < failed.index) {
      failed = outcome;
      // Nobody will see them.
      results.length = 0;
    }
  }
  if (failed !== undefined) throw failed.value;
  return results;
}
