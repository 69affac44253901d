/** Watching memory of the shared heap be freed. */

import { collect as sweep } from 'heddle/lowlevel';
import { runGarbageCollection } from '../python/garbage.js';

/** Collects garbage, and has the shared heap swept, until this is so; a test that waits in vain runs out of time. */
export async function untilFreed(isFreed: () => boolean): Promise<void> {
  do {
    await runGarbageCollection();
    sweep();
  } while (!isFreed());
}

/** Frees what earlier tests have left. */
export async function settle(): Promise<void> {
  let rounds = 3;
  await untilFreed(() => (rounds -= 1) === 0);
}
