/**
 * What `Process` and `Thread` have in common at the end of a `run()`: how the child knows that it is over, how an error is told when it cannot
 * cross in its own class, and how the starter waits.
 */

import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { originalStack } from '../codec/index.ts';
import { HeddleError } from '../errors.ts';
import * as timers from '../real-timers.ts';
import { hideOwnFrames } from '../stack-frames.ts';
import { beginRun } from './nesting.ts';

/** An error as text. */
export interface ErrorText {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

// ---- in the child

/**
 * Calls `run`, and waits for its promise. An event loop that runs dry before has nothing left that could settle that: then `fail` is called.
 *
 * @param name of the process or thread, for the error
 */
export async function untilSettled(run: () => unknown, name: string, fail: (error: unknown) => void): Promise<void> {
  const stuck = (): void =>
    fail(new HeddleError(`run() of ${name} can never settle: it waits for a promise, but nothing is left that could settle it`));
  process.on('beforeExit', stuck);
  beginRun();
  try {
    await run();
  } finally {
    process.off('beforeExit', stuck);
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Writes whole and without an event loop, whatever stands in the place of `process.stdout`. A stream that is closed or broken is no error. */
export function writeAtOnce(descriptor: number, chunk: string | Uint8Array): void {
  const bytes = Buffer.from(chunk);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

/** Puts an error's stack back to the user's source, without frames of heddle. */
export function showToUser(error: unknown): void {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return;
  try {
    error.stack = originalStack(error.stack);
  } catch {
    // A frozen error keeps its stack.
  }
  hideOwnFrames(error);
}

export function textOf(error: unknown): ErrorText {
  const { name, message, stack } = error instanceof Error ? error : new Error(inspect(error));
  return { name, message, stack: stack ?? `${name}: ${message}` };
}

// ---- in its starter

/** The error that stands for what `run()` threw. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new HeddleError(`run() threw ${inspect(thrown)}`, { cause: thrown });
}

export function errorOf({ name, message, stack }: ErrorText): Error {
  const error = new Error(message);
  error.name = name;
  error.stack = stack;
  return error;
}

/**
 * Waits until one of the waiters is called.
 *
 * @param waiters called when the child has ended
 * @param ms milliseconds, or Infinity
 * @returns false if that takes longer than `ms`
 * @throws the signal's reason
 */
export function untilEnded(waiters: Set<() => void>, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (act: () => void): void => {
      waiters.delete(ended);
      if (timer !== undefined) timers.clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      act();
    };
    const ended = (): void => settle(() => resolve(true));
    const aborted = (): void => settle(() => reject(signal?.reason as Error));
    waiters.add(ended);
    signal?.addEventListener('abort', aborted);
    if (ms !== Infinity) timer = timers.setTimeout(() => settle(() => resolve(false)), Math.min(ms, 2 ** 31 - 1));
  });
}
