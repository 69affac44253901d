/** A thread that sleeps until its condition is notified. */

import { blockThread, Deadline, type Waiter, type WaitQueue } from '../memory/index.ts';
import type { Owned } from './owned.ts';
import { Spin } from './spin.ts';
import { looksInSlice } from './death-watch.ts';

const spin = new Spin();

/** Another has notified it. */
const NOTIFIED = 1;
/** The timeout is over. */
const LATE = 2;
/** The owner of the lock has died, and this thread owns the lock now. */
const INHERITED = 3;

/** The lock is held when it begins, and when it is over. False if it took longer. @throws OwnerDied */
export function sleepInCondition(lock: Owned, line: WaitQueue, timeout: number): boolean {
  const deadline = new Deadline(timeout);
  // ORDER: joined the line, then released the lock: the next owner finds this thread in line.
  const waiter = line.join(false);
  const taken = lock.dropAll();
  const end = blockThread(() => sleep(waiter, lock, line, deadline));
  const error = end === INHERITED ? lock.errorOfTaking() : lock.takeBackSync();
  lock.takenBy(taken.taker);
  lock.restore(taken);
  if (error !== undefined) {
    // Code that catches this may not do what it was notified for.
    line.passOn(waiter);
    throw error;
  }
  waiter.free();
  return end !== LATE;
}

function sleep(waiter: Waiter, lock: Owned, line: WaitQueue, deadline: Deadline): number {
  for (let slices = 1; !waiter.isCalled; slices += 1) {
    const left = deadline.left();
    if (left === 0) return waiter.withdraw() ? LATE : NOTIFIED;
    if (spin.until(() => waiter.isCalled)) break;
    waiter.sleep(left);
    if (waiter.isCalled) break;
    if (!looksInSlice(slices)) continue;
    line.reap(true);
    // The dead owner of the lock might have been about to notify this thread.
    if (lock.takeFromDead(false, true)) return INHERITED;
  }
  return NOTIFIED;
}
