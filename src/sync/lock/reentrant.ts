/**
 * The state of an `RLock`: that of a lock, owned by a thread. The owning scope of that thread, and the depth, are private to the thread.
 */

import { InvalidStateError } from '../../errors.ts';
import { currentScope, isInside } from '../../loop/index.ts';
import { Owned, type Taken } from './owned.ts';

export class Reentrant extends Owned {
  /** The owning scope, while this thread owns the lock. */
  #scope: object | undefined;
  /**
   * The number of acquisitions; 0 while this thread does not own the lock. No other thread can release it, so the shared word need not be
   * read.
   */
  #depth = 0;

  /** Takes it if it is free, or the asking scope's already. */
  enter(): boolean {
    if (this.#depth > 0) return this.takeAgain();
    if (!this.takeFree()) return false;
    this.takenBy(currentScope());
    return true;
  }

  /** Releases the lock once. @throws InvalidStateError if the caller does not own it */
  leave(): void {
    if (!this.isHeldHere) throw this.#notTheirs();
    this.#leaveOnce();
  }

  /** As `leave`, in the name in which it was taken. */
  override drop(_isHeld: boolean, taker?: object): void {
    if (this.#depth === 0 || this.#scope !== taker) throw this.#notTheirs();
    this.#leaveOnce();
  }

  #leaveOnce(): void {
    this.#depth -= 1;
    if (this.#depth > 0) return;
    this.#scope = undefined;
    super.drop();
  }

  #notTheirs(): InvalidStateError {
    return new InvalidStateError(`release() of an RLock by another scope than that which has it: ${this.describe()}`);
  }

  override dropAll(): Taken {
    const taken = { taker: this.#scope, depth: this.#depth };
    this.#depth = 0;
    this.#scope = undefined;
    super.drop();
    return taken;
  }

  override restore({ taker, depth }: Taken): void {
    this.#scope = taker;
    this.#depth = depth;
  }

  override get taker(): object {
    return currentScope();
  }

  override get holder(): object | undefined {
    return this.#scope;
  }

  override takenBy(taker: object | undefined): void {
    this.#scope = taker;
    this.#depth = 1;
  }

  override get isHeldHere(): boolean {
    return this.#depth > 0 && isInside(this.#scope!);
  }

  override takeAgain(): boolean {
    if (!this.isHeldHere) return false;
    this.#depth += 1;
    return true;
  }

  override describe(): string {
    const times = this.#depth > 1 ? `, ${this.#depth} times` : '';
    return `${super.describe()}${times}`;
  }
}
