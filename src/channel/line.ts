/**
 * The waits in one of the lines of a queue: for an item, for room, or for the end of all tasks. A waiting thread joins the line, looks, and
 * sleeps. The async waits of one thread share one entry in the line, and are ordered here (as in `AsyncLine` of the locks).
 *
 *    wait:   try ─▶ look ─▶ in line ─▶ try ─▶ sleep ◀── called ── the first in line, by the thread that has made it possible
 *                     │                 └──▶ done: out of line, and the next is called if there is more
 *                     └──▶ try, without having been in line: nothing had to call
 *
 * A waiter that was called in vain, and has waited for more than a millisecond, reserves what comes next (of an item, say). Newcomers then
 * join the line behind it without a try, for two milliseconds at most. A slow waiter thus has its turn, and one that stands still delays
 * the others once.
 *
 * Nothing is handed over: a waiter that is called tries for itself. So a waiter that dies takes nothing with it.
 */

import { enterOutside, leaveOutside, type Listed, WaitList } from '../loop/index.ts';
import { type AsyncWait, blockThread, type Deadline, Look, Nap, theAgent, type Waiter, type WaitQueue } from '../memory/index.ts';
import { isThoroughProbe, looksInSlice } from '../sync/index.ts';

/** An async wait of this thread. */
export interface Claim extends Listed {
  ticket: number;
  since: number;
  /** Does what it waits for, and ends, if that is possible now; false: it waits on. */
  attempt(): boolean;
  /** Ends it with an error. */
  reject(error: unknown): void;
}

/** The purpose of a line. */
export interface LineOf {
  /** The line; made if no thread has ever waited there. @throws HeddleError if the heap is full */
  queue(): WaitQueue;
  /** True if a thread in line can now do what it waits for. */
  isPossible(): boolean;
  /** A guess at the same, without a lock: what a thread looks at before it sleeps. Absent: threads of this line sleep at once. */
  mayBePossible?(): boolean;
  /** A count of what threads of this line have done, of 32 bits. */
  done?(): number;
  /** No async wait of this thread is left. */
  emptied?(): void;
  /** Looks after dead threads, beyond the line itself. */
  reap?(isThorough: boolean): void;
  /** The reservation for a waiter that has waited long. Absent: the quickest thread has it. */
  readonly reservation?: Reservation;
}

export interface Reservation {
  readonly isReserved: boolean;
  reserve(is: boolean): void;
}

/** Milliseconds after which a waiter is overdue that was called in vain. */
const overdueAfter = 1;
/** Milliseconds for which a thread that comes newly leaves what comes to one that is. */
const longestPolite = 2;

export class Line implements AsyncWait {
  readonly #of: LineOf;
  readonly #list: WaitList<Claim> = new WaitList();
  #waiter: Waiter | undefined;
  readonly #look: { readonly sync: Look; readonly async: Look; readonly nap: Nap; readonly at: () => boolean } | undefined;
  /** Ends the looking of the async waits; undefined: they do not look now. */
  #endLook: (() => void) | undefined;
  #probes = 0;
  /** A claim is being tried: user code that it runs may come here again. */
  #isStepping = false;

  constructor(of: LineOf) {
    this.#of = of;
    // Under the model each look would be a step.
    if (of.mayBePossible !== undefined && theAgent().memory.kind !== 'model')
      this.#look = { sync: new Look(), async: new Look(), nap: new Nap(), at: () => of.mayBePossible!() };
  }

  /** Async waits of this thread. */
  get length(): number {
    return this.#list.length;
  }

  get claims(): Iterable<Claim> {
    return this.#list;
  }

  /**
   * Blocks this thread until `attempt` gives something; undefined after the deadline.
   *
   * @throws what `attempt` throws
   */
  waitSync<R>(attempt: () => R | undefined, deadline: Deadline): R | undefined {
    const queue = this.#of.queue();
    if (!this.#isReserved && this.#mayHelp(queue)) {
      const found = attempt();
      if (found !== undefined) return found;
    }
    const waiter = queue.join(false);
    try {
      return blockThread(() => this.#sleep(queue, waiter, attempt, deadline));
    } finally {
      this.#endReservation();
      waiter.free();
      this.passOn();
    }
  }

  /** Looks, or naps. False: neither has helped. */
  #mayHelp(queue: WaitQueue): boolean {
    const look = this.#look;
    if (look === undefined) return false;
    if (look.sync.until(look.at)) return true;
    if (!look.nap.isDue(this.#of.done?.() ?? 0)) return false;
    queue.nap();
    return look.at();
  }

  #sleep<R>(queue: WaitQueue, waiter: Waiter, attempt: () => R | undefined, deadline: Deadline): R | undefined {
    if (this.#isReserved && queue.first() !== waiter) this.#letOthers(queue, waiter, deadline);
    let isCalled = false;
    for (let slices = 0; ; ) {
      const got = attempt();
      if (got !== undefined) return got;
      if (isCalled) this.#reserveIfOverdue(waiter);
      const left = deadline.left();
      if (left === 0) return undefined;
      waiter.sleep(left);
      isCalled = waiter.isCalled;
      if (isCalled) {
        // Mostly that is all. As long as it has not said that it sleeps again, it leaves as one that was called: others are seen to then.
        const taken = attempt();
        if (taken !== undefined) return taken;
        waiter.again();
        // ORDER: asleep again, said so, and then the next try; pairs with the thread that makes it possible and then looks at the line.
        queue.announce();
      } else {
        slices += 1;
        if (!looksInSlice(slices)) continue;
        queue.reap(true);
        this.#of.reap?.(true);
      }
    }
  }

  get #isReserved(): boolean {
    return this.#of.reservation?.isReserved === true;
  }

  #endReservation(): void {
    if (this.#isReserved) this.#of.reservation!.reserve(false);
  }

  /** After a call in vain. */
  #reserveIfOverdue(waiter: Waiter): void {
    const { reservation } = this.#of;
    if (reservation !== undefined && waiter.age(theAgent().memory.now()) > overdueAfter) reservation.reserve(true);
  }

