/**
 * A function that runs as a part of what runs, and may be late: what `Timeout.run` returns.
 *
 *     greenlet ── yield* ──▶ TimedRun ──watches──▶ the part, an activity of its own with the greenlet's scope
 *        │                      │ time-out: its error ──────────▶ │
 *        └── thrown out ───────▶│ forwards that error ──────────▶ │ unwinds, and may wait for that
 *        ◀── the part's outcome ┴──────────────── has ended ──────┘
 *
 * An error is thrown at the wait of the part, and the part's outcome is the greenlet's, as if the function had been called. A part that
 * catches the timeout has therefore not been late, and no code of it runs on when the greenlet resumes.
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
  /** The result in place of its own timeout's error. */
  readonly instead: { readonly value: unknown } | undefined;
}

export class TimedRun<T> extends Shielded<T> implements Watcher {
  readonly seesErrors: boolean = true;
  readonly #lateness: Lateness;
  readonly #part: Part;
  /** The error of its own time-out. */
  #late: { readonly error: unknown } | undefined;
  /** An error from outside, on its way into the part. */
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
    // An error from outside takes precedence over its own timeout, which may have come while it unwound.
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
