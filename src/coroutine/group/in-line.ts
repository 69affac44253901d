/** The waiters for space in a pool, in one line with the greenlets that were spawned. */

import { Full } from '../../errors.ts';
import { Pending, type WaitOptions } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import type { Members } from './members.ts';

/**
 * Thrown when a pool had no space within the given time.
 *
 * Source: gevent.pool.PoolFull
 */
export class PoolFull extends Full {
  /** The stable code of this class: `ERR_HEDDLE_POOL_FULL`. */
  static override readonly code: string = 'ERR_HEDDLE_POOL_FULL';
}

export abstract class InLine<T> extends Pending<T> {
  protected readonly members: Members;

  constructor(members: Members) {
    super();
    this.members = members;
    members.line.push(this);
  }

  describe(): string {
    return `room in ${this.members.title}`;
  }

  /** Called when there is space, in order of arrival. */
  abstract admit(): void;
}

/** `add` and `start`. */
export class Admission extends InLine<void> {
  readonly #activity: Activity;
  readonly #starts: boolean;

  constructor(members: Members, activity: Activity, starts: boolean, options: WaitOptions) {
    super(members);
    this.#activity = activity;
    this.#starts = starts;
    this.limit(options);
  }

  admit(): void {
    this.members.enter(this.#activity);
    if (this.#starts) this.#activity.start();
    this.settle();
  }

  override settle(): void {
    super.settle(undefined);
  }

  override expire(): void {
    this.reject(new PoolFull(`${this.members.title} has no room for ${this.#activity.greenlet.name}`));
  }
}

/** `waitAvailable`. */
export class Available extends InLine<boolean> {
  constructor(members: Members, options: number | WaitOptions | undefined) {
    super(members);
    this.limit(options);
  }

  admit(): void {
    this.settle(true);
  }

  override expire(): void {
    this.settle(false);
  }
}

/** A map that would take its next item. */
export class Reservation extends InLine<void> {
  admit(): void {
    this.members.take();
    this.settle(undefined);
  }

  protected override giveBack(): void {
    this.members.release();
  }
}
