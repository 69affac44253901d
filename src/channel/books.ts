/**
 * The books of a queue whose tasks are counted: how many items each consumer has taken, and how many tasks it has done. A consumer has an entry among
 * the joiners, which says both; so what is in its hands when it dies is known.
 *
 *    TAKEN   items it has taken: changed in the consumers' mutex, with GETS              all taken = GETS, always when the mutex is free
 *    DONE    tasks it has done, of its own items or those of others                      unfinished = PUTS - all done
 *
 * The entry of a dead consumer is added to that of those GONE. That takes more than one store, so it is logged first, in absolute numbers
 * (MOVING). After a death in the middle it is repeated, with the same result. Tasks are given up when the dead consumers hold more of them
 * than the living have processed for them.
 */

import { load, store } from '#atomics';
import { OwnerDied } from '../errors.ts';
import { type Block, me, OwnedLine, threadOf, type Waiter } from '../memory/index.ts';
import {
  EMPTIED,
  GETS,
  GONE,
  GONE_DONE,
  GONE_TAKEN,
  JOINERS,
  MOVING,
  MOVING_DONE,
  MOVING_ENTRY,
  MOVING_TAKEN,
  PUTS,
  STATE,
} from './record.ts';

/** The consumers' mutex. */
interface Mutex {
  within<R>(change: () => R): R;
}

export class Books {
  readonly line: OwnedLine;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #mutex: Mutex;
  #mine: Waiter | undefined;

  constructor(block: Block, mutex: Mutex) {
    this.#words = block.words;
    this.#at = block.at;
    this.#mutex = mutex;
    this.line = new OwnedLine(block, JOINERS, { ofHolder: (dead, slot) => this.#inherit(dead, slot) });
  }

  #load(word: number): number {
    return load(this.#words, this.#at + word);
  }

  #store(word: number, value: number): void {
    store(this.#words, this.#at + word, value);
  }

  /** The entry of this thread, which is made with its first item: before it takes that, and not in the mutex. @throws HeddleError if the heap is full */
  open(): void {
    this.#mine ??= this.#find();
  }

  #find(): Waiter {
    const line = this.line.open();
    // Another handle of this thread has made it, and is garbage.
    for (const entry of line.entries()) if (entry.isHolder && entry.slot === me) return entry;
    return line.joinAsHolder();
  }

  /** In the mutex, before GETS: this thread has taken items, or given some back. */
  taken(count: number): void {
    this.#mine!.addToValue(count);
  }

  /** One task is done. False if all were. True once: the last was it. */
  done(): 'one' | 'last' | 'none' {
    this.open();
    return this.#mutex.within(() => {
      const left = this.unfinished();
      if (left <= 0) return 'none';
      const mine = this.#mine!;
      mine.more = (mine.more + 1) | 0;
      return left === 1 ? 'last' : 'one';
    });
  }

  /** All taken and all done, by living and dead consumers. */
  #sums(): { taken: number; done: number } {
    let taken = this.#load(GONE_TAKEN);
    let done = this.#load(GONE_DONE);
    const line = this.line.known;
    if (line !== undefined) {
      for (const entry of line.entries()) {
        if (!entry.isHolder) continue;
        taken = (taken + entry.value) | 0;
        done = (done + entry.more) | 0;
      }
    }
    return { taken, done };
  }

  /** Tasks that are not done. In the mutex, or while no consumer is at work. */
  unfinished(): number {
    const { taken, done } = this.#sums();
    if (this.#load(STATE) === EMPTIED) return (taken - done) | 0;
    // A producer may not have counted what a consumer has taken already.
    const puts = this.#load(PUTS);
    const ahead = (this.#load(GETS) - puts) | 0;
    return ((ahead > 0 ? puts + ahead : puts) - done) | 0;
  }

  /** The same, by any thread. */
  count(): number {
    return Math.max(
      0,
      this.#mutex.within(() => this.unfinished()),
    );
  }

  /** In the mutex, after a death in it: what was taken and is in no entry was taken by the dead. @param gets items that have gone out, by the ring */
  repair(dead: number, gets: number): void {
    this.#finishMove();
    if (this.#load(STATE) === EMPTIED) return;
    const missing = (gets - this.#sums().taken) | 0;
    if (missing === 0) return;
    this.#store(GONE, dead);
    this.#store(GONE_TAKEN, (this.#load(GONE_TAKEN) + missing) | 0);
  }

  #inherit(entry: Waiter, slot: number): void {
    this.#mutex.within(() => {
      if (!entry.isHolder || entry.slot !== slot) return;
      this.#store(MOVING_ENTRY, entry.index);
      this.#store(MOVING_TAKEN, (this.#load(GONE_TAKEN) + entry.value) | 0);
      this.#store(MOVING_DONE, (this.#load(GONE_DONE) + entry.more) | 0);
      // ORDER: after what is written down; pairs with the look at it below.
      this.#store(MOVING, slot);
      this.#finishMove();
    });
  }

  #finishMove(): void {
    const slot = this.#load(MOVING);
    if (slot === 0) return;
    const entry = this.line.open().entryAt(this.#load(MOVING_ENTRY));
    // The entry first: sums are made in the mutex only, and the next owner of the mutex finishes this.
    if (entry.slot === slot) {
      if (entry.value - entry.more > 0) this.#store(GONE, slot);
      entry.free();
    }
    this.#store(GONE_TAKEN, this.#load(MOVING_TAKEN));
    this.#store(GONE_DONE, this.#load(MOVING_DONE));
    // ORDER: last; until then it is done again.
    this.#store(MOVING, 0);
  }

  /** The error for tasks that will not be finished, once: their consumer has died. Such tasks count as done from now on. */
  givenUp(): OwnerDied | undefined {
    const tasks = this.#mutex.within(() => {
      const { taken, done } = this.#sums();
      const abandoned = Math.min((this.#load(GONE_TAKEN) - this.#load(GONE_DONE)) | 0, (taken - done) | 0);
      if (abandoned > 0) this.#store(GONE_DONE, (this.#load(GONE_DONE) + abandoned) | 0);
      return abandoned;
    });
    if (tasks <= 0) return undefined;
    const died = threadOf(this.#load(GONE));
    const what = tasks === 1 ? '1 task of the queue was not done' : `${tasks} tasks of the queue were not done`;
    return new OwnerDied(`${what} when ${died.name} (pid ${died.pid}, thread ${died.thread}) ended, which had taken it`, died);
  }
}
