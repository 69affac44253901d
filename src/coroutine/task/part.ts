/**
 * A part of a greenlet: a function that is run for it in steps of its own, such as that of `lock.run(fn)` or `Timeout.run(ms, fn)`.
 *
 *   greenlet ──waits for──▶ PartRun ──of──▶ Part, an activity        fields of `Local`, locks, `getCurrent()`: the greenlet's
 *      kill ───────────────────────────────▶ is thrown in here; the greenlet goes on with it when the part has ended
 *
 * A part that is not awaited therefore runs as well. A killed part has finished its cleanup when its greenlet resumes.
 */

import { type Operation, Shielded } from '../../loop/index.ts';
import { Activity, type Face } from './activity.ts';
import type { Watcher } from './watchers.ts';
import { currentActivity, currentOwner } from './current.ts';
import type { Body, ResultOf } from './greenlet.ts';
import { Interruption } from './interruption.ts';
import { isGeneratorFunction } from './misuse.ts';

class PartFace implements Face {
  readonly #above: Activity;
  readonly #fn: Body;

  constructor(above: Activity, fn: Body) {
    this.#above = above;
    this.#fn = fn;
  }

  get name(): string {
    return this.#above.greenlet.name;
  }

  run(...args: unknown[]): unknown {
    const fn = this.#fn;
    return fn(...args);
  }
}

export class Part extends Activity {
  /** The activity that it is a part of: killed with it, and waited for by it. */
  readonly above: Activity;
  /** The owner of the fields and locks that it uses: `above`, or the greenlet that was switched to by hand inside of that. */
  readonly within: Activity;
  /** True if the reentrant locks that it takes belong to it, and not to its greenlet. */
  readonly isHolder: boolean;

  constructor(fn: Body, args: readonly unknown[], isHolder: boolean = false) {
    const within = currentOwner();
    super(new PartFace(within, fn), fn, args);
    this.above = within.switched === undefined ? within : currentActivity();
    this.within = within;
    this.isHolder = isHolder;
  }

  override get scope(): Activity {
    return this.above.scope;
  }

  override get innermost(): Activity {
    return this.within.innermost;
  }

  override get isDaemon(): boolean {
    return this.above.isDaemon;
  }
}

/** One that ends with its greenlet only: what tells of that is the greenlet's signal. */
class InnerPart extends Part {
  override get signal(): AbortSignal {
    return this.above.signal;
  }
}

class PartRun<T> extends Shielded<T> implements Watcher {
  readonly seesErrors: boolean = true;
  readonly #part: Part;
  readonly #isStepped: boolean;

  constructor(part: Part, isStepped: boolean) {
    super();
    this.#part = part;
    this.#isStepped = isStepped;
    part.watch(this);
    part.enter();
  }

  describe(): string {
    return this.#part.describeWait();
  }

  ended({ hasFailed, hasExited, result }: Activity): void {
    if (hasFailed || hasExited) this.fail(result);
    else this.settle(result as T);
  }

  /** One that runs just now is the one that kills its greenlet: the error is thrown where it does. An async function ends when it does. */
  protected interrupted(error: unknown): void {
    // oxlint-disable-next-line no-new -- it goes its way
    if (!this.#part.isRunning) new Interruption(this.#part, error, this.#isStepped);
  }
}

/** Runs a function, from now on, as a part of what runs: gives its result, or fails with its error. */
export function runPart<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Operation<ResultOf<R>> {
  return new PartRun(new InnerPart(fn, args), isGeneratorFunction(fn));
}

/** As `runPart`; the reentrant locks that it takes are its own. */
export function runHolder<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Operation<ResultOf<R>> {
  return new PartRun(new InnerPart(fn, args, true), isGeneratorFunction(fn));
}
