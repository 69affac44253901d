/**
 * One entry of a line (`wait-queue.ts`): a thread, or one of its async waits, that waits for one object.
 *
 *   free ──claim──▶ SETTING ──publish──▶ ASLEEP ──call──▶ CALLED ──────▶ free     `call` by another thread, all others by its own
 *                                          ▲───again()──────┘   └─▶ PASSING ─▶ free     it goes without taking: another is called in its place
 */

import { acquire, compareExchange, load, read, release, store, write } from '#atomics';
import { me, theAgent } from '../threads/agent.ts';
import { type Block, placeOf } from '../heap/block.ts';
import { layout } from '../heap/layout.ts';
import { ring } from '../threads/bells.ts';

const entry = layout('Waiter', 'a thread, or one of its async waits, in the line of one object', {
  slot: ['slot', 'the waiter; 0: the entry is free'],
  state: [
    'bits',
    '0 free or not yet published, 1 asleep, 2 called, 3 not in line, but holding something, 4 has left, and another one will be called in its place',
  ],
  ticket: ['int32', 'its place in line'],
  isAsync: ['bits', '1: its event loop is rung, 0: its thread sleeps at `state`'],
  since: ['ms', 'when it came'],
  value: ['int32', 'what the object wants to know of it'],
  more: ['int32', 'and more of that'],
  reserved: ['bits', 'nothing yet'],
});

/** Words of an entry. */
export const waiterWords: number = entry.size;

const SLOT = entry.slot;
const STATE = entry.state;
const TICKET = entry.ticket;
const IS_ASYNC = entry.isAsync;
const SINCE = entry.since;
const VALUE = entry.value;
const MORE = entry.more;

/** The entry is being written, or was left. */
const SETTING = 0;
/** The waiter sleeps until it is called. */
export const ASLEEP = 1;
/** The waiter was told to look, and is not called again until it has. */
const CALLED = 2;
/** The entry is not a waiter: its thread holds `value` of the object. */
export const HOLDING = 3;

/** The waiter has left after a call that another waiter needs. The finder of its thread's death makes that call. */
const PASSING = 4;

/** One entry, in the hands of the thread that claimed it or looks at it. */
export class Waiter {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #place: number;
  /** The index in the table. */
  readonly index: number;

  constructor(block: Block, offset: number, index: number) {
    this.index = index;
    this.#words = block.words;
    this.#at = block.at + offset;
    this.#place = placeOf(block, offset + STATE);
  }

  get slot(): number {
    return load(this.#words, this.#at + SLOT);
  }

  get state(): number {
    return acquire(this.#words, this.#at + STATE);
  }

  get isCalled(): boolean {
    return this.state === CALLED;
  }

  /** True while a call was made that this waiter has not answered. */
  get owesCall(): boolean {
    const { state } = this;
    return state === CALLED || state === PASSING;
  }

  get isInLine(): boolean {
    const { state } = this;
    return state === ASLEEP || state === CALLED;
  }

  /** True if the entry records what its thread holds. */
  get isHolder(): boolean {
    return this.state === HOLDING;
  }

  get ticket(): number {
    return acquire(this.#words, this.#at + TICKET);
  }

  get value(): number {
    return load(this.#words, this.#at + VALUE);
  }

  set value(value: number) {
    store(this.#words, this.#at + VALUE, value);
  }

  /** Adds to `value`, in the mutex of all its readers. */
  addToValue(count: number): void {
    write(this.#words, this.#at + VALUE, (read(this.#words, this.#at + VALUE) + count) | 0);
  }

  get more(): number {
    return load(this.#words, this.#at + MORE);
  }

  set more(value: number) {
    store(this.#words, this.#at + MORE, value);
  }

  get isAsync(): boolean {
    return acquire(this.#words, this.#at + IS_ASYNC) === 1;
  }

  /** Milliseconds that it has waited. */
  age(now: number): number {
    return (now - load(this.#words, this.#at + SINCE)) | 0;
  }

  /** Claims it, if it is free. */
  claim(): boolean {
    return read(this.#words, this.#at + SLOT) === 0 && compareExchange(this.#words, this.#at + SLOT, 0, me) === 0;
  }

  /** Stands in line from now on. The line must be announced next. */
  publish(ticket: number, since: number, isAsync: boolean, value: number): void {
    write(this.#words, this.#at + VALUE, value);
    write(this.#words, this.#at + TICKET, ticket);
    write(this.#words, this.#at + IS_ASYNC, isAsync ? 1 : 0);
    write(this.#words, this.#at + SINCE, since);
    // ORDER: last; a thread that sees it asleep sees the rest.
    release(this.#words, this.#at + STATE, ASLEEP);
  }

  /** Publishes an entry that is not in line: it records what its thread holds. */
  publishHolding(): void {
    store(this.#words, this.#at + VALUE, 0);
    store(this.#words, this.#at + MORE, 0);
    // ORDER: last; a thread that sees it holding sees how much.
    store(this.#words, this.#at + STATE, HOLDING);
  }

  /** The same thread's next waiter takes its place. */
  renew(ticket: number, since: number): void {
    store(this.#words, this.#at + TICKET, ticket);
    store(this.#words, this.#at + SINCE, since);
  }

  /** Sleeps again after a look: the next change calls it. True if it had been called. */
  again(): boolean {
    return compareExchange(this.#words, this.#at + STATE, CALLED, ASLEEP) === CALLED;
  }

  /** Leaves the line unless it has been called. */
  withdraw(): boolean {
    return compareExchange(this.#words, this.#at + STATE, ASLEEP, SETTING) === ASLEEP;
  }

  /** Leaves the line for good. True if it had been called: then the entry says that it owes a call, until it is freed. */
  leave(): boolean {
    // ORDER: out of line, then the look whether it was called; pairs with `call`.
    this.withdraw();
    if (!this.owesCall) return false;
    store(this.#words, this.#at + STATE, PASSING);
    return true;
  }

  /** Frees the entry. */
  free(): void {
    release(this.#words, this.#at + STATE, SETTING);
    // ORDER: last; the next claimer finds it unpublished. And before its thread looks for others in line: this thread and one that calls
    // must not both wait for the other.
    store(this.#words, this.#at + SLOT, 0);
  }

  /** Takes over the entry of a dead thread. False if another thread did. */
  takeFrom(dead: number): boolean {
    return compareExchange(this.#words, this.#at + SLOT, dead, me) === dead;
  }

  /** Tells it to look. False if it was told already, or has left. */
  call(): boolean {
    if (compareExchange(this.#words, this.#at + STATE, ASLEEP, CALLED) !== ASLEEP) return false;
    if (this.isAsync) this.#ring();
    else theAgent().memory.wake(this.#place, 1);
    return true;
  }

  #ring(): void {
    const { slot } = this;
    if (slot === me) theAgent().waits.kick();
    else ring(slot);
  }

  /** Blocks this thread until it is called, or `ms` are over, or a slice is. */
  sleep(ms: number): void {
    theAgent().memory.sleep(this.#place, ASLEEP, ms);
  }
}
