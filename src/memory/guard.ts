/**
 * The heap's guard: who holds it may allocate, free, sweep. It is a mutex of one word with the holder's slot id in it (after Drepper's "Futexes are
 * tricky", mutex 3), and holders are succeeded when they die: what is done under it is made of single words, and right after each of them.
 *
 *    0 ──CAS──▶ id ──a waiter──▶ id + WAITERS ──exchange──▶ 0, and one is woken
 *               └──────── holder is dead: CAS ──▶ another id + WAITERS
 */

import { compareExchange, exchange, load, store } from '#atomics';
import { headerFields } from './heap-header.ts';
import type { Memory } from './memory.ts';
import { pause } from './pause.ts';
import { isSlotDead } from './slots.ts';
import { atStep } from './step.ts';

const GUARD = headerFields.guard;
const place = GUARD * 4;
const WAITERS = 0x8000_0000 | 0;
const idBits = 0x7fff_ffff;

/** It is held for a few hundred nanoseconds as a rule. */
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

  leave(): void {
    atStep?.('guard.leave');
    // ORDER: after all that was done under it.
    if (exchange(this.#words, GUARD, 0) < 0) {
      atStep?.('guard.wake');
      this.#memory.wake(place, 1);
    }
  }

  #contend(): void {
    const words = this.#words;
    for (let i = 0; i < spins; i += 1) {
      pause();
      if (load(words, GUARD) === 0 && compareExchange(words, GUARD, 0, this.#id) === 0) return;
    }
    // From here on others may sleep, too: who takes it now wakes one of them when he leaves.
    const mine = this.#id | WAITERS;
    for (let slice = firstSlice, isThorough = false; ; ) {
      const word = load(words, GUARD);
      const holder = word & idBits;
      if (word === 0 || this.#isDead(holder, isThorough)) {
        if (compareExchange(words, GUARD, word, mine) !== word) continue;
        if (word !== 0) store(words, headerFields.isSweepDue, 1);
        return;
      }
      if (word > 0 && compareExchange(words, GUARD, word, word | WAITERS) !== word) continue;
      this.#memory.sleep(place, word | WAITERS, slice);
      slice = Math.min(slice * 2, lastSlice);
      isThorough = true;
    }
  }

  /** This thread is never in it twice: if it seems so, it was thrown out of it where nothing can be caught (a full stack). */
  #isDead(holder: number, isThorough: boolean): boolean {
    return holder === this.#id || isSlotDead(this.#memory, holder, isThorough);
  }
}
