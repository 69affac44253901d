/** Waiting for the ends of many greenlets. */

import { checkBoolean, checkInteger } from '../../check.ts';
import { Done, type Operation, readWaitOptions, type WaitOptions } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import type { Greenlet } from '../task/greenlet.ts';
import { activitiesOf, ManyEnded } from './many-ended.ts';

/** For `joinAll()`. */
export interface JoinAllOptions extends WaitOptions {
  /** Throws the error of the first that fails, as soon as it does. Default false. */
  readonly raiseError?: boolean | undefined;
  /** The number of objects to wait for. Default: all. */
  readonly count?: number | undefined;
}

const optionKeys = ['timeout', 'signal', 'raiseError', 'count'];

class JoinAll<G> extends ManyEnded<G[]> {
  readonly #finished: G[] = [];
  readonly #raisesError: boolean;
  #missing: number;

  constructor(activities: readonly Activity[], raisesError: boolean, count: number, options: WaitOptions) {
    super();
    this.#raisesError = raisesError;
    this.#missing = Math.min(count, activities.length);
    this.watchAll(activities);
    this.limit(options);
  }

  ended(activity: Activity): void {
    if (this.#raisesError && activity.hasFailed) {
      activity.isSeen = true;
      this.reject(activity.result);
      return;
    }
    this.#finished.push(activity.greenlet as G);
    this.#missing -= 1;
    if (this.#missing === 0) this.#give();
  }

  protected knewAlready(): void {
    this.#missing -= 1;
    if (this.#missing === 0) this.#give();
  }

  override expire(): void {
    this.#give();
  }

  #give(): void {
    // The remaining greenlets, beyond `count` or too late, run on unobserved.
    this.unwatchAll();
    this.settle(this.#finished);
  }
}

/**
 * Waits until all of the greenlets have ended, and gives those that did, in the order in which they ended. At a time-out that is fewer.
 * One that is given twice counts once.
 *
 * @throws TypeError if something else than a greenlet is among them
 *
 * Source: gevent.joinall
 *
 * @example
 * ```ts
 * import { joinAll, sleep, spawn } from 'heddle/coroutine';
 *
 * function* after(ms: number) {
 *   yield* sleep(ms);
 *   return ms;
 * }
 * const greenlets = [spawn(after, 60_000), spawn(after, 50), spawn(after, 1)];
 * const inTime = await joinAll(greenlets, { timeout: 300 });
 * console.log(inTime.map((g) => g.value)); // prints: [ 1, 50 ]
 * greenlets[0]!.kill();
 * ```
 */
export function joinAll<G extends Greenlet<any>>(greenlets: Iterable<G>, options?: number | JoinAllOptions): Operation<G[]> {
  const { timeout, signal } = readWaitOptions(options, optionKeys);
  const { raiseError, count } = typeof options === 'object' ? options : {};
  checkBoolean(raiseError, 'raiseError');
  if (count !== undefined) checkInteger(count, 'count', 0);
  const activities = activitiesOf(greenlets);
  if (activities.length === 0 || count === 0) return new Done<G[]>([]);
  return new JoinAll<G>(activities, raiseError ?? false, count ?? Infinity, { timeout, signal });
}
