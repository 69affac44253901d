/**
 * What is known of a wait, whatever its kind: how far it is, who waits for it, and its places in a list and among the timers.
 *
 *   Pending (of some kind: a sleep, a get, a lock, …) ◀──▶ WaitRecord (of one kind) ◀──▶ lists, timers, `yield*`
 *
 * Apart from the operation, because V8 looks up the fields of up to four shapes of objects fast, and there are dozens of kinds of waits.
 * So all that is done for each wait is done with records; kinds are asked for what makes them different.
 */

import { InvalidStateError } from '../errors.ts';
import type { Pending } from './operation.ts';
import { currentOwner, type Owner } from './owner.ts';
import type { Actor } from './ready.ts';
import { ask, type Wait } from './step.ts';
import { removeTimer, type Timed } from './timers.ts';
import type { ListNode, WaitList } from './wait-list.ts';

/** It waits. */
export const PENDING = 0;
/** It is over, with a value. */
export const DONE = 1;
/** It is over, with an error. */
export const FAILED = 2;
/** Nobody waits for it any more; it takes nothing. */
export const LEFT = 3;
type State = typeof PENDING | typeof DONE | typeof FAILED | typeof LEFT;

/** Is told when what it waits for is over. */
export interface Waiter {
  /** Who goes on then. */
  readonly whose?: Actor | undefined;
  /** @param isNow who was in line for it goes on here and now: it is its turn */
  wake(operation: Pending<any>, isNow: boolean): void;
}

export class WaitRecord implements Timed, ListNode {
  /** The operation. */
  readonly listed: Pending<any>;
  state: State = PENDING;
  result: unknown = undefined;
  waiters: Waiter | Waiter[] | undefined = undefined;
  promise: Promise<any> | undefined = undefined;
  /** In whom it was begun, if that lived. */
  readonly owner: Owner | undefined;
  stopListening: (() => void) | undefined = undefined;
  at = 0;
  place = -1;
  seq = 0;
  list: WaitList<any> | undefined = undefined;
  before: ListNode | undefined = undefined;
  after: ListNode | undefined = undefined;

  constructor(operation: Pending<any>) {
    this.listed = operation;
    const owner = currentOwner();
    this.owner = owner?.ending === undefined ? owner : undefined;
  }

  end(state: State, result: unknown, isNow: boolean): void {
    this.detach();
    this.state = state;
    this.result = result;
    const { waiters } = this;
    if (waiters === undefined) return;
    if (Array.isArray(waiters)) for (const waiter of waiters) waiter.wake(this.listed, isNow);
    else waiters.wake(this.listed, isNow);
  }

  /** It is in no list any more, and neither a time nor a signal ends it. */
  detach(): void {
    if (this.place !== -1) removeTimer(this);
    if (this.list !== undefined) this.list.unlink(this);
    if (this.stopListening !== undefined) this.stopListening();
    this.stopListening = undefined;
  }

  addWaiter(waiter: Waiter): void {
    if (this.waiters === undefined || this.waiters === waiter) this.waiters = waiter;
    else if (Array.isArray(this.waiters)) this.waiters.push(waiter);
    else this.waiters = [this.waiters, waiter];
  }

  /** Its time is over. */
  expire(): void {
    this.listed.expire();
  }

  // For `yield*`.

  next(): IteratorResult<Wait> {
    switch (this.state) {
      case DONE:
        return { done: true, value: this.result };
      case FAILED:
        this.promise?.catch(ignore);
        throw this.result;
      case LEFT:
        throw new InvalidStateError(`${this.listed.describe()} was given up: nobody waited for it`);
      default:
        return ask(this.listed);
    }
  }

  throw(error: unknown): IteratorResult<Wait> {
    return this.listed.thrownOut(error);
  }

  return(value?: any): IteratorReturnResult<any> {
    return { done: true, value };
  }
}

const ignore = (): void => {};
