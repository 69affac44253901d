/**
 * A function that runs as a part of what runs, and may be late: what `Timeout.run` returns.
 *
 *     greenlet ── yield* ──▶ TimedRun ──watches──▶ the part, an activity of its own with the greenlet's scope
 *        │                      │ time-out: its error ──────────▶ │
 *        └── thrown out ───────▶│ forwards that error ──────────▶ │ unwinds, and may wait for that
 *        ◀── the part's outcome ┴──────────────── has ended ──────┘
 *
 * Whatever is thrown is thrown where the part waits, and what comes out of that is what the greenlet gets: as if the function had been
 * called. So a part that catches the time-out has not been late, and nothing of it goes on when the greenlet does.
 */

import { Shielded } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import type { Watcher } from '../task/watchers.ts';
import type { Body } from '../task/greenlet.ts';
import { Interruption } from '../task/interruption.ts';
import { Part } from '../task/part.ts';
import { recordSite } from '../task/spawn-site.ts';

export interface Lateness {
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** Makes the error, when it is late. */
  readonly makeError: () => unknown;
  /** What it gives instead of its own time-out's error. */
  readonly instead: { readonly value: unknown } | undefined;
}

export class TimedRun<T> extends Shielded<T> implements Watcher {
  readonly seesErrors: boolean = true;
  readonly #lateness: Lateness;
  readonly #part: Part;
  /** The error of its own time-out. */
  #late: { readonly error: unknown } | undefined;
  /** What came from outside, on its way into the part. */
  #forwarded: Interruption | undefined;

  /** @param above the function whose caller runs it */
  constructor(above: Body, lateness: Lateness, fn: Body, args: readonly unknown[]) {
    super();
    this.#lateness = lateness;
    this.#part = new Part(fn, args);
    this.#part.site = recordSite(above);
    this.#part.watch(this);
    this.#part.start();
    // Not by limit(): of 0 milliseconds as well the function has begun before it is late.
    this.expireAfter(lateness.timeout);
    this.limit({ signal: lateness.signal });
  }

  describe(): string {
    return `${this.#part.functionName || 'a function'} in Timeout.run()`;
  }

  ended({ hasFailed, hasExited, result }: Activity): void {
    const hasThrown = hasFailed || hasExited;
    const isLate = hasThrown && this.#late?.error === result && this.#late !== undefined;
    const forwarded = this.#forwarded;
    // What came from outside counts for more than its own time-out, which may have come on top while it unwound.
    if (forwarded !== undefined && (isLate || !forwarded.isThrown)) this.fail(forwarded.error);
    else if (!hasThrown) this.settle(result as T);
    else if (isLate && this.#lateness.instead !== undefined) this.settle(this.#lateness.instead.value as T);
    else this.fail(result);
  }

  override expire(): void {
    this.#late = { error: this.#lateness.makeError() };
    // oxlint-disable-next-line no-new -- it goes its way
    new Interruption(this.#part, this.#late.error, true);
  }

  protected interrupted(error: unknown): void {
    this.#forwarded = new Interruption(this.#part, error, true);
  }
}
