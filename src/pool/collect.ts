/** The results of a whole map as an array. */

import { Failure, type Stretch } from './chunk-outcomes.ts';
import type { MapRun } from './map-run.ts';

/**
 * Takes what an unordered map gives, and puts it in order. All items are run, also after one has failed: Python's rule.
 *
 * @throws the error of the first item, in the order of the items, that failed
 */
export async function collect(run: MapRun): Promise<unknown[]> {
  let stretches: Stretch[] = [];
  let failed: { readonly index: number; readonly error: unknown } | undefined;
  const took = (stretch: Stretch): void => {
    const { index, values, from, to } = stretch;
    if (Array.isArray(values)) {
      for (let i = from; i < to; i++) {
        const value: unknown = values[i];
        if (!(value instanceof Failure)) continue;
        const at = index + i - from;
        if (failed === undefined || at < failed.index) failed = { index: at, error: value.error };
      }
    }
    // Nobody will see the results of a map that has failed.
    if (failed === undefined) stretches.push(stretch);
    else stretches = [];
  };
  for (;;) {
    for (let stretch = run.pollStretch(); stretch !== undefined; stretch = run.pollStretch()) took(stretch);
    const { done, value } = await run.next();
    if (done === true) break;
    took({ index: value.index, values: [value.ok ? value.value : new Failure(value.value)], from: 0, to: 1 });
  }
  if (failed !== undefined) throw failed.error;
  return inOrder(stretches);
}

function inOrder(stretches: Stretch[]): unknown[] {
  const results: unknown[] = [];
  stretches.sort((a, b) => a.index - b.index);
  for (const { values, from, to } of stretches) for (let i = from; i < to; i++) results.push(values[i]);
  return results;
}
