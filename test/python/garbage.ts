/** Watching things be collected. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects garbage in a later turn of the event loop, and gives finalizers a turn. */
export async function runGarbageCollection(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  collect();
  await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Waits until it has been collected; a test that waits in vain runs out of time. */
export async function untilCollected(ref: WeakRef<object>): Promise<void> {
  while (ref.deref() !== undefined) await runGarbageCollection();
}
