/** The results of a whole map as an array. */

import { Failure, type Stretch } from '../map/chunk-outcomes.ts';
import type { MapRun } from '../map/map-run.ts';

/**
 * Takes what an unordered map gives, and puts it in order. All items are run, also after one has failed: Python's rule.
 *
 * @throws the error of the first item, in the order of the items, that failed
 */
export async function collect(run: MapRun): Promise<unknown[]> {
  let stretches: Stretch[] = [];
  let failed: { readonly index: number; readonly error: unknown } | undefined;
  const took = (stretch: Stretch): void => {
    const failure = failureIn(stretch);
    if (failure !== undefined && (failed === undefined || failure.index < failed.index)) failed = failure;
    // The results of a failed map are not used.
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

/** The first item of a stretch that has failed. */
export function failureIn({ index, values, from, to }: Stretch): { readonly index: number; readonly error: unknown } | undefined {
  if (!Array.isArray(values)) return undefined;
  for (let i = from; i < to; i++) {
    const value: unknown = values[i];
    if (value instanceof Failure) return { index: index + i - from, error: value.error };
  }
  return undefined;
}

function inOrder(stretches: Stretch[]): unknown[] {
  return joined(stretches.sort((a, b) => a.index - b.index));
}

/** Up to this length an array is made at once, which is some times faster than letting it grow. */
const maxAtOnce = 2 ** 24;

/** All values of the stretches, one behind the other. */
export function joined(stretches: readonly Stretch[]): unknown[] {
  const length = stretches.reduce((sum, { from, to }) => sum + to - from, 0);
  const results: unknown[] = [];
  if (length <= maxAtOnce) results.length = length;
  let at = 0;
  for (const { values, from, to } of stretches) for (let i = from; i < to; i++) results[at++] = values[i];
  return results;
}
