/**
 * How a stripe of a `SharedMap` is read without its mutex.
 *
 *    SEQUENCE is even ─▶ table, slot, entries: all copied ─▶ SEQUENCE is the same? else again, and after some times in the mutex
 *
 * Entries may be freed and written again meanwhile, and tables given back to the heap. So a reader follows no reference that it cannot prove to have been
 * one: it looks at the sequence again before it touches a segment of the heap that is new to it. Whatever it reads of the others is memory, and clamped.
 *
 * (Sequence counts after Lameter's in Linux: writers never wait for readers.)
 */

import { fence, load, pause, read } from '#atomics';
import { type Message, PARCEL } from '../channel/index.ts';
import { type Block, theAgent } from '../memory/index.ts';
import type { EncodedKey } from './key.ts';
import {
  ENTRY_VERSION,
  entryHead,
  NEXT,
  SEQUENCE,
  SLOTS,
  stripeAt,
  tableHead,
  TABLES,
  unitMask,
  unitShift,
  VALUE,
  wordsOf,
} from './record.ts';
import { isKey } from './table.ts';

/** Bytes of values that lie in their entry; larger ones, but for the names of modules, are in a parcel. */
export const mostInline = 240;
const inlineWords = mostInline / 4;
/** Looks of a reader before it goes into the mutex. */
const mostLooks = 8;
/** Entries after which a reader looks whether they are still a chain. */
const entriesPerLook = 8;

/** The result of a look at a key. `torn`: entries changed meanwhile. `parcel`: a value that is copied in the mutex. */
type Looked = 'none' | 'found' | 'torn' | 'parcel';

/** The value that was read last: a message, as of a queue's item. */
export class ReadValue implements Message {
  kind = 0;
  length = 0;
  words: Int32Array;
  bytes: Uint8Array;
  readonly number = 0;
  readonly from = 0;
  /** Of its entry; 0: there was none. */
  version = 0;
  readonly #own: Int32Array;
  readonly #ownBytes: Uint8Array;

  constructor() {
    this.#own = new Int32Array(inlineWords);
    this.#ownBytes = new Uint8Array(this.#own.buffer);
    this.words = this.#own;
    this.bytes = this.#ownBytes;
  }

  /** Takes a message that begins there. */
  copy(words: Int32Array, from: number, header: number): void {
    this.kind = header & 0xf;
    this.length = header >>> 4;
    const count = wordsOf(this.length);
    if (count <= inlineWords) {
      this.words = this.#own;
      this.bytes = this.#ownBytes;
    } else {
      this.words = new Int32Array(count);
      this.bytes = new Uint8Array(this.words.buffer);
    }
    const target = this.words;
    for (let i = 0; i < count; i += 1) target[i] = read(words, from + i);
  }
}

export class Reader {
  readonly #words: Int32Array;
  readonly #table: number;
  readonly #sequence: number;
  /** Segments of the heap that are known to be there; all stripes of a handle share them. */
  readonly #segments: (Int32Array | undefined)[];

  constructor(map: Block, index: number, segments: (Int32Array | undefined)[]) {
    this.#words = map.words;
    this.#table = map.at + TABLES + index;
    this.#sequence = map.at + stripeAt(index) + SEQUENCE;
    this.#segments = segments;
  }

  /** `torn`: writers were at work each time, or one has died. */
  look(key: EncodedKey, value: ReadValue | undefined): Looked {
    for (let left = mostLooks; left > 0; left -= 1) {
      // ORDER: before all that is read; pairs with `#end`.
      const sequence = load(this.#words, this.#sequence);
      if ((sequence & 1) === 0) {
        const looked = this.#lookOnce(key, value, sequence);
        // ORDER: all was read before the second look; pairs with `#begin`.
        fence();
        if (looked !== 'torn' && load(this.#words, this.#sequence) === sequence) return looked;
      }
      pause();
    }
    return 'torn';
  }

  #lookOnce(key: EncodedKey, value: ReadValue | undefined, sequence: number): Looked {
    const table = read(this.#words, this.#table);
    if (table === 0) return 'none';
    const words = this.#segmentOf(table, sequence);
    if (words === undefined) return 'torn';
    const at = (table & unitMask) << 2;
    let entry = read(words, at + tableHead + (key.hash & (read(words, at + SLOTS) - 1))) | 0;
    for (let left = entriesPerLook; entry !== 0; left -= 1) {
      if (left === 0) {
        if (load(this.#words, this.#sequence) !== sequence) return 'torn';
        left = entriesPerLook;
      }
      const entryWords = this.#segmentOf(entry, sequence);
      if (entryWords === undefined) return 'torn';
      const entryAt = (entry & unitMask) << 2;
      if (isKey(entryWords, entryAt, key)) return value === undefined ? 'found' : lookAt(entryWords, entryAt, key, value);
      entry = read(entryWords, entryAt + NEXT) | 0;
    }
    return 'none';
  }

  /** Undefined: the reference may be none. */
  #segmentOf(ref: number, sequence: number): Int32Array | undefined {
    const number = ref >>> unitShift;
    const known = this.#segments[number];
    if (known !== undefined) return known;
    fence();
    if (load(this.#words, this.#sequence) !== sequence) return undefined;
    return (this.#segments[number] = theAgent().memory.segment(number));
  }
}

/** Reads an entry without the mutex. */
function lookAt(words: Int32Array, at: number, key: EncodedKey, value: ReadValue): Looked {
  const header = read(words, at + VALUE);
  if ((header & PARCEL) !== 0) return 'parcel';
  if (wordsOf(header >>> 4) > inlineWords) return 'torn';
  value.version = read(words, at + ENTRY_VERSION);
  value.copy(words, at + entryHead + wordsOf(key.length), header);
  return 'found';
}
