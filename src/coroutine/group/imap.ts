/** `imap` and `imapUnordered`: results one by one, no faster than they are taken. */

import { type Operation, Deque, Done, Pending, type Wait, type WaitOptions, WaitList } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import { type Body, toError } from '../task/greenlet.ts';
import { cancelled, type Item, MapRun } from './map-run.ts';
import type { Members } from './members.ts';
import type { Source } from './source.ts';

type Result = IteratorResult<unknown, undefined>;

const atEnd: Result = { done: true, value: undefined };

/** `next()`, while there is nothing to give. */
class Next extends Pending<Result> {
  readonly #run: ImapRun;
  /** Keeps the iterator alive while a waiter exists. */
  readonly iterator: unknown;

  constructor(run: ImapRun, iterator: unknown) {
    super();
    this.#run = run;
    this.iterator = iterator;
  }

  wait(options: number | WaitOptions | undefined): this {
    this.#run.takers.push(this);
    this.limit(options);
    return this;
  }

  describe(): string {
    return 'the next result of an imap()';
  }

  protected override giveBack(result: Result): void {
    this.#run.giveBack(result);
  }
}

/** Until a result is taken. */
class Taken extends Pending<void> {
  describe(): string {
    return 'a consumer of the results of an imap()';
  }
}

/** Until nothing of it runs any more. */
class Closed extends Pending<Result> {
  describe(): string {
    return 'the end of an imap() that was closed';
  }
}

export class ImapRun extends MapRun {
  readonly takers: WaitList<Next> = new WaitList();
  /** In the order of the source, whether ended or not; unordered, those that have ended. */
  readonly #items: Deque<Item> = new Deque();
  /** Results whose waiter was thrown out before it saw them. */
  readonly #back: Result[] = [];
  readonly #isOrdered: boolean;
  readonly #maxSize: number;
  /** The number of items that were begun, and whose results were not taken. */
  #open = 0;
  #taken: Taken | undefined;
  readonly #closings: WaitList<Closed> = new WaitList();
  #isClosed = false;
  #hasEnded = false;

  constructor(members: Members, fn: Body, source: Source, above: Body, isOrdered: boolean, maxSize: number) {
    super(members, fn, source, above);
    this.#isOrdered = isOrdered;
    this.#maxSize = maxSize;
    this.greenlet.unref();
  }

  *work(): Generator<Wait, void> {
    yield* this.pull();
  }

  protected room(): Operation<void> | undefined {
    if (this.#open < this.#maxSize) return undefined;
    this.#taken = new Taken();
    return this.#taken;
  }

  protected itemBegun(item: Item): void {
    this.#open += 1;
    if (this.#isOrdered) this.#items.push(item);
  }

  itemEnded(item: Item): void {
    if (!this.#isOrdered && !this.#isClosed) this.#items.push(item);
    this.#give();
  }

  override ended(activity: Activity): void {
    super.ended(activity);
    this.#hasEnded = true;
    const { hasFailed, hasExited, result } = activity;
    if (this.#isClosed) return this.#give();
    if (hasFailed) this.failure = { error: result };
    else if (hasExited) this.failure = { error: cancelled(result) };
    this.#give();
  }

  next(iterator: unknown, options: number | WaitOptions | undefined): Operation<Result> {
    const item = this.takers.length === 0 && this.#back.length === 0 ? this.#shift() : undefined;
    const failure = item?.failure;
    if (item !== undefined && failure === undefined) return new Done<Result>({ done: false, value: item.activity.result });
    const next = new Next(this, iterator);
    if (failure !== undefined) next.fail(failure.error);
    else if (this.takers.length > 0 || !this.#serve(next)) next.wait(options);
    return next;
  }

  giveBack(result: Result): void {
    if (this.#isClosed || result.done === true) return;
    this.#back.push(result);
    this.#give();
  }

  close(): Operation<Result> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      // Of its errors only those of closing are of interest now.
      this.failure = undefined;
      this.#items.clear();
      this.#back.length = 0;
      this.stop(toError(undefined));
      this.killRunning();
    }
    const closed = new Closed();
    this.#closings.push(closed);
    this.#give();
    return closed;
  }

  /** To all that wait, as far as it goes. */
  #give(): void {
    while (this.takers.length > 0 && this.#serve(this.takers.first!)) continue;
    if (!this.#isClosed || !this.#hasEnded || this.running.length > 0) return;
    while (this.#closings.length > 0) this.#end(this.#closings.first!);
  }

  /** Gives what comes next, if that is there. */
  #serve(next: Next): boolean {
    const item = this.#back.length > 0 ? undefined : this.#shift();
    const failure = item?.failure;
    if (this.#back.length > 0) next.settle(this.#back.shift()!);
    else if (failure !== undefined) next.fail(failure.error);
    else if (item !== undefined) next.settle({ done: false, value: item.activity.result });
    else if (this.#isClosed) next.settle(atEnd);
    else if (this.#hasEnded && this.#open === 0) this.#end(next);
    else return false;
    return true;
  }

  #end(operation: Pending<Result>): void {
    const { failure } = this;
    this.failure = undefined;
    if (failure === undefined) operation.settle(atEnd);
    else operation.fail(failure.error);
  }

  /** Takes the next item that has ended; its place is free. */
  #shift(): Item | undefined {
    const first = this.#items.at(0);
    if (first === undefined || !first.activity.isDead) return undefined;
    this.#items.shift();
    this.#open -= 1;
    this.#taken?.settle(undefined);
    return first;
  }
}
