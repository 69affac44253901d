/**
 * How `update` of a `SharedMap` calls the user's function: outside of the stripe's mutex, and again if the value has changed meanwhile.
 *
 *    lock of the stripe ─▶ read ─▶ fn ─▶ set, if the entry is the one that was read ─▶ lock free
 *                            └───── a set was quicker ◀──┘
 *
 * The lock keeps updates from each other, so that a function is called once as a rule; what is right does not depend on it. So it is not taken where this
 * thread might wait for itself: in a function of another `update`, and while async work of this thread has it. A thread that dies leaves the old value, and its lock
 * is taken over without a word.
 */

import { compareExchange, load } from '#atomics';
import { InvalidStateError, TimeoutError } from '../errors.ts';
import type { WaitOptions } from '../loop/index.ts';
import { adopt, allocateOwned, type Block, blockAt, freeOwned, joinObject, refOf, theAgent, travelsToo } from '../memory/index.ts';
import { Lock, ownedOf } from '../sync/index.ts';
import type { EncodedKey } from './key.ts';
import { LOCK, LOCKS, locksRefs, locksWords } from './record.ts';

/** A key whose function runs in this thread. */
interface Running {
  readonly map: number;
  readonly key: EncodedKey;
}

const running: Running[] = [];

/** True while a function of an `update` runs in this thread. */
export function isUpdating(): boolean {
  return running.length > 0;
}

/**
 * Refuses a change of what an `update` of this thread is changing: the function would be called again without end.
 *
 * @param key undefined: all of them change
 */
export function refuseWithin(map: number, key: EncodedKey | undefined, call: string): void {
  for (const one of running) {
    if (one.map !== map || (key !== undefined && !one.key.isSame(key))) continue;
    throw new InvalidStateError(
      `SharedMap.${call}(): the function of an update() of ${key === undefined ? 'a' : 'this'} key runs in this thread: its result is the new value`,
    );
  }
}

/** Calls the function of an `update`. */
export function runUpdate<R>(map: number, key: EncodedKey, fn: () => R): R {
  running.push({ map, key });
  try {
    return fn();
  } finally {
    running.pop();
  }
}

/** The locks of one map, each made when it is first needed. */
export class UpdateLocks {
  readonly #map: Block;
  #block: Block | undefined;
  readonly #locks: (Lock | undefined)[] = [];

  constructor(map: Block) {
    this.#map = map;
  }

  /** The lock of a stripe. @throws HeddleError if the heap is full */
  #lock(stripe: number): Lock {
    return (this.#locks[stripe] ??= this.#open(stripe));
  }

  #open(stripe: number): Lock {
    const { words, at } = (this.#block ??= this.#openBlock());
    const known = load(words, at + LOCK + stripe);
    if (known !== 0) return joinObject(known) as Lock;
    const lock = new Lock({ onOwnerDied: 'ignore' });
    // ORDER: this thread lists it; of two the first stays.
    const before = compareExchange(words, at + LOCK + stripe, 0, refOf(lock));
    if (before !== 0) return joinObject(before) as Lock;
    travelsToo(lock);
    return lock;
  }

  #openBlock(): Block {
    const { words, at } = this.#map;
    const { memory } = theAgent();
    const known = load(words, at + LOCKS);
    if (known !== 0) return blockAt(memory, known);
    const block = allocateOwned(locksWords, locksRefs);
    const before = compareExchange(words, at + LOCKS, 0, block.ref);
    if (before === 0) adopt(block);
    else freeOwned(block);
    return before === 0 ? block : blockAt(memory, before);
  }

  /** Calls `change` while the lock of a stripe is held, where this thread may wait for it. @throws TimeoutError */
  withinSync<R>(stripe: number, change: () => R, timeout: number): R {
    if (isUpdating()) return change();
    const lock = this.#lock(stripe);
    const isHeld = lock.tryAcquire() || (!ownedOf(lock).isHeldHere && acquireSync(lock, timeout));
    try {
      return change();
    } finally {
      if (isHeld) lock.release();
    }
  }

  /** The same, without blocking the thread. */
  async within<R>(stripe: number, change: () => R, options: WaitOptions | undefined): Promise<R> {
    options?.signal?.throwIfAborted();
    if (isUpdating()) return change();
    const lock = this.#lock(stripe);
    if (!(await lock.acquire(options))) throw tookLonger('update');
    try {
      return change();
    } finally {
      lock.release();
    }
  }
}

function acquireSync(lock: Lock, timeout: number): true {
  if (lock.acquireSync(timeout)) return true;
  throw tookLonger('updateSync');
}

function tookLonger(call: string): TimeoutError {
  return new TimeoutError(`SharedMap.${call}(): another update() took longer than the time that this one was given`);
}
