/**
 * The execution behind a `Greenlet`: one activity of many in this thread.
 *
 *            start()                first step              ends, fails, or is killed
 *   NEW ───────────────▶ READY ───────────────▶ RUNNING ─────────────────────────────────▶ DEAD
 *    │                     ▲    ◀── woken ──── WAITING ◀── yield* operation ──┘              ▲
 *    ├── IN_LINE, of a pool ┤                                                                │
 *    └── kill(): never runs ┴────────────────────────────────────────────────────────────────┘
 *
 * A generator is stepped by the ready queue (`../loop/ready.ts`): it waits at a `yield*` and is woken, or thrown into, there. An async
 * function goes by itself; of that one the activity knows the end, and owns what it awaits (`async-owner.ts`).
 */

import {
  enterStep,
  leaveStep,
  type ListNode,
  type Living,
  living,
  type Pending,
  ready,
  type Steppable,
  WAIT,
  type WaitList,
  type Waiter,
} from '../../loop/index.ts';
import { Delay, Extras } from './activity-extras.ts';
import { AsyncOwner } from './async-owner.ts';
import { type Context, callIn, captureContext, firstContext } from './context.ts';
import { currentActivity, follow, isFollowing, runAs, setRunning } from './current.ts';
import { type Few, type Watcher, added, isIn, listOf, removed, tellEnd } from './watchers.ts';
import { GreenletExit } from './greenlet-exit.ts';
import { isGeneratorFunction, misuse } from './misuse.ts';
import type { RawGreenlet } from '../switching/raw-greenlet.ts';
import { reportFailure } from './report.ts';
import { describeSite, type SpawnSite } from './spawn-site.ts';
import { resume, resumeByError, steppedOf } from './stepped.ts';
import { type Thrown, thrownBy } from './interruption.ts';
import { isThenable } from '../../thenable.ts';
import { TypeError } from '../../refusals.ts';

/** The view that an activity has of its greenlet. */
export interface Face {
  readonly name: string;
  run(...args: any[]): unknown;
}

/** Not started. */
const NEW = 0;
/** In line for its next step, or to be begun. */
const READY = 1;
const RUNNING = 2;
/** For an operation; or an async function, for whatever it awaits. */
const WAITING = 3;
const DEAD = 4;
/** Told to start when a pool has space for it: it is in that pool's line. */
const IN_LINE = 5;
type State = typeof NEW | typeof READY | typeof RUNNING | typeof WAITING | typeof DEAD | typeof IN_LINE;

/** How it ended: with a value, with an error, or by a `GreenletExit` that it let pass. */
type Outcome = 'value' | 'error' | 'exit';

/** Arguments that were passed on. */
const NONE: readonly unknown[] = [];

export class Activity implements Steppable, Waiter, Living, ListNode {
  readonly greenlet: Face;
  /** True if its error is seen, or will be. */
  isSeen = false;
  result: unknown = undefined;

  #state: State = NEW;
  #outcome: Outcome = 'value';
  /** The function until it is called, and its name from then on: the function itself may keep much alive. */
  #fn: ((...args: any[]) => unknown) | string | undefined;
  #args: readonly unknown[];
  #generator: Generator<unknown, unknown, unknown> | undefined = undefined;
  /** The operation that it waits for. */
  #operation: Pending<any> | undefined = undefined;
  /** The error to throw at its next step. */
  #thrown: Thrown | undefined = undefined;
  #watchers: Few<Watcher> = undefined;
  #extras: Extras | undefined = undefined;

  // In the list of those that live, or in the line of a pool.
  list: WaitList<any> | undefined = undefined;
  before: ListNode | undefined = undefined;
  after: ListNode | undefined = undefined;

  constructor(greenlet: Face, fn: ((...args: any[]) => unknown) | undefined, args: readonly unknown[]) {
    this.greenlet = greenlet;
    this.#fn = fn;
    this.#args = args.length === 0 ? NONE : args;
    const context = captureContext();
    if (context !== undefined) this.#more.context = context;
  }

