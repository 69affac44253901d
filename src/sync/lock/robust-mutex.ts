/**
 * A mutex of one word for short changes of several words that must be consistent. The word has the slot id of the owner. A thread that
 * finds the owner dead takes its place, and first repairs what it left. (After Drepper's "Futexes are tricky", mutex 3, and the robust
 * mutexes of POSIX.) No thread waits for anything else, or runs a user's code, in the mutex.
 *
 *   0 ──CAS──▶ id ──a sleeper──▶ id + SLEPT_FOR ──leave──▶ 0, and one is woken
 *              └────────── its thread is dead: CAS ──────────▶ another id + SLEPT_FOR, and `repair` is called
 */

import { compareExchange, exchange, load } from '#atomics';
import { type Block, isDead, me, pause, placeOf, theAgent } from '../../memory/index.ts';
import { spins } from '../acquire/spin.ts';

const SLEPT_FOR = 1 << 31;
const mostLooks = 50;

export class RobustMutex {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #place: number;
  readonly #repair: (dead: number) => void;

  /** @param repair puts in order what the thread with that slot id has left, which died in the mutex */
  constructor(block: Block, offset: number, repair: (dead: number) => void) {
    this.#words = block.words;
    this.#at = block.at + offset;
    this.#place = placeOf(block, offset);
    this.#repair = repair;
  }

  within<R>(change: () => R): R {
    this.enter();
    let isWhole = false;
    try {
      const result = change();
      isWhole = true;
      return result;
    } finally {
      this.leave(isWhole);
    }
  }

  /** True while a thread is in the mutex, or has died there. */
  get isTaken(): boolean {
    return load(this.#words, this.#at) !== 0;
  }

  /** Enters, without a function for what follows. Each `enter` has its `leave`, in a `finally`. */
  enter(): void {
    // ORDER: pairs with the exchange below: what was changed before is seen.
    if (compareExchange(this.#words, this.#at, 0, me) === 0) return;
    const dead = this.#contend();
    if (dead !== 0) this.#repair(dead);
  }

  /** @param isWhole false: what was to be done was not: the stack was full, or the like */
  leave(isWhole: boolean): void {
    if (!isWhole) this.#repair(me);
    // ORDER: after all that was changed.
    if (exchange(this.#words, this.#at, 0) < 0) theAgent().memory.wake(this.#place, 1);
  }

  /** The slot id of a thread that has died in the mutex; 0: none has. */
  #contend(): number {
    for (let left = spins() ? mostLooks : 0; left > 0; left -= 1) {
      pause();
      if (load(this.#words, this.#at) === 0 && compareExchange(this.#words, this.#at, 0, me) === 0) return 0;
    }
    // Other threads may sleep, too, from here on: a thread that has slept therefore sets `SLEPT_FOR` when it acquires the mutex.
    const mine = me | SLEPT_FOR;
    for (let isThorough = false; ; isThorough = !isThorough) {
      const word = load(this.#words, this.#at);
      const owner = word & ~SLEPT_FOR;
      if (word === 0 || isDead(owner, isThorough)) {
        if (compareExchange(this.#words, this.#at, word, mine) === word) return owner;
      } else if (word < 0 || compareExchange(this.#words, this.#at, word, word | SLEPT_FOR) === word) {
        theAgent().memory.sleep(this.#place, word | SLEPT_FOR, Infinity);
      }
    }
  }
}
