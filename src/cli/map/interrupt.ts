/**
 * Ctrl-C, and what others send.
 *
 *     first SIGINT     nothing new is taken; what runs may end within half a second, then it is ended
 *     second SIGINT    out at once
 *     SIGTERM, SIGHUP  out at once
 *
 * Leaving at once ends threads with the process, and processes by the pool's own hook on `exit`.
 */

const GRACE = 500;

export class Interrupt {
  #isStopped = false;
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

  /** `stop` when nothing new shall be taken, `end` when what still runs shall be ended. */
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
    if (this.#isStopped) leave('SIGINT');
    this.#isStopped = true;
    this.#onStop?.();
    this.#stopped('stopped');
    this.#timer = setTimeout(() => this.#onEnd?.(), GRACE);
  };
}

function leave(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
  process.exit(128 + { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }[signal]);
}
