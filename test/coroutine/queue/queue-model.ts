/**
 * A queue in its simplest form, for comparison under random commands. It is a list of items with their numbers of arrival, searched for the
 * first in order, and a list of waiters on each side. An item that was not seen goes back with its number.
 */

/** A priority, and which item it is. */
export type Item = readonly [number, number];

export type Call =
  | { readonly do: 'get' | 'peek' | 'next' | 'join'; readonly timeout: number | undefined }
  | { readonly do: 'getMany'; readonly max: number; readonly timeout: number | undefined }
  | { readonly do: 'put' | 'putMany'; readonly items: readonly Item[]; readonly timeout: number | undefined };

export interface Entry {
  readonly item: Item;
  readonly arrival: number;
}

/** The order in which items go out. */
export type Order = (a: Entry, b: Entry) => number;

/** One that makes a call. It has not begun, waits, does not know yet that it is over, or does. */
export class Caller {
  readonly call: Call;
  state: 'new' | 'waits' | 'unseen' | 'over' = 'new';
  outcome: unknown = undefined;
  deadline = Infinity;
  isKilled = false;
  /** The items that it has taken. */
  taken: Entry[] = [];
  /** The items that are not in yet. */
  left: Item[];

  constructor(call: Call) {
    this.call = call;
    this.left = 'items' in call ? [...call.items] : [];
  }

  end(outcome: unknown): void {
    this.outcome = outcome;
    this.state = 'unseen';
  }
}

export class Model {
  readonly maxSize: number;
  readonly #order: Order;
  items: Entry[] = [];
  getters: Caller[] = [];
  putters: Caller[] = [];
  joiners: Caller[] = [];
  /** The calls that are not over. */
  callers: Caller[] = [];
  puts = 0;
  unfinished = 0;
  isShutDown = false;
  #isCleared = false;
  #time = 0;

  constructor(maxSize: number, order: Order) {
    this.maxSize = maxSize;
    this.#order = order;
  }

  get hasRoom(): boolean {
    return !this.isShutDown && (this.maxSize === 0 || this.items.length < this.maxSize);
  }

  add(call: Call): Caller {
    const caller = new Caller(call);
    this.callers.push(caller);
    return caller;
  }

  /** Lets every caller go on as far as possible. */
  flush(): void {
    for (const caller of this.callers) if (caller.state === 'new') this.#begin(caller);
    for (const caller of this.callers) if (caller.state === 'waits' && caller.call.timeout === 0) this.#expire(caller);
    for (const caller of this.callers) if (caller.state === 'unseen') caller.state = 'over';
    this.callers = this.callers.filter((caller) => caller.state !== 'over');
  }

  #begin(caller: Caller): void {
    const { call } = caller;
    caller.state = 'waits';
    caller.deadline = this.#time + (call.timeout ?? Infinity);
    if (call.do === 'join') {
      if (this.unfinished === 0) caller.end(true);
      else this.joiners.push(caller);
    } else if ('items' in call) {
      if (this.isShutDown) caller.end('ShutDown');
      else this.#put(caller);
    } else if (this.isShutDown && this.items.length === 0) caller.end(call.do === 'next' ? 'done' : 'ShutDown');
    else {
      this.getters.push(caller);
      this.#serve();
    }
  }

  #put(caller: Caller): void {
    while (this.hasRoom && caller.left.length > 0) {
      while (this.hasRoom && caller.left.length > 0) this.#arrive(caller.left.shift()!);
      this.#serve();
    }
    if (caller.left.length === 0) caller.end('put');
    else this.putters.push(caller);
  }

  #arrive(item: Item): void {
    this.items.push({ item, arrival: this.puts });
    this.puts += 1;
    this.unfinished += 1;
  }

  #first(): Entry {
    return this.items.toSorted(this.#order)[0]!;
  }

  #take(): Entry {
    const first = this.#first();
    this.items = this.items.filter((entry) => entry !== first);
    while (this.hasRoom && this.putters.length > 0) {
      const putter = this.putters[0]!;
      this.#arrive(putter.left.shift()!);
      if (putter.left.length === 0) this.putters.shift()!.end('put');
    }
    return first;
  }

  #serve(): void {
    while (this.getters.length > 0 && this.items.length > 0) {
      const getter = this.getters.shift()!;
      const max = getter.call.do === 'getMany' ? getter.call.max : 1;
      if (getter.call.do === 'peek') getter.end([this.#first().item]);
      else {
        while (getter.taken.length < max && this.items.length > 0) getter.taken.push(this.#take());
        getter.end(getter.taken.map(({ item }) => item));
      }
    }
  }

  /** From outside, at once; undefined if it is refused. */
  putNowait(item: Item): boolean {
    if (!this.hasRoom) return false;
    this.#arrive(item);
    this.#serve();
    return true;
  }

  getNowait(): Item | undefined {
    return this.items.length === 0 ? undefined : this.#take().item;
  }

  kill(caller: Caller): void {
    if (caller.state === 'over' || caller.isKilled) return;
    caller.isKilled = true;
    const isNew = caller.state === 'new';
    for (const { item, arrival } of caller.taken.splice(0)) {
      if (this.#isCleared) this.#finish(1);
      else this.items.push({ item, arrival });
      this.#serve();
    }
    this.#leave(caller);
    caller.end(isNew ? undefined : 'GreenletExit');
  }

  #leave(caller: Caller): void {
    for (const list of [this.getters, this.putters, this.joiners]) if (list.includes(caller)) list.splice(list.indexOf(caller), 1);
  }

  #expire(caller: Caller): void {
    this.#leave(caller);
    caller.end(caller.call.do === 'join' ? false : 'items' in caller.call ? 'Full' : 'Empty');
  }

  passTime(ms: number): void {
    this.#time += ms;
    for (const caller of this.callers) if (caller.state === 'waits' && caller.deadline <= this.#time) this.#expire(caller);
  }

  taskDone(): boolean {
    if (this.unfinished === 0) return false;
    this.#finish(1);
    return true;
  }

  #finish(count: number): void {
    this.unfinished -= count;
    if (this.unfinished === 0) for (const joiner of this.joiners.splice(0)) joiner.end(true);
  }

  shutdown(isImmediate: boolean): void {
    this.isShutDown = true;
    if (isImmediate) {
      this.#isCleared = true;
      this.#finish(this.items.splice(0).length);
    }
    for (const putter of this.putters.splice(0)) putter.end('ShutDown');
    for (const getter of this.getters.splice(0)) getter.end(getter.call.do === 'next' ? 'done' : 'ShutDown');
  }
}
