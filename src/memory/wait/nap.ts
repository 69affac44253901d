/**
 * A nap before sleeping. Where producer and consumer share a core, each wake-up of a sleeping consumer costs two switches, and looking does
 * not help. A consumer that sleeps for a moment outside of the line, so that no producer wakes it, finds many items afterwards. Experience
 * decides:
 *
 *    a wait now and then naps ─▶ a stream followed: all waits nap, until none does     only a few items: the next trial comes after twice as many waits
 *
 * (Network cards do the same with interrupts.) Two ends that take turns never have more than an item: their naps are few. The event loop needs none: it is
 * woken for many items at a time.
 */

/** Items between two waits that make a stream: with a nap of some 60 µs that is half a million a second. */
const stream = 32;
/** Waits before a trial: at first, and at most. */
const trialAfter = 64;
const trialAfterMost = 4096;

/** Milliseconds. The system adds 50 µs. */
export const napLength = 0.01;

export class Nap {
  #done = 0;
  #hasNapped = false;
  #isOn = false;
  #trialAfter: number = trialAfter;
  #untilTrial: number = trialAfter;

  /**
   * A wait begins. Returns whether it naps first.
   *
   * @param done a count of what was done up to now; 32 bits
   */
  isDue(done: number): boolean {
    const isStream = ((done - this.#done) | 0) >= stream;
    this.#done = done;
    if (this.#hasNapped) this.#learn(isStream);
    if (!this.#isOn) this.#untilTrial -= 1;
    this.#hasNapped = this.#isOn || this.#untilTrial === 0;
    return this.#hasNapped;
  }

  #learn(isStream: boolean): void {
    if (isStream) this.#trialAfter = trialAfter;
    else if (!this.#isOn) this.#trialAfter = Math.min(this.#trialAfter * 2, trialAfterMost);
    this.#isOn = isStream;
    if (!isStream) this.#untilTrial = this.#trialAfter;
  }
}
