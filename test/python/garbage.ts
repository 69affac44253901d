/** Watching things be collected. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Waits until it has been collected; a test that waits in vain runs out of time. */
export async function untilCollected(ref: WeakRef<object>): Promise<void> {
  while (ref.deref() !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    collect();
  }
}
