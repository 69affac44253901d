/**
 * Looking before sleeping. A waiting thread looks every 50 to 100 ns for as long as a wake-up would take, and only then sleeps. Each end of
 * a queue or link learns from experience how long that is worthwhile:
 *
 *    found by looking ─▶ + 1/8 of what is missing to the longest time          not found ─▶ - 1/8, down to one look
 *    one look, many times ─▶ a trial: the longest time, once. Found: that stays.    Not found: the next trial comes after twice as many waits
 *
 * On a busy machine the other thread does not run meanwhile: looking does not help there, and is soon given up. On one core it never helps.
 * Without trials, two ends that have both given up would alternately sleep indefinitely: each is slower than one look because the other one
 * sleeps.
 *
 * An end of a link is wary: it gives up a quarter of its time when looking was in vain, and has half of it after a trial that helped. A pool also runs
 * where its threads share a core, and there a look holds up the thread that it waits for.
 *
 * A thread that awaits looks from its event loop (`fromLoop`), in steps so small that timers and sockets keep their time.
 */

import { availableParallelism } from 'node:os';
import { withoutContext } from './no-context.ts';
import { clearImmediate, monotonicNow, setImmediate } from './real-timers.ts';

/** The environment of looking: a clock, and the number of threads that can run at once. */
export interface LookGround {
  /** Milliseconds, with fractions. */
  now(): number;
  readonly cores: number;
  /** Does nothing for some 50 ns. */
  pause(): void;
  /** Calls `step` when the event loop has had its turn. Returns what takes that back. */
  afterTurn(step: () => void): () => void;
}

/** The cost of a wake-up, in milliseconds: looking for longer gains nothing. */
const longest = 0.05;
/** A budget below this one is one look. */
const shortest = 0.001;
/** Looks between two readings of the clock. */
const looksPerReading = 8;
/** Looks of an event loop before timers and sockets have their turn: some 2 µs. */
const looksPerTurn = 24;
/** Waits of one look before a trial: at first, and at most. */
const trialAfter = 32;
const trialAfterMost = 1024;
/** The same of a wary end. */
const wariest = 256;

/** This machine, for links. A waiter at words of the shared heap pauses by a step of the tests' model (`memory/wait/look.ts`). */
export const machine: LookGround = {
  now: monotonicNow,
  cores: availableParallelism(),
  pause() {
    for (let left = 100; left > 0; left -= 1);
  },
  afterTurn(step) {
    let immediate: NodeJS.Immediate;
    withoutContext(() => (immediate = setImmediate(step)));
    return () => clearImmediate(immediate);
  },
};

export class Look {
  readonly #ground: LookGround;
  readonly #isWary: boolean;
  #budget: number;
  #trialAfter = trialAfter;
  #untilTrial = trialAfter;

  /** @param isWary as an end of a link */
  constructor(ground: LookGround = machine, isWary: boolean = false) {
    this.#ground = ground;
    this.#isWary = isWary;
    this.#budget = ground.cores > 1 ? longest : 0;
  }

  /** Milliseconds that the next wait looks for; 0: one look. */
  get budget(): number {
    return this.#budget;
  }

  /** Returns true as soon as `look` does; false when looking has taken long enough. */
  until(look: () => boolean): boolean {
    if (this.#ground.cores === 1) return false;
    const budget = this.#begin();
    return this.#ended(budget === 0 ? look() : this.#lookFor(budget, look));
  }

  #lookFor(ms: number, look: () => boolean): boolean {
    const { now } = this.#ground;
    const end = now() + ms;
    do if (this.#looks(looksPerReading, look)) return true;
    while (now() < end);
    return false;
  }

  #looks(count: number, look: () => boolean): boolean {
    const { pause } = this.#ground;
    for (let left = count; left > 0; left -= 1) {
      pause();
      if (look()) return true;
    }
    return false;
  }

  /**
   * The same from the event loop: looks a little now, and a little on each turn of the loop. Calls `done` once, maybe at once.
   *
   * @returns what ends the looking; `done` is not called then
   */
  fromLoop(look: () => boolean, done: (isFound: boolean) => void): () => void {
    const { now, afterTurn, cores } = this.#ground;
    const budget = cores === 1 ? 0 : this.#begin();
    if (budget === 0) {
      if (cores > 1) this.#ended(false);
      done(false);
      return () => {};
    }
    const end = now() + budget;
    let takeBack = (): void => {};
    const step = (): void => {
      const isFound = this.#looks(looksPerTurn, look);
      if (isFound || now() >= end) done(this.#ended(isFound));
      else takeBack = afterTurn(step);
    };
    step();
    return () => takeBack();
  }

  /** Counts a wait for which one look is enough. Returns false, and counts nothing, if looking for longer may help. */
  passes(): boolean {
    if (this.#ground.cores === 1) return true;
    if (this.#budget > 0 || this.#untilTrial === 1) return false;
    this.#untilTrial -= 1;
    return true;
  }

  /** A wait begins. Returns how long to look, in milliseconds; 0: once. */
  #begin(): number {
    if (this.#budget > 0) return this.#budget;
    this.#untilTrial -= 1;
    return this.#untilTrial === 0 ? longest : 0;
  }

  /** Looking has ended. Returns whether it has helped. */
  #ended(isFound: boolean): boolean {
    const isTrial = this.#untilTrial === 0;
    const isWary = this.#isWary;
    if (isFound) {
      this.#trialAfter = trialAfter;
      if (isTrial) this.#budget = isWary ? longest / 2 : longest;
      else this.#budget += (longest - this.#budget) / 8;
    } else if (isTrial) this.#trialAfter = Math.min(this.#trialAfter * 2, isWary ? wariest : trialAfterMost);
    else {
      const less = this.#budget - this.#budget / (isWary ? 4 : 8);
      this.#budget = less < shortest ? 0 : less;
    }
    if (isTrial || this.#budget > 0) this.#untilTrial = this.#trialAfter;
    return isFound;
  }
}
