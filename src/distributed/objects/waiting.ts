/**
 * How a call waits for something that the server has: asked at once, at each notification, and now and then.
 *
 *   ask ──▶ value                                                                     resolved
 *    ▲  └──▶ not yet, look again in n ms ──▶ called, n ms are over, connection is back ──┐
 *    └───────────────────────────────────────────────────────────────────────────────────┘
 *                 time-out or abort at any time ──▶ leave: what the server keeps for the wait is taken back
 *
 * `leave` is sent after the last question, on the same connection: so it also takes back what that question may have been given.
 */

import { type WaitOptions, readWaitOptions } from '../../loop/index.ts';
import { clearTimeout, setTimeout } from '../../real-timers.ts';
import type { Client } from '../server/client.ts';

/** Milliseconds after which a wait looks by itself, as a notification may be lost. */
export const lookEvery = 1000;
/** Milliseconds after which a wait that has not looked is taken for dead. */
export const waiterLease: number = 4 * lookEvery;

/** The answer to a question: the value, or in how many milliseconds it may be different by itself. */
export type Answer<T> = { readonly value: T } | { readonly again: number };

export interface Plan<T> {
  /** @param mayWait false: the question is asked once, and nothing is left behind at the server */
  ask(mayWait: boolean): Promise<Answer<T>>;
  /** Lets `look` be called when it is worth while to ask again; returns how to end that. */
  listen(look: () => void): () => void;
  /** Takes back what the server keeps for the wait, and what it was given meanwhile. */
  leave?(): Promise<void> | void;
}

/** A wait that ended because its time was over. */
export const timedOut: unique symbol = Symbol('timed out');

/**
 * @param pending is told how to end the wait with an error, as long as it is pending
 * @throws the reason of the signal; what `ask` throws
 */
export async function wait<T>(
  plan: Plan<T>,
  client: Client,
  pending: Set<(error: Error) => void>,
  options: number | WaitOptions | undefined,
): Promise<T | typeof timedOut> {
  const { timeout, signal } = readWaitOptions(options);
  signal?.throwIfAborted();
  if (timeout === 0) {
    const answer = await plan.ask(false);
    return 'value' in answer ? answer.value : timedOut;
  }
  return new Promise((resolve, reject) => {
    let isOver = false;
    let isAsking = false;
    let isCalled = false;
    let next: NodeJS.Timeout | undefined;
    let deadline: NodeJS.Timeout | undefined;
    let stopListening: (() => void) | undefined;
    const end = (settle: () => void, isLeft: boolean): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(next);
      clearTimeout(deadline);
      signal?.removeEventListener('abort', abort);
      pending.delete(endBy);
      stopListening?.();
      if (isLeft) void plan.leave?.();
      settle();
    };
    const endBy = (error: Error): void => end(() => reject(error), true);
    const abort = (): void => end(() => reject(signal!.reason as Error), true);
    const look = (): void => {
      if (isOver) return;
      if (isAsking) {
        isCalled = true;
        return;
      }
      isAsking = true;
      isCalled = false;
      clearTimeout(next);
      plan.ask(true).then(
        (answer) => {
          isAsking = false;
          if (isOver) return;
          if ('value' in answer) return end(() => resolve(answer.value), false);
          if (isCalled) return look();
          next = setTimeout(look, Math.min(Math.max(answer.again, 1), lookEvery));
          stopListening ??= plan.listen(look);
        },
        (error: unknown) => end(() => reject(error), true),
      );
    };
    const startClock = (): void => {
      if (!isOver) deadline = setTimeout(() => end(() => resolve(timedOut), true), Math.min(timeout, 0x7fff_ffff));
    };
    // Connecting for the first time, which loads a package, is not waiting. An error of it is that of the question.
    if (timeout !== Infinity) {
      if (client.wasReady) startClock();
      else client.ready().then(startClock, () => undefined);
    }
    signal?.addEventListener('abort', abort, { once: true });
    pending.add(endBy);
    look();
  });
}
