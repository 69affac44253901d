/**
 * The greenlets in a group, and the waiters for space in it. A `Group` has no limit; a `Pool` has `size` places.
 *
 *                    no room                     room
 *   spawn, start, add ──────▶ [ line, in order ] ─────▶ members ──ended──▶ out: the next in line has room
 *   map, imap (to take the next item) ─▲
 */

import { type Operation, WaitList } from '../../loop/index.ts';
import { Activity } from '../task/activity.ts';
import type { Watcher } from '../task/watchers.ts';
import { activityOf, type Body, Greenlet } from '../task/greenlet.ts';
import { recordSite } from '../task/spawn-site.ts';
import type { GroupJoin, GroupKill } from './emptied.ts';
import { type InLine, Reservation } from './in-line.ts';

/** A map that goes on by itself: `map`, `imap`. */
export interface Run {
  stop(error: unknown): void;
}

export class Members implements Watcher {
  readonly seesErrors: boolean = false;
  readonly greenlets: Set<Greenlet<any>> = new Set();
  /** Killed by the group, and not ended. */
  readonly dying: Set<Greenlet<any>> = new Set();
  readonly line: WaitList<Activity | InLine<any>> = new WaitList();
  /** The waiters for the end of all members. */
  readonly joins: WaitList<GroupJoin> = new WaitList();
  /** The same, and ends whatever is in it or comes. */
  readonly kills: WaitList<GroupKill> = new WaitList();
  readonly runs: Set<Run> = new Set();
  /** For people. */
  title = 'a Group';
  capacity: number = Infinity;
  /** Slots that were given, and whose greenlets come in a moment. */
  #reserved = 0;
  /** Runs that will bring more greenlets without being asked. */
  #busy = 0;

  get isFull(): boolean {
    return this.greenlets.size + this.#reserved >= this.capacity;
  }

  get free(): number {
    return Math.max(this.capacity - this.greenlets.size - this.#reserved, 0);
  }

  /** Nothing is in it, and nothing will come by itself. */
  get isEmpty(): boolean {
    return this.greenlets.size + this.line.length + this.#busy === 0;
  }

  /** Spawns a greenlet that begins as soon as there is space. @param above the function whose caller spawns it */
  spawn<R>(above: Body, fn: Body, args: readonly unknown[]): Greenlet<R> {
    const greenlet = new Greenlet<R>(fn, ...args);
    const activity = activityOf(greenlet);
    activity.site = recordSite(above);
    if (this.isFull) activity.standIn(this.line);
    else {
      this.enter(activity);
      activity.start();
    }
    return greenlet;
  }

  /**
   * Makes an activity a member, even if there is no space.
   *
   * @param watcher is told of its end, and tells us
   */
  enter(activity: Activity, watcher: Watcher = this): void {
    const greenlet = activity.greenlet as Greenlet<any>;
    if (this.greenlets.has(greenlet)) return;
    this.greenlets.add(greenlet);
    activity.watch(watcher);
    if (this.kills.length > 0) this.killOne(greenlet, this.kills.first!.error);
  }

  discard(greenlet: Greenlet<any>): void {
    const activity = activityOf(greenlet);
    if (this.greenlets.delete(greenlet)) activity.unwatch(this);
    else if (activity.list === this.line) activity.leaveLine();
    else return;
    this.dying.delete(greenlet);
    this.#left();
  }

  ended(activity: Activity): void {
    const greenlet = activity.greenlet as Greenlet<any>;
    if (!this.greenlets.delete(greenlet)) return;
    if (this.dying.size > 0) this.dying.delete(greenlet);
    if (activity.hasFailed && this.joins.length > 0) for (const join of this.joins) join.failed(activity);
    this.#left();
  }

  /** A slot for a moment, in which a greenlet enters or it is released; undefined if there is one at once. */
  reserve(): Operation<void> | undefined {
    if (this.isFull) return new Reservation(this);
    this.#reserved += 1;
    return undefined;
  }

  take(): void {
    this.#reserved += 1;
  }

  /** The slot is for another. */
  release(): void {
    this.#reserved -= 1;
    this.#left();
  }

  /** A greenlet takes the slot that was reserved for it. */
  enterReserved(activity: Activity, watcher: Watcher): void {
    this.#reserved -= 1;
    this.enter(activity, watcher);
    activity.start();
  }

  busy(): void {
    this.#busy += 1;
  }

  idle(): void {
    this.#busy -= 1;
    this.#left();
  }

  /** Ends all members but one, which the caller ends. None of those in line begins meanwhile. */
  killAll(error: unknown, except: Activity): void {
    for (const run of this.runs) run.stop(error);
    for (const one of this.line) {
      if (one instanceof Activity) {
        one.isSeen = true;
        one.kill(error);
      }
    }
    for (const greenlet of this.greenlets) if (activityOf(greenlet) !== except) this.killOne(greenlet, error);
  }

  /** One whose `finally` waits, or that does not end, is not told twice. */
  killOne(greenlet: Greenlet<any>, error: unknown): void {
    if (!this.greenlets.has(greenlet) || this.dying.has(greenlet)) return;
    this.dying.add(greenlet);
    const activity = activityOf(greenlet);
    activity.isSeen = true;
    activity.kill(error);
    if (activity.isDead) this.dying.delete(greenlet);
  }

  /** Called when a member has ended: admits the first in line, and completes joins if the group is empty. */
  #left(): void {
    while (this.line.length > 0 && !this.isFull) {
      const first = this.line.shift()!;
      if (first instanceof Activity) this.enter(first);
      first.admit();
    }
    if (this.joins.length + this.kills.length === 0 || !this.isEmpty) return;
    while (this.kills.length > 0) this.kills.first!.empty();
    while (this.joins.length > 0) this.joins.first!.empty();
  }
}
