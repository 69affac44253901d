/**
 * A function that is called with each item of a source, in greenlets of a group.
 *
 *   source ──▶ [pull: is there room for the result? a slot in the group?] ──▶ a greenlet for each ──▶ what comes of it
 *
 * Pulling is a greenlet itself. The source's code thus runs in the context of the caller that began the map, and can be killed at its wait.
 */

import { CancelledError } from '../../errors.ts';
import { type Listed, type ListNode, living, type Operation, type Wait, WaitList } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import type { Watcher } from '../task/watchers.ts';
import { activityOf, type Body, Greenlet, toError } from '../task/greenlet.ts';
import { sleep } from '../wait/sleep.ts';
import { recordSite, type SpawnSite } from '../task/spawn-site.ts';
import { cancel } from '../task/interruption.ts';
import type { Members, Run } from './members.ts';
import type { Args, Source, Taken } from './source.ts';

/** The number of items that are pulled at once before other greenlets have their turn. */
const AT_ONCE = 256;

/** One call of the map. Also watches the greenlet for the group. */
export class Item implements Watcher, Listed, ListNode {
  readonly #run: MapRun;
  readonly activity: Activity;
  /** The index in the source. */
  readonly index: number;
  list: WaitList<any> | undefined = undefined;
  before: ListNode | undefined = undefined;
  after: ListNode | undefined = undefined;

  constructor(run: MapRun, activity: Activity, index: number) {
    this.#run = run;
    this.activity = activity;
    this.index = index;
  }

  get node(): this {
    return this;
  }

  get listed(): this {
    return this;
  }

  get seesErrors(): boolean {
    return true;
  }

  ended(activity: Activity): void {
    this.#run.running.remove(this);
    this.#run.itemEnded(this);
    this.#run.members.ended(activity);
  }

  /** The error, if there is no result. */
  get failure(): { readonly error: unknown } | undefined {
    const { hasFailed, hasExited, result } = this.activity;
    if (hasFailed) return { error: result };
    return hasExited ? { error: cancelled(result) } : undefined;
  }
}

/** Makes the error of a killed call, in place of a result. */
export function cancelled(exit: unknown): CancelledError {
  return new CancelledError('the greenlet of the call was killed', { cause: exit });
}

export abstract class MapRun implements Run, Watcher {
  readonly members: Members;
  readonly running: WaitList<Item> = new WaitList();
  readonly greenlet: Greenlet<any>;
  readonly #fn: Body;
  readonly #source: Source;
  readonly #site: SpawnSite | undefined;
  #count = 0;
  #isBusy = false;
  /** Of the source. */
  protected failure: { readonly error: unknown } | undefined = undefined;

  /** @param above the function whose caller begins the map */
  constructor(members: Members, fn: Body, source: Source, above: Body) {
    this.members = members;
    this.#fn = fn;
    this.#source = source;
    this.#site = recordSite(above);
    this.greenlet = new Greenlet(map, this);
    const activity = activityOf(this.greenlet);
    activity.site = this.#site;
  }

  /** Begins synchronously: a kill cannot come between the start and the closing of the source. */
  begin(): this {
    const { members } = this;
    const activity = activityOf(this.greenlet);
    members.runs.add(this);
    this.#setBusy(true);
    activity.watch(this);
    living.push(activity);
    activity.enter();
    return this;
  }

  get seesErrors(): boolean {
    return false;
  }

  /** Called when its greenlet has ended. */
  ended(_activity: Activity): void {
    this.members.runs.delete(this);
    this.#setBusy(false);
  }

  /** Stops the map. The map counts as busy until its source is closed. */
  stop(error: unknown): void {
    if (this.greenlet.dead) return;
    this.#setBusy(true);
    cancel(activityOf(this.greenlet), error);
  }

  killRunning(): void {
    const exit = toError(undefined);
    // A killed activity leaves the list during the loop.
    const activities = Array.from(this.running, ({ activity }) => activity);
    for (const activity of activities) cancel(activity, exit);
  }

  abstract work(): Generator<Wait, unknown>;

  /** A call was begun. */
  protected abstract itemBegun(item: Item): void;
  abstract itemEnded(item: Item): void;

  /** The operation to wait for before the next item is taken; undefined if there is space for its result. */
  protected abstract room(): Operation<void> | undefined;

  /** Pulls all items. An error of the source is kept; only a kill is thrown from here. */
  protected *pull(): Generator<Wait, void> {
    const { signal } = this.greenlet;
    // A kill of the group also ends greenlets that are added meanwhile.
    const killing = this.members.kills.first;
    try {
      if (killing !== undefined) throw killing.error;
      for (;;) {
        const room = this.room();
        if (room !== undefined) yield* this.#waitForTaker(room);
        const slot = this.members.reserve();
        if (slot !== undefined) yield* slot;
        let args = this.#take();
        if (!isThere(args)) args = yield* this.#wait(args);
        if (args === undefined) return;
        this.#begin(args);
        if (this.#count % AT_ONCE === 0) yield* sleep();
      }
    } catch (error) {
      if (signal.aborted || killing !== undefined) throw error;
      this.failure = { error };
    } finally {
      yield* this.#close();
    }
  }

  /** With a slot, which is kept if there is an item at once. */
  #take(): Taken {
    let args: Taken;
    try {
      args = this.#source.next();
      return args;
    } finally {
      if (args === undefined || !isThere(args)) this.members.release();
    }
  }

  /** The slot is not kept from others while the source is waited for. */
  *#wait(coming: Exclude<Taken, Args | undefined>): Generator<Wait, Args | undefined> {
    const args = yield* coming;
    const slot = args === undefined ? undefined : this.members.reserve();
    if (slot !== undefined) yield* slot;
    return args;
  }

  *#close(): Generator<Wait, void> {
    try {
      yield* this.#source.close();
    } catch (error) {
      this.failure ??= { error };
    }
  }

  /** `join` does not wait for the map meanwhile, as the map waits for its consumer. */
  *#waitForTaker(room: Operation<void>): Generator<Wait, void> {
    this.#setBusy(false);
    try {
      yield* room;
    } finally {
      this.#setBusy(true);
    }
  }

  #setBusy(isBusy: boolean): void {
    if (isBusy === this.#isBusy) return;
    this.#isBusy = isBusy;
    if (isBusy) this.members.busy();
    else this.members.idle();
  }

  #begin(args: Args): void {
    const activity = activityOf(new Greenlet(this.#fn, ...args));
    activity.site = this.#site;
    const item = new Item(this, activity, this.#count);
    this.#count += 1;
    this.running.push(item);
    this.itemBegun(item);
    this.members.enterReserved(activity, item);
  }
}

function isThere(taken: Taken): taken is Args | undefined {
  return taken === undefined || Array.isArray(taken);
}

function* map(run: MapRun): Generator<Wait, unknown> {
  return yield* run.work();
}
