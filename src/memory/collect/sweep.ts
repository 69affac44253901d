/**
 * Finds the blocks that no thread can reach any more, and frees them: all that is not listed in the ledger of a thread that lives, not in a parcel on
 * its way, and does not belong to a block that is.
 *
 *    begin ──▶ ledgers ──▶ parcels ──▶ owned parcels ──▶ free ──▶ over        in slices: between two of them the guard is free
 *      │                                   └──◀──┘ until no further owner is reached
 *      └─ a new colour; the pages of the ledgers of all that live are written down
 *
 *    ledgers of living threads ─┐
 *    parcels on their way ──────┼─▶ blocks ─▶ their CHAIN, their references ─▶ …       marked: given the colour
 *    parcels of marked owners ──┤  but those in the hands of the dead
 *    names of tracked memory ───┘
 *
 * Between two slices other threads write (Dijkstra's rule: no black block names a white one, unless the writing thread lists that):
 *
 *    a block is born      with the colour: this sweep does not free it
 *    a ref is written     where it may have been looked already, a ledger, a parcel, a word of an owner: the writer marks what the ref names, with all
 *                         that belongs to it, under the guard (`Heap.keep`)
 *    a ref is dropped     nothing: the next sweep frees it
 *    a thread dies        its ledger was written down and stays as it was. Under the guard: it may have marked half, so the sweep is given up
 *    this thread dies     the next sweep has another colour
 *
 * (Dijkstra, Lamport, Martin, Scholten, Steffens: On-the-fly garbage collection. There the writer leaves a block grey. Here it marks to the
 * end: a list of grey blocks could be lost with a thread, or be too short.)
 */

import { load, store } from '#atomics';
import { type Block, blockAt, refUnit } from '../heap/block.ts';
import { headerFields, pageSize } from '../heap/heap-header.ts';
import { ledgerPages, readLedgerPage } from './ledger.ts';
import { Marker } from './marker.ts';
import type { Memory } from '../heap/memory.ts';
import { kindOf, lengthOf, type Pages, RUN, SLAB } from '../heap/pages.ts';
import { holderOf, isOnItsWay, isParcel, ownerOf, parcelsOn, refsIn } from '../objects/parcel-record.ts';
import { slotIds } from '../threads/slot-claim.ts';
import { groupOf, sizeIn, type Slabs } from '../heap/slabs.ts';
import { isSlotDead, slotFields, slotOf } from '../threads/slots.ts';
import { atStep } from '../heap/step.ts';
import { colourOf, coloured, kindOfTag, kinds } from '../heap/tag.ts';

const { sweeper: SWEEPER, colour: COLOUR, unfinished: UNFINISHED, isFreeing: IS_FREEING } = headerFields;
const refsPerPage = pageSize / refUnit;

/** The number of colours that fit in a tag. */
const colours = 16;
/** The cost of a page, beside its blocks. */
const unitsOfPage = 8;

type Phase = 'ledgers' | 'parcels' | 'owned' | 'free' | 'over';

/** Asks whether a sweep is going on, whose writers must mark. */
export function isSweeping(header: Int32Array): boolean {
  return load(header, SWEEPER) !== 0;
}

export class Sweep {
  readonly #memory: Memory;
  readonly #header: Int32Array;
  readonly #pages: Pages;
  readonly #slabs: Slabs;
  readonly #mine: number;
  readonly #marker: Marker;
  #phase: Phase = 'ledgers';
  #colour = 0;
  /** Pages of ledgers that are not read yet. */
  readonly #ledgers: number[] = [];
  /** The first page that this phase has not come to. */
  #page = 0;
  /** Of each owner that is not marked yet: its parcels. */
  readonly #owned = new Map<number, number[]>();
  /** Parcels of those that are, to be marked. */
  readonly #reached: { readonly owner: number; readonly parcel: number }[] = [];
  /** From `#page` on, as long as this slice lasts. */
  #runs: IterableIterator<[page: number, word: number]> | undefined;
  /** Hosts of parcels, and whether they live. */
  readonly #hosts = new Map<number, boolean>();
  /** Bytes. */
  freed = 0;

