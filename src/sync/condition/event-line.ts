/**
 * The waiters of one thread for one event that do not block the thread. All resume together, so they share one entry in the event's line.
 */

import { isAborted, Pending, WaitList, type WaitOptions } from '../../loop/index.ts';
import { type AsyncWait, theAgent, type Waiter, type WaitQueue } from '../../memory/index.ts';

export class EventLine implements AsyncWait {
  /** How often the event was set or cleared. */
  readonly #turns: () => number;
  readonly #line: WaitQueue;
  readonly #list: WaitList<EventWait> = new WaitList();
  #waiter: Waiter | undefined;

  constructor(turns: () => number, line: WaitQueue) {
    this.#turns = turns;
    this.#line = line;
  }

  add(one: EventWait): void {
    one.since = this.#turns();
    // The event was set since the caller looked.
    if ((one.since & 1) === 1) return one.settle(true);
    if (this.#waiter !== undefined) return this.#list.push(one);
    this.#waiter = this.#line.joinAsync(this);
    this.#list.push(one);
    // ORDER: in line, then the look; pairs with `set`.
    this.step();
  }

  /** One has given up. */
  left(): void {
    if (this.#list.length === 0) this.#leave();
  }

  step(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    // ORDER: asleep again, then the look; pairs with `set`.
    waiter.again();
    const turns = this.#turns();
    const passed: EventWait[] = [];
    for (let first = this.#list.first; first !== undefined && first.since !== turns; first = this.#list.first)
      passed.push(this.#list.shift()!);
    if (this.#list.length === 0) this.#leave();
    for (const one of passed) one.settle(true);
  }

  probe(): void {
    this.step();
  }

  /** All are called, and none relies on another. */
  pass(): void {}

  #leave(): void {
    this.#waiter?.free();
    this.#waiter = undefined;
    theAgent().waits.delete(this);
  }
}

export class EventWait extends Pending<boolean> {
  readonly #line: EventLine;
  /** The event's count when this waiter came. */
  since = 0;

  constructor(line: EventLine, options: number | WaitOptions | undefined) {
    super();
    this.#line = line;
    if (!isAborted(options)) line.add(this);
    this.limit(options);
  }

  describe(): string {
    return 'Event.set()';
  }

  override expire(): void {
    // The event may have been set in time, and the call not yet heard.
    this.#line.step();
    if (!this.isPending) return;
    this.settle(false);
    this.#line.left();
  }

  protected override abandon(): void {
    this.#line.left();
  }
}
