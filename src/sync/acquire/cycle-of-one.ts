/**
 * A thread that blocks until it gets what its own async work has: a deadlock, as that cannot go on while the thread is blocked. It is reported as one, once
 * a wait, on stderr and at once: the event loop stands still.
 */

import { writeSync } from 'node:fs';
import { theAgent, threadOf, type Waiter } from '../../memory/index.ts';

/** So long a wait has to take, in milliseconds: 5000, in production for ever; `HEDDLE_DEADLOCK_AFTER` says otherwise. */
const deadlockAfter = Number(process.env['HEDDLE_DEADLOCK_AFTER'] ?? (process.env['NODE_ENV'] === 'production' ? Infinity : 5000));

export class CycleOfOne {
  readonly #of: { describe(): string };
  #isTold = false;

  constructor(of: { describe(): string }) {
    this.#of = of;
  }

  /** It waits for what its own thread has. */
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
    // Nobody reads it.
  }
}