  get #more(): Extras {
    this.#extras ??= new Extras();
    return this.#extras;
  }

  /** Where it was spawned, as far as that was recorded. */
  get site(): SpawnSite | undefined {
    return this.#extras?.site;
  }

  set site(site: SpawnSite | undefined) {
    if (site !== undefined || this.#extras !== undefined) this.#more.site = site;
  }

  /** The greenlet that it belongs to: that is itself, or the one that it is a part of (`Part`). */
  get scope(): Activity {
    return this;
  }

  /** The owner of the `Local` fields and locks that it uses: itself, as `scope`, or the greenlet that it has switched to by hand. */
  get innermost(): Activity {
    return this;
  }

  /** The greenlet of `greenlet()` that it stands for, if it does. */
  get switched(): RawGreenlet | undefined {
    return undefined;
  }

  /** True if the program may end while it waits. */
  get isDaemon(): boolean {
    return this.#extras?.isDaemon === true;
  }

  set isDaemon(isDaemon: boolean) {
    this.#more.isDaemon = isDaemon;
  }

  get signal(): AbortSignal {
    this.#more.controller ??= new AbortController();
    return this.#more.controller.signal;
  }

  get hasFailed(): boolean {
    return this.#outcome === 'error';
  }

  /** True if it was ended by a `GreenletExit`, which is then its result. */
  get hasExited(): boolean {
    return this.#outcome === 'exit';
  }

  /** In lists of waiters it is its own node, to save memory. */
  get node(): this {
    return this;
  }

  get listed(): this {
    return this;
  }

  get isDead(): boolean {
    return this.#state === DEAD;
  }

  get isRunning(): boolean {
    return this.#state === RUNNING;
  }

  /** True if it was told to start and has not ended. */
  get isStarted(): boolean {
    return this.#state !== NEW && this.#state !== DEAD;
  }

  /** The name of its function; `''` without one. */
  get functionName(): string {
    const fn = this.#fn;
    if (typeof fn !== 'function') return fn ?? '';
    try {
      const name: unknown = fn.name;
      return typeof name === 'string' ? name : '';
    } catch {
      // A getter of the program's.
      return '';
    }
  }

  callFunction(args: unknown[]): unknown {
    // Not called as a method, which would give it the activity as its `this`.
    const fn = this.#fn;
    if (typeof fn !== 'function') throw new TypeError('the greenlet has nothing to run: give it a function, or override run()');
    return fn(...args);
  }

  // ---- the start: at once, inside of the running activity, later, or when a pool has space

  start(): void {
    if (this.#state !== NEW) return;
    this.#state = READY;
    this.#extras?.delay?.stop();
    if (this.list === undefined) living.push(this);
    ready(this);
  }

  /** Begins it here and now, inside of what runs: it is a part of that. */
  enter(): void {
    this.#state = READY;
    this.step();
  }

  /** As `start`, for what begins it itself: by `step`, or ends it. */
  prepare(): void {
    this.#state = READY;
    living.push(this);
  }

  startLater(ms: number): void {
    if (this.#state !== NEW || this.#extras?.delay !== undefined) return;
    living.push(this);
    this.#more.delay = new Delay(this, ms);
  }

  /** Postpones its start until a pool has space: `admit()`. */
  standIn(line: WaitList<any>): void {
    if (this.#state !== NEW) return;
    this.#state = IN_LINE;
    line.push(this);
  }

  /** Called when it has left the line: starts. */
  admit(): void {
    if (this.#state !== IN_LINE) return;
    this.#state = NEW;
    this.start();
  }

  /** Removes it from the line, as if it had never been told to start. */
  leaveLine(): void {
    if (this.#state !== IN_LINE) return;
    this.list?.remove(this);
    this.#state = NEW;
  }

  // ---- its steps

  /** Runs its next step. */
  step(): void {
    if (this.#state !== READY) return;
    this.#state = RUNNING;
    const context = this.#context;
    if (context !== undefined) context.run(() => runAs(this, () => this.#step()));
    else if (isFollowing()) runAs(this, () => this.#step());
    else this.#step();
  }

  /** Contexts are followed from the first that the program makes. */
  get #context(): Context | undefined {
    const known = this.#extras?.context;
    if (known !== undefined) return known;
    const first = firstContext();
    if (first !== undefined) this.#more.context = first;
    return first;
  }

  #step(): void {
    const before = setRunning(this);
    try {
      if (this.#generator !== undefined || this.#begin()) this.#resume();
    } catch (error) {
      this.end(true, error);
    } finally {
      setRunning(before);
    }
  }

  /** Calls its function. Returns true if the result is a generator, which must be stepped. */
  #begin(): boolean {
    const { greenlet } = this;
    const args = this.#args;
    this.#args = NONE;
    const isStepped = isGeneratorFunction(typeof this.#fn === 'function' ? this.#fn : greenlet.run);
    let result: unknown;
    if (isStepped) result = greenlet.run(...args);
    else {
      follow();
      this.#more.owner = new AsyncOwner(this);
      result = runAs(this, () => greenlet.run(...args));
    }
    this.#fn = this.functionName;
    if (this.#state === DEAD) {
      if (isThenable(result)) this.#await(result);
      return false;
    }
    const generator = steppedOf(result);
    if (generator !== undefined) {
      if (!isStepped) this.#more.owner = undefined;
      this.#generator = generator;
      return true;
    }
    if (isThenable(result)) this.#await(result);
    else this.end(false, result);
    return false;
  }

  #resume(): void {
    const generator = this.#generator!;
    const thrown = this.#thrown;
    this.#operation = undefined;
    this.#thrown = undefined;
    const wasInStep = enterStep();
    let operation: Pending<any> | undefined;
    let result: IteratorResult<unknown>;
    try {
      result = thrown === undefined ? resume(generator) : resumeByError(generator, thrown.error);
    } finally {
      operation = leaveStep(wasInStep);
    }
    const { done, value } = result;
    if (done === true) {
      this.end(false, value);
    } else if (value === WAIT && operation !== undefined) {
      this.#state = WAITING;
      this.#operation = operation;
      operation.addWaiter(this);
    } else {
      this.#state = READY;
      this.#thrown = thrownBy(misuse(value), false);
      ready(this);
    }
  }

  #await(promise: PromiseLike<unknown>): void {
    if (this.#state !== DEAD) this.#state = WAITING;
    promise.then(
      (value) => this.end(false, value),
      (error: unknown) => (this.#state === DEAD ? this.#endLate(error) : this.end(true, error)),
    );
  }

  /** An async function failed after its greenlet was killed: unless that is the kill itself, or why it was killed, it is told. */
  #endLate(error: unknown): void {
    if (error instanceof GreenletExit || error === this.result || error === this.#extras?.controller?.signal.reason) return;
    if (this.result instanceof GreenletExit && error === this.result.cause) return;
    reportFailure(this, error, 'failed after it was killed');
  }

  /** Called when the operation that it waits for is over. */
  wake(_operation?: unknown, isNow: boolean = false): void {
    if (this.#state !== WAITING) return;
    this.#state = READY;
    if (isNow) this.step();
    else ready(this);
  }

  // ---- errors that others throw into it

  /**
   * Throws an error at its wait, at its next turn. The operation that it waits for takes nothing.
   *
   * @returns false if it cannot be: another error is on its way, or its async function awaits nothing of ours
   */
  interrupt(error: unknown, isKill: boolean = false): boolean {
    if (this.#state === DEAD) return false;
    if (this.#generator === undefined) {
      if (this.#state !== NEW && this.#state !== READY && this.#state !== IN_LINE) return this.#extras?.owner?.interrupt(error) ?? false;
      this.end(true, error);
      return true;
    }
    const thrown = thrownBy(error, isKill);
    if (this.#thrown !== undefined && this.#thrown.strength >= thrown.strength) return false;
    this.#thrown = thrown;
    this.#operation?.leave(this, error);
    this.#operation = undefined;
    this.wake();
    return true;
  }

  /** Tries something again as soon as an error could be thrown that `interrupt` refused. */
  defer(step: Steppable): void {
    const owner = this.#extras?.owner;
    if (owner === undefined) ready(step);
    else owner.defer(step);
  }

  /**
   * A generator ends by the error that is thrown into it; an async function has ended at once, whatever it still does.
   *
   * @returns false if a generator has another kill on its way, or runs right now
   */
  kill(error: unknown): boolean {
    let isTaken = true;
    const context = this.#extras?.context;
    if (this.#generator !== undefined || this.#state === NEW) {
      isTaken = this.#state !== RUNNING && this.interrupt(error, true);
    } else {
      const owner = this.#extras?.owner;
      const ending = { error, isTold: this.#extras?.controller !== undefined || currentActivity() === this };
      if (owner !== undefined) owner.ending = ending;
      this.end(true, error);
      owner?.interrupt(error);
    }
    const controller = this.#extras?.controller;
    // Listeners run in the greenlet's context, not in that of the code that kills it.
    if (controller !== undefined) callIn(context, () => controller.abort(error));
    return isTaken;
  }

  // ---- the end, and its watchers

  end(isError: boolean, result: unknown): void {
    if (this.#state === DEAD) return;
    this.#state = DEAD;
    if (isError) this.#outcome = result instanceof GreenletExit ? 'exit' : 'error';
    this.result = result;
    this.#generator = undefined;
    this.#fn = this.functionName;
    this.#args = NONE;
    this.#extras?.delay?.stop();
    if (this.#extras !== undefined) this.#extras.context = undefined;
    if (this.#extras !== undefined && !this.hasFailed) this.#extras.site = undefined;
    this.list?.remove(this);
    const watchers = this.#watchers;
    this.#watchers = undefined;
    tellEnd(watchers, this);
    if (this.hasFailed && !this.isSeen) reportFailure(this, result, 'failed');
  }

  watch(watcher: Watcher): void {
    if (watcher.seesErrors) this.isSeen = true;
    if (this.#state === DEAD) watcher.ended(this);
    else this.#watchers = added(this.#watchers, watcher);
  }

  /** Goes on to know a watcher that was told of the end and has not acted on it: until `unwatch`. */
  keep(watcher: Watcher): void {
    this.#watchers = added(this.#watchers, watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers = removed(this.#watchers, watcher);
  }

  isWatchedBy(watcher: Watcher): boolean {
    return isIn(this.#watchers, watcher);
  }

  get watchers(): Watcher[] {
    return listOf(this.#watchers);
  }

  // ---- what others ask of it

  /** The owner of its waits, if it is an async function. */
  get owner(): AsyncOwner | undefined {
    return this.#extras?.owner;
  }

  get whose(): this {
    return this;
  }

  get isAsync(): boolean {
    return this.#state === WAITING && this.#generator === undefined;
  }

  describe(): string {
    return `${this.greenlet.name} ${this.#describeState()}\n    ${describeSite(this.site)}`;
  }

  #describeState(): string {
    if (this.#state === DEAD) return this.hasFailed ? 'has failed' : 'has ended';
    if (this.#state === READY) return 'is ready';
    if (this.#state === NEW) return 'waits to be started';
    return `waits for ${this.describeWait()}`;
  }

  /** Describes what it waits for. */
  describeWait(): string {
    return this.#operation?.describe() ?? this.#extras?.owner?.describe() ?? 'a promise';
  }
}
