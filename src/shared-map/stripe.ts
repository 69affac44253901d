/**
 * A stripe of a `SharedMap`: entries that change in one mutex, and are read without it.
 *
 *    write    mutex ─▶ room ─▶ SEQUENCE is odd ─▶ entry written ─▶ one word names it ─▶ SEQUENCE is even ─▶ mutex free
 *    read     SEQUENCE is even ─▶ table, slot, entries: all copied ─▶ SEQUENCE is the same? else again, and after some times in the mutex
 *
 * The state after a kill, by step:
 *
 *    before one word names the entry       nothing has happened; the memory of the entry is lost until the table is made anew
 *    after it                              the entry is there; the repair counts it
 *    the value is a parcel (`items.ts`)    between two stores, the one that names it and the one that says in whose hands it is, it stays until the map goes
 */

import { fence, load, read, release, write } from '#atomics';
import { type Message, type Outgoing, PARCEL } from '../channel/index.ts';
import { HeddleError } from '../errors.ts';
import { adopt, type Block, dropParcel, holdParcel, leaveParcel, relink } from '../memory/index.ts';
import { RobustMutex } from '../sync/index.ts';
import type { EncodedKey } from './key.ts';
import {
  COUNT,
  ENTRY_VERSION,
  entryHead,
  HASH,
  KEY,
  MUTEX,
  NEXT,
  SEQUENCE,
  stripeAt,
  TABLES,
  unitsOf,
  VALUE,
  VERSION,
  wordsOf,
} from './record.ts';
import { Reader, type ReadValue } from './reader.ts';
import { Snapshot } from './snapshot.ts';
import { isKey, leastSlots, mostSlots, placeIn, Table } from './table.ts';

/** Units of a table that is not made smaller. */
const mostSpareUnits = 1024;

export class Stripe {
  readonly #map: Block;
  readonly #words: Int32Array;
  readonly #table: number;
  readonly #sequence: number;
  readonly #count: number;
  readonly #version: number;
  readonly #index: number;
  readonly #mutex: RobustMutex;
  readonly #reader: Reader;
  // Of the key that was looked for last, in the mutex: its entry, 0 if there is none, and the word that names it, or would.
  #entry = 0;
  #entryWords: Int32Array;
  #entryAt = 0;
  #linkWords: Int32Array;
  #link = 0;
  #lastTable: Table | undefined;

  constructor(map: Block, index: number, segments: (Int32Array | undefined)[]) {
    const at = map.at + stripeAt(index);
    this.#map = map;
    this.#words = map.words;
    this.#index = index;
    this.#table = map.at + TABLES + index;
    this.#sequence = at + SEQUENCE;
    this.#count = at + COUNT;
    this.#version = at + VERSION;
    this.#reader = new Reader(map, index, segments);
    this.#entryWords = map.words;
    this.#linkWords = map.words;
    this.#mutex = new RobustMutex(map, stripeAt(index) + MUTEX, () => this.#repair());
  }

  /** Entries. */
  get size(): number {
    // A thread may have died between an entry and its count.
    if (this.#mutex.isTaken) return this.#mutex.within(() => read(this.#words, this.#count));
    return load(this.#words, this.#count);
  }

  /** Bytes of its tables. */
  get bytes(): number {
    return this.#mutex.within(() => this.#tableNow()?.bytes ?? 0);
  }

  // Reading.

  has(key: EncodedKey): boolean {
    const looked = this.#reader.look(key, undefined);
    return looked === 'torn' ? this.#mutex.within(() => this.#find(key)) : looked !== 'none';
  }

  /**
   * Reads the value of a key. False: there is none.
   *
   * @param peek called in the mutex for a value with a parcel
   */
  read(key: EncodedKey, value: ReadValue, peek: (message: Message) => void): boolean {
    const looked = this.#reader.look(key, value);
    if (looked === 'found') return true;
    if (looked === 'none') {
      value.version = 0;
      return false;
    }
    return this.#mutex.within(() => {
      value.version = 0;
      if (!this.#find(key)) return false;
      this.#readEntry(key, value);
      if ((value.kind & PARCEL) !== 0) peek(value);
      return true;
    });
  }

  #readEntry(key: EncodedKey, value: ReadValue): void {
    const words = this.#entryWords;
    const at = this.#entryAt;
    value.version = read(words, at + ENTRY_VERSION);
    value.copy(words, at + entryHead + wordsOf(key.length), read(words, at + VALUE));
  }

  // Writing: all of it in the mutex.

