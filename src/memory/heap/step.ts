/**
 * The steps of the heap have names, so that tests can kill a thread or a process between any two of them and see that the others go on. Nobody
 * listens in real life.
 */

export let atStep: ((name: string) => void) | undefined;

/** Tests only: hears of each step before the next one is made. */
export function listenToSteps(listener: ((name: string) => void) | undefined): void {
  atStep = listener;
}
