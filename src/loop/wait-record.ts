/**
 * The state of a wait, whatever its kind: its progress, its waiters, and its places in a list and among the timers.
 *
 *   Pending (of some kind: a sleep, a get, a lock, …) ◀──▶ WaitRecord (of one kind) ◀──▶ lists, timers, `yield*`
 *
 * The record is separate from the operation because of V8: property access is fast for up to four shapes of objects, and there are dozens
 * of kinds of waits. Work done for every wait uses records. Kinds are asked only for their differences.
 */

import { InvalidStateError } from '../errors.ts';
import type { Pending } from './operation.ts';
import { currentOwner, type Owner } from './owner.ts';
import type { Actor } from './ready.ts';
import { ask, type Wait } from './step.ts';
import { removeTimer, type Timed } from './timers.ts';
import type { ListNode, WaitList } from './wait-list.ts';

/** The operation is pending. */
export const PENDING = 0;
/** The operation is over, with a value. */
export const DONE = 1;
/** The operation is over, with an error. */
export const FAILED = 2;
/** The last waiter has left; the operation takes nothing. */
export const LEFT = 3;
type State = typeof PENDING | typeof DONE | typeof FAILED | typeof LEFT;

/** Is told when what it waits for is over. */
export interface Waiter {
  /** The actor that resumes then. */
  readonly whose?: Actor | undefined;
  /** @param isNow the waiter stood in a wait list itself and resumes at once, without queueing again */
  wake(operation: Pending<any>, isNow: boolean): void;
}

export class WaitRecord implements Timed, ListNode {
  /** The operation. */
  readonly listed: Pending<any>;
  state: State = PENDING;
  result: unknown = undefined;
  waiters: Waiter | Waiter[] | undefined = undefined;
  promise: Promise<any> | undefined = undefined;
  /** The async greenlet in which the operation was begun, if any. */
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

  /** Removes the operation from its list. Neither a timeout nor a signal ends it after that. */
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

  /** Called when the timeout is over. */
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
        throw new InvalidStateError(`${this.listed.describe()} was given up: it had no waiter left`);
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
