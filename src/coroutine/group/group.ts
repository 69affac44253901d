/** Greenlets that belong together: counted, waited for and ended as one. Source: gevent.pool.Group */

import { checkBoolean } from '../../check.ts';
import { Done, done, type Operation, readWaitOptions, type WaitOptions } from '../../loop/index.ts';
import { showAsText } from '../../repr.ts';
import type { Activity } from '../task/activity.ts';
import { currentActivity } from '../task/current.ts';
import { Ended } from '../wait/ended.ts';
import { checkGreenlet, type Greenlet, type ResultOf, type Spawnable } from '../task/greenlet.ts';
import { type KillAllOptions, readKill } from '../wait/kill-all.ts';
import { GroupJoin, GroupKill } from './emptied.ts';
import { Admission, Available } from './in-line.ts';
import { GroupMapping, membersOf } from './mapping.ts';
import type { Members } from './members.ts';
import { type AdmissionOptions, admissionKeys, type GroupJoinOptions, joinKeys } from './options.ts';

/**
 * Greenlets that belong together. An ended greenlet leaves the group, so that a group holds running greenlets only.
 *
 * @example
 * ```ts
 * import { Group, sleep } from 'heddle/coroutine';
 *
 * const group = new Group();
 * for (const name of ['a', 'b'])
 *   group.spawn(function* () {
 *     yield* sleep(1);
 *     console.log(name);
 *   });
 * console.log(group.length); // prints: 2
 * await group.join();
 * // prints: a
 * // prints: b
 * console.log(group.length); // prints: 0
 * ```
 */
export class Group extends GroupMapping implements AsyncDisposable {
  /** @throws TypeError if something else than greenlets is given */
  constructor(greenlets: Iterable<Greenlet<any>> = []) {
    super();
    for (const greenlet of greenlets) this.#members.enter(checkGreenlet(greenlet));
  }

