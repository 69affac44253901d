/** What a thread does before a Sync call blocks it. Others may wait for what it has done and not sent yet, and may be what it waits for. */

let send: (() => void) | undefined;

/** Set by what collects messages before it sends them. */
export function setBeforeBlock(sendCollected: () => void): void {
  send = sendCollected;
}

/** To be called before this thread blocks. */
export function beforeBlock(): void {
  send?.();
}
