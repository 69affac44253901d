/** The model's memory: small segments of plain words, and calls that are steps of a run. */

import { type Bell, type BellAddress, type Identity, type Memory, segmentSize, slotOf } from '../../../memory/index.ts';
import { slotsEnd } from '../names.ts';
import { RangeError } from '../../../refusals.ts';

/** The caller of the memory: a run. */
export interface Caller {
  sleep(words: Int32Array, index: number, expected: number, ms: number): void;
  wake(words: Int32Array, index: number, count: number): void;
  now(): number;
  /** The number in its slot id of the thread that asks. */
  slot(): number;
  isAlive(slot: number): boolean;
  openBell(place: number, onRing: () => void): void;
  ring(slot: number): void;
  discard(words: Int32Array, index: number, count: number): void;
}

/** Of the slots these are used at most: to clear the half a megabyte of all would take as long as a run. */
const SLOTS = 64;

const noAddress: BellAddress = { descriptor: 0, inode: 0 };

export class ModelMemory implements Memory {
  readonly kind = 'model';
  readonly crossesProcesses = false;
  readonly #segments: Int32Array[];
  readonly #wordsPerSegment: number;
  #grown = 1;
  caller!: Caller;

  /** @param words how many of a segment there are really */
  constructor(words: number) {
    this.#wordsPerSegment = words;
    this.#segments = [new Int32Array(words)];
  }

  /** As new. */
  clear(): void {
    const [first, ...others] = this.#segments;
    first!.fill(0, 0, slotOf(SLOTS)).fill(0, slotsEnd);
    for (const words of others) words.fill(0);
    this.#grown = 1;
  }

  segment(number: number): Int32Array {
    if (number >= this.#grown) throw new RangeError(`segment ${number}: the heap has ${this.#grown}`);
    return this.#segments[number]!;
  }

  bytes(place: number, length: number): Uint8Array {
    return new Uint8Array(this.#wordsOf(place).buffer, place % segmentSize, length);
  }

  grow(bytes: number): void {
    this.#grown = Math.max(this.#grown, Math.ceil(bytes / segmentSize));
    while (this.#segments.length < this.#grown) this.#segments.push(new Int32Array(this.#wordsPerSegment));
  }

  discard(from: number, bytes: number): boolean {
    this.caller.discard(this.#wordsOf(from), indexOf(from), bytes / 4);
    return true;
  }

  sleep(place: number, expected: number, ms: number): void {
    this.caller.sleep(this.#wordsOf(place), indexOf(place), expected, ms);
  }

  wake(place: number, count: number): void {
    this.caller.wake(this.#wordsOf(place), indexOf(place), count);
  }

  now(): number {
    return this.caller.now();
  }

  identity(): Identity {
    return { pid: 1, tid: this.caller.slot(), processStart: 0, threadStart: 0 };
  }

  isAlive(who: Identity): boolean {
    return this.caller.isAlive(who.tid);
  }

  openBell(place: number, onRing: () => void): Bell {
    this.caller.openBell(place, onRing);
    return { address: noAddress, ref() {}, unref() {}, close() {} };
  }

  ring(who: Identity): boolean {
    this.caller.ring(who.tid);
    return true;
  }

  #wordsOf(place: number): Int32Array {
    return this.segment(Math.floor(place / segmentSize));
  }
}

const indexOf = (place: number): number => (place % segmentSize) / 4;
