/** Keeps the program running while a pool has work, and only then. (Workers and their links never do.) */

/** The longest interval of Node's timers. */
const longTime = 0x7fff_ffff;

export class KeepAlive {
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  set(isOn: boolean): void {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    if (!isOn) this.#timer?.unref();
    else if (this.#timer === undefined) this.#timer = setInterval(() => {}, longTime);
    else this.#timer.ref();
  }

  /** Leaves nothing behind. */
  end(): void {
    this.#isOn = false;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
