/** The objects that all workers hammer, and the worker's reports meanwhile. */

import { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from 'heddle';
import { Word } from 'heddle/lowlevel';
import { Counted } from './record.js';

/** A worker's own words: read by the host, which watches. */
class Life {
  /** The current deed: an index into the list of deeds. */
  readonly deed: Word = new Word();
  /** How much it has done, it and its forerunners. */
  readonly done: Word = new Word();
  readonly pid: Word = new Word();
  /** How often it was told that an owner had died. */
  readonly told: Word = new Word();
}

export interface Objects {
  readonly lives: readonly Life[];
  readonly stop: Event;
  readonly locks: readonly { readonly lock: Lock | RLock; readonly counted: Counted; readonly isTold: boolean }[];
  readonly condition: { readonly condition: Condition; readonly counted: Counted; readonly generation: Word };
  readonly semaphore: Semaphore;
  readonly bounded: BoundedSemaphore;
  readonly event: Event;
  readonly barrier: Barrier;
  readonly rounds: Word;
}

export const permits = 3;

export function makeObjects(workers: number): Objects {
  const counted = (lock: Lock | RLock, isTold: boolean) => ({ lock, counted: new Counted(workers), isTold });
  return {
    lives: Array.from({ length: workers }, () => new Life()),
    stop: new Event(),
    locks: [
      counted(new Lock(), true),
      counted(new Lock({ fair: true }), true),
      counted(new Lock({ onOwnerDied: 'ignore' }), false),
      counted(new RLock(), true),
      counted(new RLock({ fair: true, onOwnerDied: 'ignore' }), false),
    ],
    condition: { condition: new Condition(new Lock({ onOwnerDied: 'ignore' })), counted: new Counted(workers), generation: new Word() },
    semaphore: new Semaphore(permits),
    bounded: new BoundedSemaphore(permits),
    event: new Event(),
    barrier: new Barrier(3),
    rounds: new Word(),
  };
}
