/** The bytes of the shared heap in use, when all unused objects have been freed. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { collect, heapStatistics } from 'heddle/lowlevel';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Finalizers run when they will: it is looked until nothing more comes back. */
export async function heapBytes(): Promise<number> {
  let least = Infinity;
  for (let same = 0; same < 20; same += 1) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 5));
    collect();
    const { used } = heapStatistics();
    if (used < least) same = 0;
    least = Math.min(least, used);
  }
  return least;
}
