/** The public face of an activity: what the program sees of a greenlet, and can do with it. Source: gevent.Greenlet */

import { markClass } from '../../copies.ts';
import { checkFunction, checkTimeout, expected } from '../../check.ts';
import { InvalidStateError } from '../../errors.ts';
import { done, type Operation, takeNumber, type Wait, type WaitOptions } from '../../loop/index.ts';
import { whileSet } from '../../stack-frames.ts';
import { showAsText } from '../../repr.ts';
import { Activity } from './activity.ts';
import { currentActivity, setMain } from './current.ts';
import { Ended } from '../wait/ended.ts';
import { isErrorClass } from '../timeout/error-class.ts';
import { GreenletExit } from './greenlet-exit.ts';
import { Link, type LinkTarget, type Outcome } from './link.ts';
import { recordSite } from './spawn-site.ts';
import { TypeError } from '../../refusals.ts';

/** The result of a generator function for `spawn`, which waits by `yield*` only. */
export type Coroutine<T> = Generator<Wait, T>;

/** The result of a greenlet, by the return type of its function. */
export type ResultOf<R> = R extends Generator<any, infer T> ? T : Awaited<R>;

/** Refuses generator functions that yield anything else: a `yield` without its `*` waits for nothing and gives nothing. */
export type Spawnable<R> = 0 extends 1 & R // only of `any` both are part
  ? unknown
  : [R] extends [never]
    ? unknown
    : [R] extends [Generator<infer Y>]
      ? [Y] extends [Wait]
        ? unknown
        : 'a greenlet waits by yield*, not by yield'
      : unknown;

export type Body = (...args: any[]) => unknown;

export let activityOf: (greenlet: Greenlet<any>) => Activity;

/**
 * One activity of many in this thread. It runs a generator, async or plain function, waits, and ends with a value or an error. A greenlet
 * is also a promise of that value.
 *
 * @example
 * ```ts
 * import { Greenlet, sleep } from 'heddle/coroutine';
 *
 * class Countdown extends Greenlet<string> {
 *   constructor(readonly from: number) {
 *     super();
 *   }
 *   override *run() {
 *     for (let i = this.from; i > 0; i -= 1) yield* sleep(1);
 *     return 'lift-off';
 *   }
 * }
 * console.log(await Countdown.spawn(3)); // prints: lift-off
 * ```
 */
export class Greenlet<T = unknown> implements Promise<T | GreenletExit>, Disposable, AsyncDisposable {
  readonly #activity: Activity;
  readonly #id: number = takeNumber();
  #name: string | undefined = undefined;
  #promise: Promise<T | GreenletExit> | undefined = undefined;

  static {
    markClass(this, 'greenlet');
    activityOf = (greenlet) => greenlet.#activity;
    showAsText(Greenlet);
  }

  /**
   * A greenlet that has not begun: `start()` it. A subclass may override `run` instead of giving a function.
   *
   * @throws TypeError if `fn` is given and no function
   */
  constructor(fn?: (...args: any[]) => unknown, ...args: unknown[]) {
    if (fn !== undefined) checkFunction(fn, 'fn');
    this.#activity = new Activity(this, fn, args);
  }

  /** Makes one and starts it; of a subclass with the constructor's arguments. Source: gevent.Greenlet.spawn */
  static spawn<A extends unknown[], R>(
    this: typeof Greenlet<any>,
    fn: ((...args: A) => R) & Spawnable<R>,
    ...args: A
  ): Greenlet<ResultOf<R>>;
  /** Makes a greenlet of this class and starts it. */
  static spawn<G extends Greenlet<any>, A extends unknown[]>(this: new (...args: A) => G, ...args: A): G;
  /** As above, for a subclass: its constructor gets the arguments. */
  static spawn(this: new (...args: any[]) => Greenlet<any>, ...args: unknown[]): Greenlet<any> {
    const greenlet = new this(...args);
    greenlet.#activity.site = recordSite(Greenlet.spawn as Body);
    greenlet.#activity.start();
    return greenlet;
  }

  /** Begins it in the next microtask, after those that are ready. Once is enough; after its end, or a kill, nothing happens. */
  start(): void {
    this.#activity.site ??= recordSite(this.start);
    this.#activity.start();
  }

  /** Starts the greenlet after `ms` milliseconds. @throws RangeError if `ms` is not a number >= 0 */
  startLater(ms: number): void {
    checkTimeout(ms, 'ms');
    this.#activity.site ??= recordSite(this.startLater);
    this.#activity.startLater(ms);
  }

  /** Runs the greenlet: calls its function. Override it with a generator, async or plain method. */
  run(...args: any[]): unknown {
    return this.#activity.callFunction(args);
  }

  /** The result. `undefined` before the end, and after a failure. For a killed greenlet, the `GreenletExit`. */
  get value(): T | GreenletExit | undefined {
    return this.#activity.isDead && !this.#activity.hasFailed ? (this.#activity.result as T | GreenletExit) : undefined;
  }

