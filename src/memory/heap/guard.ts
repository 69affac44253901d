/**
 * The heap's guard: its owner may allocate, free and sweep. The guard is a mutex of one word with the owner's slot id in it (after
 * Drepper's "Futexes are tricky", mutex 3). A dead owner is succeeded: changes under the guard consist of single words, and the heap is
 * consistent after each of them.
 *
 *    0 ──CAS──▶ id ──a waiter──▶ id + WAITERS ──exchange──▶ 0, and one is woken
 *               └──────── holder is dead: CAS ──▶ another id + WAITERS
 */

import { compareExchange, exchange, load, pause, store } from '#atomics';
import { headerFields } from './heap-header.ts';
import type { Memory } from './memory.ts';
import { isSlotDead } from '../threads/slots.ts';
import { atStep } from './step.ts';

const GUARD = headerFields.guard;
const place = GUARD * 4;
/** A word that is always 0, and at which no thread is woken. */
const nowhere = headerFields.reservedToo * 4;
const WAITERS = 0x8000_0000 | 0;
const idBits = 0x7fff_ffff;

/** The guard is normally held for a few hundred nanoseconds. */
const spins = 50;
/** Milliseconds of a sleep: the first, and the longest. */
const firstSlice = 1;
const lastSlice = 16;

export class Guard {
  readonly #memory: Memory;
  readonly #words: Int32Array;
  readonly #id: number;

  constructor(memory: Memory, id: number) {
    this.#memory = memory;
    this.#words = memory.segment(0);
    this.#id = id;
  }

  enter(): void {
    // ORDER: pairs with the exchange in `leave`: what was done under the guard is seen.
    if (compareExchange(this.#words, GUARD, 0, this.#id) !== 0) this.#contend();
    atStep?.('guard.enter');
  }

  /** True if other threads wait for the guard. */
  leave(): boolean {
    atStep?.('guard.leave');
    // ORDER: after all that was done under it.
    if (exchange(this.#words, GUARD, 0) >= 0) return false;
    atStep?.('guard.wake');
    this.#memory.wake(place, 1);
    return true;
  }

  /** Waits a moment, without the guard. */
  pause(): void {
    this.#memory.sleep(nowhere, 0, firstSlice);
  }

  /** Leaves for a moment: threads that wait for the guard go first. */
  giveWay(): void {
    // A thread that is woken needs longer to come than this one to be back.
    if (this.leave()) this.pause();
    this.enter();
  }

  #contend(): void {
    const words = this.#words;
    for (let i = 0; i < spins; i += 1) {
      pause();
      if (load(words, GUARD) === 0 && compareExchange(words, GUARD, 0, this.#id) === 0) return;
    }
    // From here on other threads may sleep, too: the next owner wakes one of them when it leaves.
    const mine = this.#id | WAITERS;
    for (let slice = firstSlice, isThorough = false; ; ) {
      const word = load(words, GUARD);
      const holder = word & idBits;
      if (word === 0 || this.#isDead(holder, isThorough)) {
        if (compareExchange(words, GUARD, word, mine) !== word) continue;
        if (word !== 0) this.#giveUpSweep();
        return;
      }
      if (word > 0 && compareExchange(words, GUARD, word, word | WAITERS) !== word) continue;
      this.#memory.sleep(place, word | WAITERS, slice);
      slice = Math.min(slice * 2, lastSlice);
      isThorough = true;
    }
  }

  /** A thread has died under the guard: it may have marked some of what it had to mark for a sweep. That one is given up, and another one is due. */
  #giveUpSweep(): void {
    // ORDER: right after the guard was taken from the dead one: a thread that dies in between leaves a dead one's id in it again.
    store(this.#words, headerFields.sweeper, 0);
    store(this.#words, headerFields.isSweepDue, 1);
  }

  /** This thread is never in it twice: if it seems so, it was thrown out of it where nothing can be caught (a full stack). */
  #isDead(holder: number, isThorough: boolean): boolean {
    return holder === this.#id || isSlotDead(this.#memory, holder, isThorough);
  }
}