  /** The table; undefined: there is none yet. */
  #tableNow(): Table | undefined {
    const ref = read(this.#words, this.#table);
    if (ref === 0) return undefined;
    // Another one that has come to the place of the last is read as that was.
    if (this.#lastTable?.block.ref !== ref) this.#lastTable = Table.at(ref);
    return this.#lastTable;
  }

  #find(key: EncodedKey): boolean {
    const table = this.#tableNow();
    return table !== undefined && this.#findIn(table, key);
  }

  #findIn(table: Table, key: EncodedKey): boolean {
    let linkWords = table.words;
    let link = table.slotOf(key.hash);
    let entry = read(linkWords, link);
    while (entry !== 0) {
      const words = table.wordsOf(entry);
      const at = placeIn(entry);
      if (isKey(words, at, key)) {
        this.#entryWords = words;
        this.#entryAt = at;
        break;
      }
      linkWords = words;
      link = at + NEXT;
      entry = read(words, link);
    }
    this.#entry = entry;
    this.#linkWords = linkWords;
    this.#link = link;
    return entry !== 0;
  }

  /** Entries change from here on. */
  #begin(): void {
    write(this.#words, this.#sequence, read(this.#words, this.#sequence) | 1);
    // ORDER: before any of the changes; pairs with `Reader.look`.
    fence();
  }

  #end(): void {
    // ORDER: after all of them.
    release(this.#words, this.#sequence, (read(this.#words, this.#sequence) + 1) | 0);
  }

  /** A thread has died in the mutex: all entries are whole, and may not be counted. */
  #repair(): void {
    this.#begin();
    let count = 0;
    this.#tableNow()?.each(() => void (count += 1));
    write(this.#words, this.#count, count);
    this.#end();
  }

  /**
   * Gives a key a value.
   *
   * @param expected the version of the entry that must be there, 0 for none; undefined: any
   * @returns false: it is another; nothing has happened
   * @throws HeddleError if the heap is full; then nothing has happened
   */
  set(key: EncodedKey, value: Outgoing, expected?: number): boolean {
    let former = 0;
    let isSet = false;
    let isWhole = false;
    this.#mutex.enter();
    try {
      if (expected === undefined || expected === this.#versionOf(key)) {
        former = this.#put(key, value);
        isSet = true;
      }
      isWhole = true;
    } finally {
      this.#mutex.leave(isWhole);
    }
    if (former !== 0) dropParcel(former);
    return isSet;
  }

  #versionOf(key: EncodedKey): number {
    return this.#find(key) ? read(this.#entryWords, this.#entryAt + ENTRY_VERSION) : 0;
  }

  /** Returns the parcel of the former value; 0: it had none. */
  #put(key: EncodedKey, { kind, length, words, from = 0 }: Outgoing): number {
    const units = unitsOf(key.length, length);
    const table = this.#roomFor(units);
    const isThere = this.#findIn(table, key);
    this.#begin();
    const entry = table.take(units);
    const next = isThere ? read(this.#entryWords, this.#entryAt + NEXT) : 0;
    this.#write(table.wordsOf(entry), placeIn(entry), next, key, (length << 4) | kind, words, from);
    // ORDER: before a word names it; a sweep frees what the dead hold.
    if ((kind & PARCEL) !== 0) leaveParcel(words[from]!);
    // ORDER: after all of the entry: with this store it is there, and the former one is not.
    release(this.#linkWords, this.#link, entry);
    let former = 0;
    if (isThere) {
      former = this.#takeParcel();
      table.give(this.#entry);
    } else write(this.#words, this.#count, (read(this.#words, this.#count) + 1) | 0);
    this.#end();
    return former;
  }

  #write(to: Int32Array, at: number, next: number, key: EncodedKey, header: number, words: Int32Array, from: number): void {
    // No entry has a version twice, so that a reader of one recognises it.
    const version = (read(this.#words, this.#version) + 1) | 0 || 1;
    write(this.#words, this.#version, version);
    write(to, at + NEXT, next);
    write(to, at + HASH, key.hash);
    write(to, at + ENTRY_VERSION, version);
    write(to, at + VALUE, header);
    write(to, at + KEY, key.length);
    const keyWords = wordsOf(key.length);
    let place = at + entryHead;
    for (let i = 0; i < keyWords; i += 1) write(to, place + i, key.words[i]!);
    place += keyWords;
    for (let i = 0, count = wordsOf(header >>> 4); i < count; i += 1) write(to, place + i, words[from + i]!);
  }

  /** The parcel of the entry that was found, which no word names any more, is in the hands of this thread. 0: it has none. */
  #takeParcel(): number {
    const header = read(this.#entryWords, this.#entryAt + VALUE);
    if ((header & PARCEL) === 0) return 0;
    const parcel = read(this.#entryWords, this.#entryAt + entryHead + wordsOf(read(this.#entryWords, this.#entryAt + KEY)));
    holdParcel(parcel);
    return parcel;
  }

  /** The table, with room for an entry. @throws HeddleError if the heap is full; then nothing has happened */
  #roomFor(units: number): Table {
    const table = this.#tableNow();
    if (table === undefined) return this.#renew(undefined, leastSlots, units);
    const { slots } = table;
    if (read(this.#words, this.#count) >= slots && slots < mostSlots) return this.#renew(table, slots * (slots < 4096 ? 4 : 2), units);
    if (table.hasRoom(units)) return table;
    if (table.free * 2 > table.units) return this.#renew(table, slots, units);
    table.extend(units);
    return table;
  }

  /** Makes the table anew, with room for an entry. */
  #renew(former: Table | undefined, slots: number, units: number): Table {
    let used = 0;
    former?.each((entry) => void (used += former.unitsOf(entry)));
    const table = Table.make(slots, Math.ceil(used * 1.5) + units);
    let isFilled = false;
    try {
      if (former !== undefined) table.fill(former);
      if (!table.hasRoom(units)) table.extend(units);
      isFilled = true;
    } finally {
      if (!isFilled) table.drop();
    }
    this.#replace(former, table);
    return table;
  }

  #replace(former: Table | undefined, table: Table | undefined): void {
    const chunks = former?.chunks() ?? [];
    this.#begin();
    relink((links) => {
      // ORDER: with this store the stripe has the new one; then nothing names those that are freed.
      links.set(this.#map, TABLES + this.#index, table?.block.ref ?? 0);
      if (former !== undefined) links.free(former.block.ref);
      for (const ref of chunks) links.free(ref);
    });
    if (table !== undefined) adopt(table.block);
    this.#end();
  }

  /** Takes a key out. False: it is not there. */
  delete(key: EncodedKey): boolean {
    let former = 0;
    let isThere = false;
    let isWhole = false;
    this.#mutex.enter();
    try {
      isThere = this.#find(key);
      if (isThere) former = this.#takeOut();
      isWhole = true;
    } finally {
      this.#mutex.leave(isWhole);
    }
    if (former !== 0) dropParcel(former);
    return isThere;
  }

  #takeOut(): number {
    const table = this.#tableNow()!;
    this.#begin();
    // ORDER: with this store it is out.
    release(this.#linkWords, this.#link, read(this.#entryWords, this.#entryAt + NEXT));
    const former = this.#takeParcel();
    const count = read(this.#words, this.#count) - 1;
    write(this.#words, this.#count, count);
    table.give(this.#entry);
    this.#end();
    if (table.units > mostSpareUnits && table.used * 4 < table.units) this.#shrink(table, count);
    return former;
  }

  #shrink(table: Table, count: number): void {
    try {
      this.#renew(table, Math.min(mostSlots, Math.max(leastSlots, 2 ** Math.ceil(Math.log2(count + 1)))), 0);
    } catch (error) {
      // Without memory for a smaller one it stays as it is.
      if (!(error instanceof HeddleError)) throw error;
    }
  }

  /** Takes all keys out. */
  clear(): void {
    const parcels: number[] = [];
    this.#mutex.within(() => {
      const table = this.#tableNow();
      if (table === undefined) return;
      this.#begin();
      table.each((entry, words, at, linkWords, link) => {
        if ((read(words, at + VALUE) & PARCEL) === 0) return false;
        this.#entry = entry;
        this.#entryWords = words;
        this.#entryAt = at;
        // Each by itself: a death between two stores leaves one parcel behind.
        release(linkWords, link, read(words, at + NEXT));
        parcels.push(this.#takeParcel());
        return true;
      });
      write(this.#words, this.#count, 0);
      this.#replace(table, undefined);
    });
    for (const parcel of parcels) dropParcel(parcel);
  }

  /**
   * All entries as they are at one moment.
   *
   * @param peek called in the mutex for each value with a parcel: copies what must be copied
   */
  snapshot<T>(peek: (message: Message) => T): Snapshot<T> {
    return this.#mutex.within(() => {
      const table = this.#tableNow();
      const all = new Snapshot<T>(Math.max(0, (table?.used ?? 0) * 4));
      table?.each((_entry, words, at) => {
        const header = read(words, at + VALUE);
        const length = header >>> 4;
        all.add(words, at + entryHead, read(words, at + KEY), header);
        if ((header & PARCEL) === 0) return;
        const from = all.end - wordsOf(length);
        all.peeked.push(peek({ kind: header & 0xf, length, words: all.words.slice(from, all.end), number: 0 }));
      });
      return all;
    });
  }
}
