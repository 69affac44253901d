/** Callbacks for the end of a greenlet. */

import { checkFunction } from '../../check.ts';
import { ready, type Steppable } from '../../loop/index.ts';
import type { Activity } from './activity.ts';
import { type Context, callIn, captureContext } from './context.ts';
import type { GreenletExit } from './greenlet-exit.ts';
import type { Watcher } from './watchers.ts';
import type { Greenlet } from './greenlet.ts';
import { reportFailure } from './report.ts';

/** A receiver of a greenlet's outcome: an `AsyncResult`. */
export interface Outcome<T> {
  /** Called with the value; for a killed greenlet, with its `GreenletExit`. */
  readonly set: (value: T) => unknown;
  /** Called with the error. */
  setException(error: unknown): unknown;
}

/** A target of `link`: a function that is called with the ended greenlet, or a receiver of its outcome. */
export type LinkTarget<T> = ((greenlet: Greenlet<T>) => unknown) | Outcome<T | GreenletExit>;

/**
 * One callback, and when it has its turn.
 *
 *   link() ──▶ watches ── the greenlet ends ──▶ in line, still linked ── its turn ──▶ taken away, and called
 *                 ╰──────────── unlink() ───────────────╯ is not called
 */
export class Link implements Watcher, Steppable {
  readonly target: LinkTarget<any>;
  readonly #when: 'always' | 'value' | 'exception' | 'raw';
  readonly #prepare: (callback: (greenlet: any) => unknown, ended: Activity) => Activity;
  /** In which the callback runs: that of the code that linked it. */
  readonly #context: Context | undefined = captureContext();
  #ended: Activity | undefined;
  /** The greenlet that calls the function. */
  #call: Activity | undefined;

  /** @param prepare makes the greenlet that calls the function */
  constructor(
    target: LinkTarget<any>,
    when: 'always' | 'value' | 'exception' | 'raw',
    prepare: (callback: (greenlet: any) => unknown, ended: Activity) => Activity,
  ) {
    if (!isOutcome(target)) checkFunction(target, 'callback');
    this.target = target;
    this.#when = when;
    this.#prepare = prepare;
  }

  get seesErrors(): boolean {
    return this.#when !== 'value';
  }

  get whose(): Activity | undefined {
    return this.#call;
  }

  ended(activity: Activity): void {
    if (this.#when === 'value' && activity.hasFailed) return;
    if (this.#when === 'exception' && !activity.hasFailed) return;
    const { target } = this;
    this.#ended = activity;
    if (this.#when !== 'raw' && typeof target === 'function') this.#call = callIn(this.#context, () => this.#prepare(target, activity));
    activity.keep(this);
    ready(this);
  }

  step(): void {
    const activity = this.#ended!;
    const call = this.#call;
    const isLinked = activity.isWatchedBy(this);
    activity.unwatch(this);
    if (call === undefined) {
      if (isLinked) this.#tell(activity);
    } else if (isLinked) call.step();
    else call.end(false, undefined);
  }

  #tell(activity: Activity): void {
    const { target } = this;
    try {
      if (typeof target === 'function') callIn(this.#context, () => target(activity.greenlet as Greenlet<any>));
      else if (activity.hasFailed) target.setException(activity.result);
      else target.set(activity.result);
    } catch (error) {
      reportFailure(activity, error, 'has a callback that failed');
    }
  }
}

function isOutcome(target: unknown): target is Outcome<unknown> {
  return typeof target === 'object' && target !== null && 'set' in target && 'setException' in target;
}
