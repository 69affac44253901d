/**
 * Named steps of the heap, so that tests can kill a thread or a process between any two of them and check that the others go on. In
 * production there is no listener.
 */

export let atStep: ((name: string) => void) | undefined;

/** Tests only: hears of each step before the next one is made. */
export function listenToSteps(listener: ((name: string) => void) | undefined): void {
  atStep = listener;
}