  /** The error; `undefined` before the end, and without a failure. Reading it marks the error as seen. */
  get exception(): unknown {
    if (!this.#activity.hasFailed) return undefined;
    this.#activity.isSeen = true;
    return this.#activity.result;
  }

  /** True if the greenlet has ended, in whatever way. */
  ready(): boolean {
    return this.#activity.isDead;
  }

  /** True if the greenlet has ended without an error. A kill is not an error. */
  successful(): boolean {
    return this.#activity.isDead && !this.#activity.hasFailed;
  }

  /** True if the greenlet was told to start and has not ended. */
  get started(): boolean {
    return this.#activity.isStarted;
  }

  /** True if the greenlet has ended. */
  get dead(): boolean {
    return this.#activity.isDead;
  }

  /** `Greenlet-7`, unless it was given another. */
  get name(): string {
    return this.#name ?? `Greenlet-${this.#id}`;
  }

  set name(name: string) {
    if (typeof name !== 'string') throw new TypeError(expected('name', 'a string', name));
    this.#name = name;
  }

  /**
   * Aborts when it is killed, with the error as the reason. For whatever takes an `AbortSignal`. In a function of `Timeout.run` its own
   * one aborts when that is late, too.
   */
  get signal(): AbortSignal {
    const current = currentActivity();
    return (current.scope === this.#activity ? current : this.#activity).signal;
  }

  /**
   * Waits for its end; gives its value or throws its error. The value of one that was killed is its `GreenletExit`.
   *
   * @throws TimeoutError if that takes longer than `timeout`
   */
  get(options?: number | WaitOptions): Operation<T | GreenletExit> {
    return new Ended<T | GreenletExit>(this.#activity, 'get', options);
  }

  /**
   * Waits for the end of the greenlet. Resolves to `true`, or to `false` after `timeout` milliseconds. The greenlet's error is not thrown.
   */
  join(options?: number | WaitOptions): Operation<boolean> {
    return new Ended<boolean>(this.#activity, 'join', options);
  }

  /**
   * Ends the greenlet: throws the error at its wait, so that its `finally` blocks run, and waits until it has ended. A greenlet that has
   * not begun never begins. The operation that it waited for takes nothing. No error can be thrown into an async function: its `signal` is
   * aborted, its waits for operations of this module are rejected, and the greenlet counts as ended at once. Killing the running greenlet
   * throws the error from this call.
   *
   * @param error default a `GreenletExit`, which becomes its value; with any other it has failed
   * @throws TimeoutError if it lives longer than `timeout`
   *
   * Source: gevent.Greenlet.kill
   */
  kill(error?: unknown, options?: number | WaitOptions): Operation<void> {
    const activity = this.#activity;
    if (activity.isDead) return done;
    if (activity === main) throw new InvalidStateError('the main greenlet stands for the program: it cannot be killed');
    const thrown = toError(error);
    // The caller of `kill` knows the error.
    activity.isSeen = true;
    const isSelf = currentActivity().scope === activity;
    activity.kill(thrown);
    if (isSelf) throw thrown;
    return activity.isDead ? done : new Ended<void>(activity, 'kill', options);
  }

  /**
   * Calls `callback(greenlet)` when it has ended, in a greenlet of its own; at once if it has. An `AsyncResult` takes its outcome.
   *
   * Source: gevent.Greenlet.link
   */
  link(callback: LinkTarget<T>): void {
    this.#activity.watch(new Link(callback, 'always', callOf));
  }

  /** As `link`, if it ends without an error. */
  linkValue(callback: LinkTarget<T>): void {
    this.#activity.watch(new Link(callback, 'value', callOf));
  }

  /** As `link`, if it fails. */
  linkException(callback: LinkTarget<T> | Outcome<never>): void {
    this.#activity.watch(new Link(callback as LinkTarget<T>, 'exception', callOf));
  }

  /** As `link`, called by the loop itself: it must not wait. */
  rawlink(callback: (greenlet: Greenlet<T>) => unknown): void {
    this.#activity.watch(new Link(callback, 'raw', callOf));
  }

  /** Takes a callback away, however often it was linked. From then on it is not called, also if the greenlet has ended. */
  unlink(callback: LinkTarget<T> | Outcome<never>): void {
    for (const link of this.#links()) if (link.target === callback) this.#activity.unwatch(link);
  }

  /** Takes all callbacks away. */
  unlinkAll(): void {
    for (const link of this.#links()) this.#activity.unwatch(link);
  }

  /** True if a callback waits for the end. Source: gevent.Greenlet.has_links */
  get hasLinks(): boolean {
    return this.#links().length > 0;
  }

  #links(): Link[] {
    return this.#activity.watchers.filter((one) => one instanceof Link);
  }

  /** The program may end while the greenlet waits, as with an unreferenced timer of Node. Its wait is then not reported as a deadlock. */
  unref(): this {
    this.#activity.isDaemon = true;
    return this;
  }

  /** Takes `unref` back. */
  ref(): this {
    this.#activity.isDaemon = false;
    return this;
  }

  /** `kill()`, at the end of a `using` block; that does not wait for its end. */
  [Symbol.dispose](): void {
    void this.kill();
  }

  /**
   * Calls `kill()` at the end of an `await using` block, and waits for the end. A block cannot tell whether it ends by an error, so a
   * greenlet that was not awaited is killed. (gevent waits here unless there was an error.) Write `await greenlet` for its value.
   *
   * @example
   * ```ts
   * import { sleep, spawn } from 'heddle/coroutine';
   *
   * {
   *   await using ticker = spawn(function* () {
   *     try {
   *       for (;;) yield* sleep(1);
   *     } finally {
   *       console.log('the ticker has ended');
   *     }
   *   });
   *   await sleep(5);
   *   console.log(ticker.dead); // prints: false
   * }
   * // prints: the ticker has ended
   * ```
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  /** `yield* greenlet` is `yield* greenlet.get()`. */
  [Symbol.iterator](): Iterator<Wait, T | GreenletExit> {
    return this.get()[Symbol.iterator]();
  }

  /** Behaves as `Promise.prototype.then`. */
  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise of its result
  then<A = T | GreenletExit, B = never>(
    onValue?: ((value: T | GreenletExit) => A | PromiseLike<A>) | null,
    onError?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#promise ??= Promise.resolve(this.get());
    return this.#promise.then(onValue, onError);
  }

  /** Behaves as `Promise.prototype.catch`. */
  catch<B = never>(onError?: ((error: any) => B | PromiseLike<B>) | null): Promise<T | GreenletExit | B> {
    return this.then(undefined, onError);
  }

  /** Behaves as `Promise.prototype.finally`. */
  finally(onEnd?: (() => void) | null): Promise<T | GreenletExit> {
    return this.then(undefined, undefined).finally(onEnd);
  }

  /** The name in `Object.prototype.toString`. */
  get [Symbol.toStringTag](): string {
    return 'Greenlet';
  }

  /** Describes the object and its state in one line. */
  toString(): string {
    const { functionName } = this.#activity;
    return `<${this.constructor.name} ${this.name}${functionName === '' ? '' : `: ${functionName}`}>`;
  }
}

/** @param above the function whose caller spawns it */
export function spawnFrom<R>(above: Body, fn: (...args: any[]) => R, args: readonly unknown[]): Greenlet<ResultOf<R>> {
  checkFunction(fn, 'fn');
  const greenlet = new Greenlet<ResultOf<R>>(fn, ...args);
  const activity = activityOf(greenlet);
  activity.site = recordSite(above);
  activity.start();
  return greenlet;
}

export function checkGreenlet(greenlet: unknown): Activity {
  if (greenlet instanceof Greenlet) return activityOf(greenlet);
  throw new TypeError(expected('greenlet', 'a Greenlet', greenlet));
}

/** Converts the argument of `kill`. Python allows a class, too. Any other value is thrown into the greenlet as it is, not at the caller. */
export function toError(error: unknown): unknown {
  if (error === undefined) return exit();
  if (error instanceof Error) return error;
  if (isErrorClass(error)) return new error();
  return new TypeError(expected('error', 'an Error', error), { cause: error });
}

/** The greenlet that calls a callback of another one's end. */
function callOf(callback: (greenlet: any) => unknown, ended: Activity): Activity {
  const activity = activityOf(new Greenlet(callback, ended.greenlet));
  activity.site = recordSite(callOf);
  activity.prepare();
  return activity;
}

/**
 * The greenlet that runs. Outside of all others it is the main one, which stands for the program.
 *
 * Source: gevent.getcurrent
 *
 * @example
 * ```ts
 * import { getCurrent, sleep, spawn } from 'heddle/coroutine';
 *
 * const g = spawn(async function work() {
 *   await sleep(1);
 *   return getCurrent().name;
 * });
 * console.log((await g) === g.name, getCurrent().name); // prints: true main
 * ```
 */
export function getCurrent(): Greenlet<any> {
  return currentActivity().scope.greenlet as Greenlet<any>;
}

/** Greenlets are killed by the thousand: only the caller's frames of the stack are read. */
function exit(): GreenletExit {
  return whileSet('stackTraceLimit', 6, () => new GreenletExit('the greenlet was killed'));
}

const mainGreenlet = new Greenlet<any>();
mainGreenlet.name = 'main';
const main: Activity = activityOf(mainGreenlet);
setMain(main);

/** The greenlet that stands for the program. */
export function getMain(): Greenlet<any> {
  return mainGreenlet;
}
