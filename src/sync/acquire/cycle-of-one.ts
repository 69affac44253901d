/**
 * Detects a thread that blocks until it gets what its own async work owns. That is a deadlock, as the async work cannot go on while the
 * thread is blocked. The deadlock is reported once a wait, on stderr and synchronously: the event loop stands still.
 */

import { writeSync } from 'node:fs';
import { theAgent, threadOf, type Waiter } from '../../memory/index.ts';

/**
 * The wait after which a deadlock is reported, in milliseconds. Default: 5000, or `Infinity` in production. `HEDDLE_DEADLOCK_AFTER` sets
 * another value.
 */
const deadlockAfter = Number(process.env['HEDDLE_DEADLOCK_AFTER'] ?? (process.env['NODE_ENV'] === 'production' ? Infinity : 5000));

export class CycleOfOne {
  readonly #of: { describe(): string };
  #isTold = false;

  constructor(of: { describe(): string }) {
    this.#of = of;
  }

  /** Reports a wait for what its own thread owns. */
  look(waiter: Waiter): void {
    const { id, memory } = theAgent();
    if (this.#isTold || waiter.age(memory.now()) < deadlockAfter) return;
    this.#isTold = true;
    const { name, pid, thread } = threadOf(id);
    const waited = `${name} (pid ${pid}, thread ${thread}) has been blocked for ${deadlockAfter / 1000} s by a Sync call that waits for what it has itself`;
    tell(
      `(heddle:${process.pid}) Warning: ${waited}: ${this.#of.describe()}. Async work of this thread took it, and cannot give it back while the thread is ` +
        'blocked: wait with `await` here, or give it back before.\n',
    );
  }
}

function tell(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // The reader of stderr has gone.
  }
}
