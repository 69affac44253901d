/**
 * Runs before a Sync call blocks its thread. Other threads may wait for results that this thread has not sent yet, and this thread may wait
 * for them.
 */

let send: (() => void) | undefined;

/** Set by what collects messages before it sends them. */
export function setBeforeBlock(sendCollected: () => void): void {
  send = sendCollected;
}

/** To be called before this thread blocks. */
export function beforeBlock(): void {
  send?.();
}
