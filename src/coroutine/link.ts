/** Callbacks for the end of a greenlet. */

import { checkFunction } from '../check.ts';
import { ready, type Steppable } from '../loop/index.ts';
import type { Activity } from './activity.ts';
import { type Context, callIn, captureContext } from './context.ts';
import type { Watcher } from './watcher.ts';
import type { Greenlet } from './greenlet.ts';
import { reportFailure } from './report.ts';

/** What takes a greenlet's outcome: an `AsyncResult`. */
export interface Outcome<T> {
  /** It has ended with a value. */
  set(value: T): unknown;
  /** It has failed. */
  setException(error: unknown): unknown;
}

/** Who is told of the end of a greenlet: a function that is called with it, or what takes its outcome. */
export type LinkTarget<T> = ((greenlet: Greenlet<T>) => unknown) | Outcome<T>;

export class Link implements Watcher, Steppable {
  readonly target: LinkTarget<any>;
  readonly #when: 'always' | 'value' | 'exception' | 'raw';
  readonly #begin: (callback: (greenlet: any) => unknown, ended: Activity) => void;
  /** In which the callback runs: that of the code that linked it. */
  readonly #context: Context | undefined = captureContext();
  #ended: Activity | undefined;

  /** @param begin calls it in a greenlet of its own */
  constructor(
    target: LinkTarget<any>,
    when: 'always' | 'value' | 'exception' | 'raw',
    begin: (callback: (greenlet: any) => unknown, ended: Activity) => void,
  ) {
    if (!isOutcome(target)) checkFunction(target, 'callback');
    this.target = target;
    this.#when = when;
    this.#begin = begin;
  }

  get seesErrors(): boolean {
    return this.#when !== 'value';
  }

  ended(activity: Activity): void {
    if (this.#when === 'value' && activity.hasFailed) return;
    if (this.#when === 'exception' && !activity.hasFailed) return;
    const { target } = this;
    if (this.#when !== 'raw' && typeof target === 'function') {
      callIn(this.#context, () => this.#begin(target, activity));
      return;
    }
    this.#ended = activity;
    ready(this);
  }

  step(): void {
    const { target } = this;
    const activity = this.#ended!;
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
