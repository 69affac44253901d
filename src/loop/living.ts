/** The registry of living greenlets: those that have begun and not ended. Reports a deadlock when all of them wait for each other. */

import type { Actor } from './ready.ts';
import { type Listed, WaitList } from './wait-list.ts';

export interface Living extends Listed, Actor {
  /** The program may end, or wait indefinitely, without this one. */
  readonly isDaemon: boolean;
  /** For people: `Greenlet-3 waits for Queue.get()`, and on a second line where it was spawned. */
  describe(): string;
  /** Ends a daemon at exit. Such an end is not a failure. */
  kill(error: unknown): void;
}

class LivingList extends WaitList<Living> {
  #isWatched = false;

  override push(one: Living): void {
    super.push(one);
    if (this.#isWatched) return;
    this.#isWatched = true;
    process.on('beforeExit', reportDeadlock);
  }
}

export const living: WaitList<Living> = new LivingList();

let born = 0;

/** For the name of a new one. */
export function takeNumber(): number {
  return born++;
}

/** Counts from there on, so that each run of a test gives the same names; returns where it was. */
export function restartNumbers(at: number): number {
  const before = born;
  born = at;
  return before;
}

/** Of more than this the rest is counted. */
const SHOWN = 20;

/** Renders the waiting greenlets and what each waits for, one line each. */
export function describeDeadlock(waiting: readonly Pick<Living, 'describe'>[]): string {
  const lines = [`nothing can go on: ${waiting.length === 1 ? '1 greenlet waits' : `${waiting.length} greenlets wait`} indefinitely`];
  for (const one of waiting.slice(0, SHOWN)) lines.push(`  ${one.describe()}`);
  if (waiting.length > SHOWN) lines.push(`  and ${waiting.length - SHOWN} more`);
  return lines.join('\n');
}

/**
 * Called when the event loop has nothing left to do while greenlets wait: nothing can wake them. gevent throws a `LoopExit` into the waiter
 * in the main greenlet. Here the program prints what each greenlet waits for, and its exit code is 1.
 */
function reportDeadlock(): void {
  const waiting = [...living].filter((one) => !one.isDaemon);
  if (waiting.length === 0) return;
  process.off('beforeExit', reportDeadlock);
  process.stderr.write(`heddle: ${describeDeadlock(waiting)}\n`);
  process.exitCode ??= 1;
}

/** Receives the report of an error that no waiter sees. */
export type Teller = (text: string, error: unknown) => void;

let teller: Teller = (text) => process.stderr.write(text);

export function tell(text: string, error: unknown): void {
  teller(text, error);
}

/** Replaces the receiver of reports; returns the previous one. */
export function replaceTeller(next: Teller): Teller {
  const before = teller;
  teller = next;
  return before;
}
