/**
 * The async waiters of one thread for one object. They are ordered here and share one entry in the object's line, which has the ticket of
 * the first of them. A thousand of them are therefore one waiter for other threads. A release by one is taken by the next of the same
 * thread without a doorbell.
 */

import { type Listed, WaitList } from '../../loop/index.ts';
import { type AsyncWait, theAgent, type Waiter } from '../../memory/index.ts';
import type { Acquirable } from './acquirable.ts';
import { isThoroughProbe } from './death-watch.ts';

/** A waiter of this thread that does not block the thread. */
export interface Claim extends Listed {
  /** In whose name. */
  readonly taker: object | undefined;
  /** True if the object must be released when this thread dies. */
  readonly isHeld: boolean;
  ticket: number;
  since: number;
  /** Called when the object was acquired for this claim. */
  granted(): void;
  /** Called when the object was acquired, with an error to report. An object that is held was released again. */
  refused(error: Error): void;
}

export class AsyncLine implements AsyncWait {
  readonly of: Acquirable;
  readonly #list: WaitList<Claim> = new WaitList();
  #waiter: Waiter | undefined;
  #probes = 0;

  constructor(of: Acquirable) {
    this.of = of;
  }

  get length(): number {
    return this.#list.length;
  }

  add(one: Claim): void {
    const { line } = this.of;
    one.ticket = line.takeTicket();
    one.since = theAgent().memory.now();
    if (this.#waiter !== undefined) return this.#list.push(one);
    this.#waiter = line.joinAsync(this, 0, one.ticket, one.since);
    this.#list.push(one);
    // The object may have been released before this thread joined the line.
    this.step();
  }

  /** One has given up. */
  left(): void {
    if (this.#waiter === undefined) return;
    if (this.#list.length === 0) this.#leave(this.#waiter);
    else this.#renew(this.#waiter);
  }

  step(): void {
    const { of } = this;
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    waiter.again();
    of.line.announce();
    for (let first = this.#list.first; first !== undefined && of.takeInLine(waiter, first.isHeld); first = this.#list.first)
      this.#grant(waiter);
  }

  probe(): void {
    this.#probes += 1;
    const isThorough = isThoroughProbe(this.#probes);
    this.of.line.reap(isThorough);
    this.step();
    const waiter = this.#waiter;
    const first = this.#list.first;
    if (waiter !== undefined && first !== undefined && this.of.takeFromDead(first.isHeld, isThorough)) this.#grant(waiter);
  }

  pass(): void {
    if (this.#waiter?.again() === true) this.of.passOn();
  }

  /** Called when the object was acquired for the first claim of this thread. */
  #grant(waiter: Waiter): void {
    const first = this.#list.shift()!;
    if (this.#list.length === 0) this.#leave(waiter);
    else this.#renew(waiter);
    this.of.takenBy(first.taker);
    const error = this.of.errorOfTaking();
    if (error === undefined) return first.granted();
    if (first.isHeld) this.of.drop(true, first.taker);
    first.refused(error);
  }

  #leave(waiter: Waiter): void {
    this.#waiter = undefined;
    waiter.free();
    theAgent().waits.delete(this);
    this.of.passOn();
  }

  /** The next of ours is in line in its place. */
  #renew(waiter: Waiter): void {
    const { ticket, since } = this.#list.first!;
    if (waiter.ticket === ticket) return;
    waiter.renew(ticket, since);
    waiter.again();
    this.of.passOn();
  }
}