  /** Leaves what comes to those in line, until this thread is called. */
  #letOthers(queue: WaitQueue, waiter: Waiter, deadline: Deadline): void {
    waiter.sleep(Math.min(deadline.left(), longestPolite));
    // ORDER: as in `#sleep`.
    if (waiter.again()) queue.announce();
    else this.#endReservation();
  }

  /** A thread has left the line, with or without: the next may have relied on being called by it. */
  passOn(): void {
    const queue = this.#of.queue();
    if (queue.first() === undefined) return;
    // ORDER: said before looking; pairs with the thread that makes it possible and then looks at the line.
    queue.announce();
    if (this.#of.isPossible()) queue.callFirst();
  }

  /** @param mayLook false: it must be known at once whether it is possible */
  add(one: Claim, mayLook: boolean): void {
    const queue = this.#of.queue();
    one.ticket = queue.takeTicket();
    one.since = theAgent().memory.now();
    const stoodBefore = this.#waiter !== undefined;
    const isReserved = !stoodBefore && this.#isReserved;
    if (this.#look === undefined || !mayLook || isReserved) this.#stand(this.#list.first ?? one);
    this.#list.push(one);
    // ORDER: in line, then the look whether it is still reserved; pairs with the one that ends it and then looks at the line.
    if (isReserved && this.#isReserved && queue.first() !== this.#waiter) return;
    if (this.#waiter !== undefined) {
      // The operation may have become possible before the thread joined the line.
      if (!stoodBefore || this.#list.length === 1) this.step();
    } else if (this.#endLook === undefined) this.#lookFirst();
  }

  /** Stands in line for the first of them. */
  #stand({ ticket, since }: Claim): void {
    if (this.#waiter !== undefined) return;
    this.#endLook?.();
    this.#waiter = this.#of.queue().joinAsync(this, 0, ticket, since);
  }

  #lookFirst(): void {
    const { async: look, at } = this.#look!;
    let hasEnded = false;
    enterOutside();
    const takeBack = look.fromLoop(at, (isFound) => {
      hasEnded = true;
      this.#endLook = undefined;
      leaveOutside();
      if (!isFound || !this.tryAll()) this.#standLate();
      else this.#leave();
    });
    if (hasEnded) return;
    this.#endLook = () => {
      this.#endLook = undefined;
      leaveOutside();
      takeBack();
    };
  }

  /** After looking. */
  #standLate(): void {
    const { first } = this.#list;
    // The wait may be in line by now: user code has waited here while earlier ones were tried.
    if (first === undefined || this.#waiter !== undefined) return;
    try {
      this.#stand(first);
    } catch (error) {
      // The heap is full.
      this.endAll((one) => one.reject(error));
      return;
    }
    this.step();
  }

  /** A claim has ended by itself, and is not in the list any more. */
  left(): void {
    if (this.#isStepping) return;
    if (this.#list.length === 0) this.#leave();
    else this.#renew();
  }

  step(): void {
    const waiter = this.#waiter;
    if (waiter === undefined || this.#isStepping) return;
    const isCalled = waiter.again();
    const before = this.#list.first;
    this.#of.queue().announce();
    this.tryAll();
    if (this.#list.length === 0) this.#leave();
    else {
      if (isCalled && this.#list.first === before) this.#reserveIfOverdue(waiter);
      this.#renew();
    }
  }

  /** Lets those of this thread try that came first. True if none waits on. */
  tryAll(): boolean {
    if (this.#isStepping) return this.#list.length === 0;
    this.#isStepping = true;
    try {
      for (let first = this.#list.first; first?.attempt() === true; first = this.#list.first)
        if (first.node.list !== undefined) this.#list.remove(first);
    } finally {
      this.#isStepping = false;
    }
    return this.#list.length === 0;
  }

  /** All that wait here end by themselves, in order. */
  endAll(end: (one: Claim) => void): void {
    for (let first = this.#list.first; first !== undefined; first = this.#list.first) {
      end(first);
      if (first.node.list !== undefined) this.#list.remove(first);
    }
  }

  probe(): void {
    this.#probes += 1;
    const isThorough = isThoroughProbe(this.#probes);
    this.#of.queue().reap(isThorough);
    this.#of.reap?.(isThorough);
    this.step();
  }

  pass(): void {
    if (this.#waiter?.again() === true) this.passOn();
  }

  #leave(): void {
    this.#endLook?.();
    const waiter = this.#waiter;
    if (waiter !== undefined) {
      this.#waiter = undefined;
      this.#endReservation();
      waiter.free();
      theAgent().waits.delete(this);
      this.passOn();
    }
    this.#of.emptied?.();
  }

  /** The next of this thread is in line in the place of the first. */
  #renew(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    const { ticket, since } = this.#list.first!;
    if (waiter.ticket === ticket) return;
    this.#endReservation();
    waiter.renew(ticket, since);
    waiter.again();
    this.passOn();
  }
}