  get #members(): Members {
    return membersOf(this);
  }

  /** How many members there are. */
  get length(): number {
    return this.#members.greenlets.size;
  }

  /** `<Group with 2 greenlets>`; of a pool with its size. */
  override toString(): string {
    const { greenlets, capacity, line } = this.#members;
    const bound = capacity === Infinity ? '' : ` of ${capacity}`;
    const waiting = line.length === 0 ? '' : `, ${line.length} in line`;
    return `<${this.constructor.name} with ${greenlets.size}${bound} greenlets${waiting}>`;
  }

  static {
    showAsText(Group);
  }

  /** The members, as they are at any time. */
  get greenlets(): ReadonlySet<Greenlet<any>> {
    return this.#members.greenlets;
  }

  /** The members that the group has killed, and that have not ended. */
  get dying(): ReadonlySet<Greenlet<any>> {
    return this.#members.dying;
  }

  /** True if the greenlet is a member. */
  has(greenlet: Greenlet<any>): boolean {
    return this.#members.greenlets.has(greenlet);
  }

  /** Iterates over the members. */
  [Symbol.iterator](): IterableIterator<Greenlet<any>> {
    return this.#members.greenlets.values();
  }

  /** Makes a greenlet a member until it ends; does not start it. In a full `Pool`, waits for space. */
  add(greenlet: Greenlet<any>, options?: number | AdmissionOptions): Operation<void> {
    return this.#admit(checkGreenlet(greenlet), false, options);
  }

  /** Makes a greenlet a member and starts it. In a full `Pool`, waits for space. */
  start(greenlet: Greenlet<any>, options?: number | AdmissionOptions): Operation<void> {
    return this.#admit(checkGreenlet(greenlet), true, options);
  }

  #admit(one: Activity, starts: boolean, options: number | AdmissionOptions | undefined): Operation<void> {
    const { timeout, signal } = readWaitOptions(options, admissionKeys);
    const { block } = typeof options === 'object' ? options : {};
    checkBoolean(block, 'block');
    if (this.#members.isFull && !this.#members.greenlets.has(one.greenlet as Greenlet<any>))
      return new Admission(this.#members, one, starts, { timeout: block === false ? 0 : timeout, signal });
    this.#members.enter(one);
    if (starts) one.start();
    return done;
  }

  /** Takes a greenlet out; it goes on by itself. */
  discard(greenlet: Greenlet<any>): void {
    this.#members.discard(checkGreenlet(greenlet).greenlet as Greenlet<any>);
  }

  /**
   * Starts a function in a greenlet that is a member. In a full `Pool`, the greenlet is returned at once and waits in line for space. A
   * greenlet that is killed there never begins.
   */
  spawn<A extends unknown[], R>(fn: ((...args: A) => R) & Spawnable<R>, ...args: A): Greenlet<ResultOf<R>> {
    return this.#members.spawn(this.spawn, fn, args);
  }

  /**
   * Waits until the group has no members, waiting greenlets or running maps. Resolves to `true`, or to `false` after `timeout`
   * milliseconds. An `imap` whose results are not consumed is not waited for.
   *
   * @throws what the first failed with that failed meanwhile, when all have ended or the time is over, with `raiseError`
   */
  join(options?: number | GroupJoinOptions): Operation<boolean> {
    const { timeout, signal } = readWaitOptions(options, joinKeys);
    const { raiseError } = typeof options === 'object' ? options : {};
    checkBoolean(raiseError, 'raiseError');
    if (this.#members.isEmpty) return new Done(true);
    return new GroupJoin(this.#members, raiseError ?? false, { timeout, signal });
  }

  /**
   * Ends all members, those in line and all maps, as `killAll` does, and waits until they have ended. Members that are added meanwhile end
   * as well. A member that was already killed and has not ended is not killed again. If the calling greenlet is a member, the error is
   * thrown from this call.
   *
   * @param error what is thrown into each, default one `GreenletExit` for all; it may stand among the options as well
   * @throws TimeoutError if not all end within `timeout`
   */
  kill(options?: number | KillAllOptions): Operation<void>;
  /** The same with an error for all. */
  kill(error: unknown, options?: number | Omit<KillAllOptions, 'error'>): Operation<void>;
  /** As above, with the error to throw into the members. */
  kill(errorOrOptions?: unknown, lastOptions?: number | KillAllOptions): Operation<void> {
    const { thrown, block, ...wait } = readKill(errorOrOptions, lastOptions);
    const members = this.#members;
    const self = currentActivity().scope;
    const isSelf = members.greenlets.has(self.greenlet as Greenlet<any>);
    const killing = new GroupKill(members, thrown);
    members.killAll(thrown, self);
    if (isSelf || !block || members.isEmpty) killing.settle(undefined);
    if (isSelf) {
      members.killOne(self.greenlet as Greenlet<any>, thrown);
      throw thrown;
    }
    return killing.begin(wait);
  }

  /**
   * Ends one member, and waits until it has ended. A greenlet that is not a member, or that the group has killed already, is left alone.
   */
  killOne(greenlet: Greenlet<any>, options?: number | KillAllOptions): Operation<void>;
  /** The same with an error. */
  killOne(greenlet: Greenlet<any>, error: unknown, options?: number | Omit<KillAllOptions, 'error'>): Operation<void>;
  /** As above, with the error to throw into the greenlet. */
  killOne(greenlet: Greenlet<any>, errorOrOptions?: unknown, lastOptions?: number | KillAllOptions): Operation<void> {
    const { thrown, block, ...wait } = readKill(errorOrOptions, lastOptions);
    const one = checkGreenlet(greenlet);
    const { dying, line } = this.#members;
    if (!this.has(greenlet) && one.list !== line) return done;
    if (!dying.has(greenlet)) {
      if (this.has(greenlet)) dying.add(greenlet);
      const operation = greenlet.kill(thrown, block ? wait : undefined);
      return block ? operation : done;
    }
    return block ? new Ended<void>(one, 'kill', wait) : done;
  }

  /** True if the group has no space. */
  full(): boolean {
    return this.#members.isFull;
  }

  /**
   * Waits until there is space, for the first comer. Resolves to `true`, or to `false` after `timeout` milliseconds. A `Group` always has
   * space.
   *
   * Source: gevent.pool.Group.wait_available
   *
   * @example
   * ```ts
   * import { Pool, sleep, spawn } from 'heddle/coroutine';
   *
   * const pool = new Pool(3);
   * await spawn(function* () {
   *   for (let i = 0; i < 100; i += 1) {
   *     yield* pool.waitAvailable(); // no more than are needed are made
   *     pool.spawn(sleep, 0);
   *   }
   *   yield* pool.join();
   * });
   * ```
   */
  waitAvailable(options?: number | WaitOptions): Operation<boolean> {
    readWaitOptions(options);
    return this.#members.isFull ? new Available(this.#members, options) : new Done(true);
  }

  /** Calls `kill()` at the end of an `await using` block. Join greenlets before it to wait for them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
