/**
 * The greenlets of a `TaskGroup`, and its body if `TaskGroup.run` gave it one.
 *
 *          first error, cancel()               all have ended
 *   OPEN ─────────────────────────▶ CANCELLED ───────────────▶ empty: the waiter gets the errors
 *    │ a greenlet that comes runs    │ one that comes never begins
 *    └──────────── all have ended, and the group was joined ─▶ OVER: none may come
 */

import { inspect } from 'node:util';
import { WaitList, tell } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import { GreenletExit } from '../task/greenlet-exit.ts';
import { cancel } from '../task/interruption.ts';
import type { Watcher } from '../task/watchers.ts';
import type { ScopeEnd } from './scope-end.ts';

export class Children implements Watcher {
  readonly seesErrors: boolean = true;
  /** In the order in which they occurred. */
  readonly errors: unknown[] = [];
  readonly ends: WaitList<ScopeEnd<any>> = new WaitList();
  readonly unjoined: Unjoined = new Unjoined();
  readonly #living: Set<Activity> = new Set();
  #body: Activity | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  /** The error that ends the greenlets which are ended because of others. */
  #exit: unknown = undefined;
  isOver = false;

  get living(): ReadonlySet<Activity> {
    return this.#living;
  }

  get isBodyEnded(): boolean {
    return this.#body === undefined || this.#body.isDead;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#exit !== undefined) this.#controller.abort(this.#exit);
    }
    return this.#controller.signal;
  }

  add(activity: Activity): void {
    this.#living.add(activity);
    activity.watch(this);
    if (this.#exit === undefined) activity.start();
    else activity.kill(this.#exit);
  }

  enterBody(activity: Activity): void {
    this.#body = activity;
    activity.watch(this);
    activity.enter();
  }

  describeBody(): string {
    return this.#body?.describeWait() ?? 'nothing';
  }

  ended(activity: Activity): void {
    this.#living.delete(activity);
    if (activity.hasFailed) this.fail(activity.result);
    if (this.#living.size === 0) this.#tell();
  }

  /** Adds an error. Several greenlets may fail with the same error; it counts once. */
  fail(error: unknown): void {
    if (!this.errors.includes(error)) this.errors.push(error);
    this.unjoined.failed(this, error);
    this.cancel(error);
  }

  cancel(reason?: unknown): void {
    if (this.#exit !== undefined) return;
    const exit = new GreenletExit('the TaskGroup was cancelled', reason === undefined ? undefined : { cause: reason });
    this.#exit = exit;
    for (const activity of this.#living) cancel(activity, exit);
    if (this.#body !== undefined) cancel(this.#body, exit);
    this.#controller?.abort(reason ?? exit);
  }

  /** One that is over takes itself out of the list. */
  #tell(): void {
    for (const end of this.ends) end.look();
  }
}

// ---- the errors of task groups that were not joined

const waiting = new Set<Unjoined>();
const gone = new FinalizationRegistry<Unjoined>((one) => one.tell());

export class Unjoined {
  #failure: { readonly error: unknown } | undefined = undefined;
  #isJoined = false;

  /** @param owner with which the error is lost */
  failed(owner: object, error: unknown): void {
    if (this.#isJoined || this.#failure !== undefined) return;
    this.#failure = { error };
    if (waiting.size === 0) process.once('exit', tellAll);
    waiting.add(this);
    gone.register(owner, this, this);
  }

  joined(): void {
    this.#isJoined = true;
    if (waiting.delete(this)) this.#forget();
  }

  tell(): void {
    if (!waiting.delete(this)) return;
    const { error } = this.#failure!;
    tell(`heddle: a TaskGroup that was not joined failed: ${inspect(error)}\n`, error);
    this.#forget();
  }

  #forget(): void {
    gone.unregister(this);
    if (waiting.size === 0) process.off('exit', tellAll);
  }
}

function tellAll(): void {
  for (const one of waiting) one.tell();
}
