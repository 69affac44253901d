/**
 * Tracks the work of the pools of this thread. A worker that is told to end first lets its pools finish their work.
 *
 *   pool ──has work, or none any more──▶ this file ──▶ Runner ──▶ host: keeps its program running, and does not kill the worker for being slow to end
 */

let working = 0;
let watcher: (() => void) | undefined;

/** A pool has got work, or has none any more. To be called by turns. */
export function poolHasWork(hasWork: boolean): void {
  working += hasWork ? 1 : -1;
  watcher?.();
}

export function doPoolsWork(): boolean {
  return working > 0;
}

/** Calls back whenever a pool gets work or has none any more. */
export function watchPools(callback: () => void): void {
  watcher = callback;
}
