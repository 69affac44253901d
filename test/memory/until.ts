import { setTimeout as pause } from 'node:timers/promises';

/** Looks again and again until it is so; a test that waits in vain is ended by its time limit. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(1);
}