  /** @param mine the id of the thread that sweeps */
  constructor(memory: Memory, pages: Pages, slabs: Slabs, mine: number) {
    this.#memory = memory;
    this.#header = memory.segment(0);
    this.#pages = pages;
    this.#slabs = slabs;
    this.#mine = mine;
    this.#marker = new Marker(memory, pages, slabs);
  }

  /** True while the sweep goes on: no thread has died under the guard, and no other sweep has begun. */
  get isOn(): boolean {
    return load(this.#header, SWEEPER) === this.#mine && load(this.#header, COLOUR) === this.#colour;
  }

  /** Begins. Under the guard, as each slice; no other sweep goes on, unless it is given up with this one. */
  begin(): void {
    store(this.#header, SWEEPER, 0);
    if (load(this.#header, UNFINISHED) >= colours - 1) this.#repaint();
    // ORDER: before the new colour is used: there are never more colours than this says.
    store(this.#header, UNFINISHED, load(this.#header, UNFINISHED) + 1);
    this.#colour = (load(this.#header, COLOUR) + 1) % colours;
    store(this.#header, COLOUR, this.#colour);
    store(this.#header, IS_FREEING, 0);
    atStep?.('sweep.coloured');
    for (const id of slotIds(this.#memory)) {
      if (id !== this.#mine && isSlotDead(this.#memory, id, false)) continue;
      for (const page of ledgerPages(this.#memory, load(this.#header, slotOf(id) + slotFields.ledger))) this.#ledgers.push(page);
    }
    const names = load(this.#header, headerFields.names);
    if (names !== 0) this.#marker.mark(names);
    store(this.#header, SWEEPER, this.#mine);
    atStep?.('sweep.begun');
  }

  /** Gives all blocks the same colour, after abandoned sweeps have used up all colours. */
  #repaint(): void {
    const colour = load(this.#header, COLOUR);
    for (const [page, word] of this.#pages.runs()) {
      if (kindOf(word) === RUN) this.#paint(page * refsPerPage, colour);
      else if (kindOf(word) === SLAB) for (const ref of this.#slabs.blocksOf(page)) this.#paint(ref, colour);
    }
    atStep?.('sweep.repainted');
    store(this.#header, UNFINISHED, 0);
  }

  #paint(ref: number, colour: number): void {
    const { words, at } = blockAt(this.#memory, ref);
    store(words, at, coloured(load(words, at), colour));
  }

  /**
   * Goes on for some blocks.
   *
   * @param units about how many blocks: 50 to 100 ns each
   * @returns whether the sweep is over
   */
  slice(units: number): boolean {
    // The table has changed since the last slice: it is walked again from its beginning, as only there a run begins for sure.
    this.#runs = undefined;
    for (let left = units; this.#phase !== 'over'; ) {
      if (left <= 0) {
        atStep?.('sweep.slice');
        return false;
      }
      left -= this.#advance(left);
    }
    return true;
  }

  /** One step, of about `limit` blocks at most. Returns how many it was. */
  #advance(limit: number): number {
    if (!this.#marker.isIdle) return this.#marker.follow(limit);
    switch (this.#phase) {
      case 'ledgers':
        return this.#readLedger();
      case 'parcels':
        return this.#readParcels();
      case 'owned':
        return this.#reachOwned();
      default:
        return this.#free();
    }
  }

  #readLedger(): number {
    const ref = this.#ledgers.pop();
    if (ref === undefined) {
      this.#enter('parcels');
      return 1;
    }
    const page = blockAt(this.#memory, ref);
    this.#marker.mark(ref);
    // The page may have been trimmed, and be of another kind now.
    if (!this.#marker.isBlack(ref) || kindOfTag(load(page.words, page.at)) !== kinds.ledger) return 1;
    let entries = 1;
    readLedgerPage(page, (entry) => {
      this.#marker.mark(entry);
      entries += 1;
    });
    return entries;
  }

  /** The next page, as far as it has parcels. */
  #readParcels(): number {
    const [page, word] = this.#nextPage();
    if (page === 0) {
      this.#enter('owned');
      return 1;
    }
    let units = 1;
    for (const parcel of parcelsOn(this.#memory, this.#slabs, page, word)) {
      units += 1;
      // A parcel that was packed since the beginning of the sweep is black, and so is its content.
      if (this.#marker.isBlack(parcel.ref)) continue;
      const owner = ownerOf(parcel);
      const holder = owner === 0 ? 0 : holderOf(parcel);
      if (holder !== 0 && !this.#lives(holder)) continue;
      if (owner !== 0) this.#addOwned(owner, parcel.ref);
      else if (isOnItsWay(parcel, (host) => this.#lives(host))) units += this.#reachParcel(parcel);
    }
    return units;
  }

  #addOwned(owner: number, parcel: number): void {
    const parcels = this.#owned.get(owner);
    if (parcels === undefined) this.#owned.set(owner, [parcel]);
    else parcels.push(parcel);
  }

  #lives(host: number): boolean {
    let lives = this.#hosts.get(host);
    if (lives === undefined) this.#hosts.set(host, (lives = host === this.#mine || !isSlotDead(this.#memory, host, false)));
    return lives;
  }

  #reachParcel(parcel: Block): number {
    this.#marker.mark(parcel.ref);
    const refs = refsIn(parcel);
    for (const ref of refs) this.#marker.mark(ref);
    return refs.length;
  }

  /** Follows one more parcel whose owner is marked; without one, all reachable blocks are marked. */
  #reachOwned(): number {
    const next = this.#reached.pop();
    if (next !== undefined) {
      const parcel = blockAt(this.#memory, next.parcel);
      // The parcel may have been opened meanwhile, and be of another kind now.
      const isStill = !this.#marker.isBlack(next.parcel) && this.#isTakenParcel(parcel) && ownerOf(parcel) === next.owner;
      return isStill ? 1 + this.#reachParcel(parcel) : 1;
    }
    const { size } = this.#owned;
    for (const [owner, parcels] of this.#owned) {
      if (!this.#marker.isBlack(owner)) continue;
      this.#owned.delete(owner);
      for (const parcel of parcels) this.#reached.push({ owner, parcel });
    }
    // All owners were looked at under the guard, and all that is black was followed before: what is white now stays so.
    if (this.#reached.length === 0) this.#beginToFree();
    return 1 + size;
  }

  #beginToFree(): void {
    this.#enter('free');
    store(this.#header, IS_FREEING, 1);
    atStep?.('sweep.marked');
  }

  /** The next page. */
  #free(): number {
    const [page, word] = this.#nextPage();
    if (page === 0) {
      this.#end();
      return 1;
    }
    if (kindOf(word) === RUN) {
      const { words, at } = blockAt(this.#memory, page * refsPerPage);
      if (colourOf(load(words, at)) !== this.#colour) {
        this.freed += lengthOf(word) * pageSize;
        this.#pages.free(page);
      }
      return unitsOfPage;
    }
    if (kindOf(word) !== SLAB) return 1;
    const { freed, left } = this.#slabs.keepOnly(page, this.#colour);
    this.freed += freed * sizeIn(groupOf(word));
    if (left === 0) this.#pages.free(page);
    return unitsOfPage + freed + left;
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#page = 0;
    this.#runs = undefined;
  }

  /** Returns the next first page of a run, and its word; [0, 0] after the last. */
  #nextPage(): [page: number, word: number] {
    this.#runs ??= this.#pages.runsFrom(this.#page);
    const next = this.#runs.next();
    if (next.done === true) return [0, 0];
    const [page, word] = next.value;
    this.#page = page + lengthOf(word);
    return [page, word];
  }

  #end(): void {
    this.#phase = 'over';
    let used = 0;
    for (const [page, word] of this.#pages.runs()) {
      if (kindOf(word) === RUN) used += lengthOf(word) * pageSize;
      else if (kindOf(word) === SLAB) used += this.#slabs.countTaken(page) * sizeIn(groupOf(word));
    }
    store(this.#header, headerFields.used, used / refUnit);
    store(this.#header, headerFields.sweeps, load(this.#header, headerFields.sweeps) + 1);
    store(this.#header, headerFields.isSweepDue, 0);
    atStep?.('sweep.ending');
    // ORDER: all blocks have this colour.
    store(this.#header, UNFINISHED, 0);
    store(this.#header, SWEEPER, 0);
  }

  #isTakenParcel(parcel: Block): boolean {
    return this.#marker.isTaken(parcel.ref) && isParcel(parcel);
  }
}
