/** Ending many greenlets. */

import { checkBoolean, expected } from '../../check.ts';
import { InvalidStateError, TimeoutError } from '../../errors.ts';
import { done, type Operation, ready, readWaitOptions, type Steppable, type WaitOptions } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import { currentActivity } from '../task/current.ts';
import { activityOf, getMain, Greenlet, toError } from '../task/greenlet.ts';
import { checkIterable, ManyEnded } from './many-ended.ts';
import { RawGreenlet } from '../switching/raw-greenlet.ts';
import { TypeError } from '../../refusals.ts';

/** For `killAll()`, and for the `kill` of a group. */
export interface KillAllOptions extends WaitOptions {
  /** The error to throw into each; default: one `GreenletExit` for all. */
  readonly error?: unknown;
  /** True to wait until they have ended. Default true. */
  readonly block?: boolean | undefined;
}

const optionKeys = ['timeout', 'signal', 'error', 'block'];

class KillAll extends ManyEnded<void> implements Steppable {
  readonly #raw: readonly RawGreenlet[];
  readonly #error: unknown;
  #missing: number;

  constructor(activities: readonly Activity[], raw: readonly RawGreenlet[], error: unknown, options: WaitOptions) {
    super();
    this.#raw = raw;
    this.#error = error;
    this.#missing = activities.length + 1;
    this.watchAll(activities);
    if (raw.length === 0) this.ended();
    else ready(this);
    this.limit(options);
  }

  /** Throws into the greenlets that were switched to by hand. None of them can be running here. */
  step(): void {
    for (const greenlet of this.#raw) {
      try {
        if (!greenlet.dead) greenlet.throw(this.#error);
      } catch (error) {
        // A dying greenlet passes its error to its parent, which is this code. The error that was thrown is not reported again.
        if (error !== this.#error) this.reject(error);
      }
    }
    this.ended();
  }

  ended(): void {
    this.#missing -= 1;
    if (this.#missing === 0) this.settle(undefined);
  }

  protected knewAlready(): void {
    this.ended();
  }

  override expire(): void {
    this.reject(new TimeoutError(`after the time that killAll() was given, it still waits for ${this.describe()}`));
  }
}

/**
 * Ends all of the greenlets in one pass, and waits until they have ended. None of them resumes before all are killed, and those that had
 * not begun never do. For each, the rules of `Greenlet.kill` apply. Greenlets switched by hand are accepted as well. If the calling
 * greenlet is among them, it is the last.
 *
 * @param error what is thrown into each, default one `GreenletExit` for all; it may stand among the options as well
 * @throws TypeError if something else than a greenlet is among them: then none is killed
 * @throws TimeoutError if not all end within `timeout`
 *
 * Source: gevent.killall
 *
 * @example
 * ```ts
 * import { killAll, sleep, spawn } from 'heddle/coroutine';
 *
 * const greenlets = [1, 2].map((i) =>
 *   spawn(function* () {
 *     try {
 *       yield* sleep(60_000);
 *     } finally {
 *       console.log('end of', i);
 *     }
 *   }),
 * );
 * await greenlets[0]!.join(0);
 * await sleep();
 * await killAll(greenlets);
 * // prints: end of 1
 * // prints: end of 2
 * ```
 */
export function killAll(greenlets: Iterable<Greenlet<any> | RawGreenlet>, options?: number | KillAllOptions): Operation<void>;
/** The same with an error for all. */
export function killAll(
  greenlets: Iterable<Greenlet<any> | RawGreenlet>,
  error: unknown,
  options?: number | Omit<KillAllOptions, 'error'>,
): Operation<void>;
/** As above, with the error to throw into the greenlets. */
export function killAll(
  greenlets: Iterable<Greenlet<any> | RawGreenlet>,
  errorOrOptions?: unknown,
  lastOptions?: number | KillAllOptions,
): Operation<void> {
  const { timeout, signal, block, thrown } = readKill(errorOrOptions, lastOptions);
  const { activities, raw } = sort(greenlets);
  const self = currentActivity().scope;
  for (const activity of activities) if (activity !== self) kill(activity, thrown);
  const living = activities.filter((one) => !one.isDead && one !== self);
  const isSelf = activities.includes(self);
  const isWaited = block && !isSelf;
  const isOver = living.length + raw.length === 0;
  const operation = isOver ? done : new KillAll(living, raw, thrown, isWaited ? { timeout, signal } : {});
  if (isSelf) {
    kill(self, thrown);
    throw thrown;
  }
  return isWaited ? operation : done;
}

/** `(error, options)`, or the options with the error among them; checked. */
export function readKill(
  errorOrOptions: unknown,
  lastOptions: number | KillAllOptions | undefined,
): { timeout: number; signal: AbortSignal | undefined; block: boolean; thrown: unknown } {
  const options = lastOptions ?? (isOptions(errorOrOptions) ? errorOrOptions : undefined);
  const { error, block } = typeof options === 'object' ? options : {};
  const wait = readWaitOptions(options, optionKeys);
  checkBoolean(block, 'block');
  return { ...wait, block: block !== false, thrown: toError(errorOrOptions === options ? error : (errorOrOptions ?? error)) };
}

function isOptions(value: unknown): value is number | KillAllOptions {
  return typeof value === 'number' || (typeof value === 'object' && value !== null && !(value instanceof Error));
}

function kill(activity: Activity, error: unknown): void {
  // The caller of `kill` knows the error.
  activity.isSeen = true;
  activity.kill(error);
}

function sort(greenlets: Iterable<Greenlet<any> | RawGreenlet>): { activities: Activity[]; raw: RawGreenlet[] } {
  checkIterable(greenlets);
  const activities: Activity[] = [];
  const raw: RawGreenlet[] = [];
  for (const greenlet of greenlets) {
    if (greenlet instanceof RawGreenlet) raw.push(greenlet);
    else if (greenlet instanceof Greenlet) activities.push(activityOf(greenlet));
    else throw new TypeError(expected(`greenlets[${activities.length + raw.length}]`, 'a greenlet', greenlet));
  }
  if (activities.includes(activityOf(getMain())) || raw.some((one) => one.parent === null))
    throw new InvalidStateError('the main greenlet stands for the program: it cannot be killed');
  return { activities, raw };
}
