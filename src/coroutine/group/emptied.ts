/** Waiting until a group is empty: its `join` and `kill`. */

import { TimeoutError } from '../../errors.ts';
import { Pending, type WaitOptions } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import type { Members } from './members.ts';

/** The most members that a description names. */
const NAMED = 3;

abstract class Emptied<T> extends Pending<T> {
  protected readonly members: Members;

  constructor(members: Members) {
    super();
    this.members = members;
  }

  describe(): string {
    const { greenlets, line, title } = this.members;
    if (greenlets.size === 0) return `the end of a map in ${title}`;
    const names = [...greenlets].slice(0, NAMED).map((one) => one.name);
    const more = greenlets.size + line.length - names.length;
    return `the end of ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''} in ${title}`;
  }

  /** Called when no member is left. */
  abstract empty(): void;
}

export class GroupJoin extends Emptied<boolean> {
  readonly #raisesError: boolean;
  /** Of the first that failed. */
  #failure: { readonly error: unknown } | undefined;

  constructor(members: Members, raisesError: boolean, options: WaitOptions) {
    super(members);
    this.#raisesError = raisesError;
    members.joins.push(this);
    this.limit(options);
  }

  failed(activity: Activity): void {
    if (!this.#raisesError || this.#failure !== undefined) return;
    activity.isSeen = true;
    this.#failure = { error: activity.result };
  }

  empty(): void {
    this.#end(true);
  }

  override expire(): void {
    this.#end(false);
  }

  #end(isEmpty: boolean): void {
    if (this.#failure === undefined) this.settle(isEmpty);
    else this.fail(this.#failure.error);
  }
}

export class GroupKill extends Emptied<void> {
  readonly error: unknown;

  constructor(members: Members, error: unknown) {
    super(members);
    this.error = error;
    members.kills.push(this);
  }

  /** After the killing, so that no time-out keeps it from that. */
  begin(options: WaitOptions): this {
    this.limit(options);
    return this;
  }

  empty(): void {
    this.settle(undefined);
  }

  override expire(): void {
    this.reject(new TimeoutError(`after the time that kill() was given, it still waits for ${this.describe()}`));
  }
}
