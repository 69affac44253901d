/** Calls of a queue that are pending here: in order, each with its own time and signal. */

import type { WaitOptions } from '../../loop/index.ts';
import { clearTimeout, setTimeout } from '../../real-timers.ts';
import type { Client } from '../server/client.ts';

export interface PendingCall<T> {
  readonly promise: Promise<T>;
  readonly isOver: boolean;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * @param onTime its time is over, or its signal has aborted: with the reason of the signal, or undefined
 * @param onEnd it is over, however
 */
export function pendingCall<T>(
  client: Client,
  { timeout = Infinity, signal }: WaitOptions,
  onTime: (aborted: { readonly reason: unknown } | undefined) => void,
  onEnd: () => void,
): PendingCall<T> {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  let settle: { resolve: (value: T) => void; reject: (error: unknown) => void };
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const onAbort = (): void => onTime({ reason: signal!.reason });
  const end = (finish: () => void): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    onEnd();
    finish();
  };
  const startClock = (): void => {
    if (!isOver) timer = setTimeout(() => onTime(undefined), Math.min(timeout, 0x7fff_ffff));
  };
  if (timeout !== Infinity && timeout > 0) {
    // Connecting for the first time, which loads a package, is not waiting.
    if (client.wasReady) startClock();
    else client.ready().then(startClock, (error: unknown) => end(() => settle.reject(error)));
  }
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    promise,
    get isOver() {
      return isOver;
    },
    resolve: (value) => end(() => settle.resolve(value)),
    reject: (error) => end(() => settle.reject(error)),
  };
}
