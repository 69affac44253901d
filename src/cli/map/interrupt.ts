/**
 * Ctrl-C, and what others send.
 *
 *     first SIGINT     nothing new is begun; what runs may end within half a second, then it is ended
 *     second SIGINT    out at once
 *     SIGTERM, SIGHUP  out at once
 *
 * Leaving at once ends threads with the process, and processes by the pool's own hook on `exit`. A SIGKILL leaves no time for
 * that: then the kernel ends them (platform/lifeline.ts).
 */

const GRACE = 500;
/** npm sends the Ctrl-C it gets on to its child, which the terminal has sent it to already: two signals are one key. */
const SAME_KEY = 100;

export class Interrupt {
  #isStopped = false;
  #stoppedAt = 0;
  #onStop: (() => void) | undefined;
  #onEnd: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped!: (word: 'stopped') => void;
  readonly #whenStopped = new Promise<'stopped'>((resolve) => (this.#stopped = resolve));

  constructor() {
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', leave);
    process.on('SIGHUP', leave);
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** `stop` when nothing new shall be begun, `end` when what still runs shall be ended. */
  onStop(stop: () => void, end: () => void): void {
    this.#onStop = stop;
    this.#onEnd = end;
  }

  /** The promise's value, or 'stopped' if the signal comes first. */
  orStop<T>(promise: Promise<T>): Promise<T | 'stopped'> {
    return Promise.race([promise, this.#whenStopped]);
  }

  close(): void {
    clearTimeout(this.#timer);
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', leave);
    process.off('SIGHUP', leave);
  }

  #onSignal = (): void => {
    const now = performance.now();
    if (this.#isStopped) {
      if (now - this.#stoppedAt >= SAME_KEY) leave('SIGINT');
      return;
    }
    this.#isStopped = true;
    this.#stoppedAt = now;
    this.#onStop?.();
    this.#stopped('stopped');
    this.#timer = setTimeout(() => this.#onEnd?.(), GRACE);
  };
}

function leave(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
  process.exit(128 + { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }[signal]);
}
