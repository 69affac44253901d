/**
 * The ring: messages of any length in a row of chunks, between one producer and one consumer at a time. Michael and Scott's two-lock queue,
 * without the locks: the caller's mutex makes it the only producer, or the only consumer. Within a chunk a consumer looks at the header of
 * the next message and never at `tail` (FastForward, Giacomoni et al.). Both sides thus share no cache line but that of the message.
 *
 *    oldest                                                                    tailChunk
 *    ┌─────────────────────┬─────────┬─────────┬──────┐  CHAIN, JUMP   ┌─────────────────────┬─────────┬────────┬─ …
 *    │ TAG CHAIN SIZE 0    │ message │ message │ JUMP │ ─────────────▶ │ TAG CHAIN SIZE 0    │ message │ 0  n   │
 *    └─────────────────────┴─────────┴─────────┴──────┘                └─────────────────────┴─────────┴────────┴─ …
 *                                    ▲ head                                                            ▲ tail
 *
 *    message, in units of 16 bytes     word 0: 0 not yet written, else length << 4 | kind     word 1: its number     then its bytes
 *
 * A position is the reference of such a unit. The words must be consistent after each store, as a producer or a consumer may die at any of
 * them:
 *
 *    put     bytes ─▶ behind them: its number, then 0 ─▶ the header: published ─▶ tailChunk ─▶ tail
 *    take    copy ─▶ head: taken ─▶ chunks that both sides have left go
 *
 * The number behind the last message is written before that is published. So the number at `tail` or at `head` is how many messages ever came before
 * it, and whatever counts is put right from there. Of several messages the first is published last, and with it all.
 */

import { acquire, load, read, release, store, write } from '#atomics';
import { layout, segmentSize } from '../memory/index.ts';

const chunk = layout('Chunk', 'a piece of a ring; its messages follow', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'the next chunk; 0: there is none yet'],
  units: ['uint32', 'its length in units of 16 bytes, with this head'],
  reserved: ['bits', 'nothing yet'],
});

/** Of a chunk: the next one. */
export const chainOffset: number = chunk.chain;
/** Of a chunk: its length in units. */
export const sizeOffset: number = chunk.units;

/** Bits of a header: what is there is a message. */
export const MESSAGE = 1;
/** Of a message: its first word is the reference of a parcel, and its bytes follow. */
export const PARCEL = 2;
/** Of a message: its bytes are what was sent, and no encoded value. */
export const BYTES = 4;
/** Of a message with a parcel: its bytes are in there, and its second word is their number. */
export const APART = 8;
/** Without MESSAGE: the way to the next chunk. */
const JUMP = 4;

const lengthShift = 4;
/** Words of a message before its bytes. */
const headWords = 2;

/** Segments have a power of two of units, and no chunk lies in two. */
const unitShift: number = Math.log2(segmentSize / 16);
const unitMask: number = segmentSize / 16 - 1;
/** The number of words up to which a loop is faster than a call. */
const loopLimit = 32;

/** Where the words of a ring lie. */
export interface RingPlace {
  readonly words: Int32Array;
  /** Index of the word that says where the next message will be. */
  readonly tail: number;
  /** Index of the word that says in which chunk that is. */
  readonly tailChunk: number;
  /** Index of the word that says where the first message is. */
  readonly head: number;
}

/** Where chunks come from, and where they go. */
export interface Chunks {
  /** The words of a segment. */
  segment(number: number): Int32Array;
  /**
   * The chunk that is chained to `last`; where none is, a new one of at least `units` is chained to it first. In the name of the producer.
   *
   * @throws HeddleError if there is no memory; then nothing has happened
   */
  next(last: number, units: number): number;
  /** Takes the chunks back that lie before the first one with `head` or `tail` in it. In the name of the consumer. */
  leave(head: number, tail: number): void;
  /** True if plain stores must be steps: under the model. */
  readonly isModel: boolean;
}

/** How many units a message takes. */
function unitsOf(length: number): number {
  return (length + headWords * 4 + 15) >> 4;
}

export class Ring {
  readonly #words: Int32Array;
  readonly #tail: number;
  readonly #tailChunk: number;
  readonly #head: number;
  readonly #chunks: Chunks;

  // Of the producer: where it writes, and what it has not yet published.
  #at = 0;
  #chunk = 0;
  #end = 0;
  #number = 0;
  #first = 0;
  #firstHeader = 0;

  // Of the consumer: how far it has looked.
  #from = 0;
  #hasJumped = false;
  /** Of the message it looks at. */
  #segment: Int32Array;
  #index = 0;
  #header = 0;

  constructor({ words, tail, tailChunk, head }: RingPlace, chunks: Chunks) {
    this.#words = words;
    this.#tail = tail;
    this.#tailChunk = tailChunk;
    this.#head = head;
    this.#chunks = chunks;
    this.#segment = words;
  }

  /** The words of a new ring. @param first its first chunk, whose size is written */
  static start({ words, tail, tailChunk, head }: RingPlace, first: number): void {
    store(words, tailChunk, first);
    store(words, tail, first + 1);
    store(words, head, first + 1);
  }

  // The producer's side.

  /** Begins to write. Returns the number of the next message. */
  begin(): number {
    this.#at = read(this.#words, this.#tail);
    this.#chunk = read(this.#words, this.#tailChunk);
    this.#measure();
    const segment = this.#chunks.segment(this.#at >>> unitShift);
    this.#number = read(segment, ((this.#at & unitMask) << 2) + 1);
    this.#first = 0;
    return this.#number;
  }

  #measure(): void {
    const chunkAt = this.#chunk;
    this.#end = (chunkAt + read(this.#chunks.segment(chunkAt >>> unitShift), ((chunkAt & unitMask) << 2) + sizeOffset)) | 0;
  }

  /**
   * Writes a message behind those before it; none is seen before `publish`.
   *
   * @param kind MESSAGE, with PARCEL and APART as they are
   * @param source its bytes, from the word `from` on; the rest of its last word is copied, too
   * @param weight by how much the number of the next message is higher
   * @throws HeddleError if there is no memory; what was written before is as it was
   */
  write(kind: number, source: Int32Array, length: number, weight: number, from: number = 0): void {
    const units = unitsOf(length);
    // Behind it there is room for a further header, or the way to the next chunk.
    while (((this.#end - this.#at) | 0) <= units) this.#jump(units);
    const chunks = this.#chunks;
    const segment = chunks.segment(this.#at >>> unitShift);
    const index = (this.#at & unitMask) << 2;
    const count = (length + 3) >> 2;
    if (count <= loopLimit || chunks.isModel) for (let i = 0; i < count; i += 1) write(segment, index + headWords + i, source[from + i]!);
    else segment.set(count === source.length ? source : source.subarray(from, from + count), index + headWords);
    this.#close(segment, index, (this.#at + units) | 0, (this.#number + weight) | 0, (length << lengthShift) | kind);
  }

  /** Makes what comes next empty, and then publishes what is before it, unless that is the first. */
  #close(segment: Int32Array, index: number, next: number, number: number, header: number): void {
    const nextSegment = this.#chunks.segment(next >>> unitShift);
    const nextIndex = (next & unitMask) << 2;
    // ORDER: before the header, so that a consumer that comes past the message finds nothing behind it.
    write(nextSegment, nextIndex + 1, number);
    write(nextSegment, nextIndex, 0);
    if (this.#first === 0) {
      this.#first = this.#at;
      this.#firstHeader = header;
    } else release(segment, index, header);
    this.#at = next;
    this.#number = number;
  }

  #jump(units: number): void {
    const next = this.#chunks.next(this.#chunk, units + 2);
    const segment = this.#chunks.segment(this.#at >>> unitShift);
    const index = (this.#at & unitMask) << 2;
    store(segment, index + headWords, next);
    this.#close(segment, index, (next + 1) | 0, this.#number, JUMP);
    this.#chunk = next;
    this.#measure();
  }

  /** Publishes all that was written. Returns the number of the message that will come next. */
  publish(): number {
    const first = this.#first;
    if (first === 0) return this.#number;
    this.#first = 0;
    // ORDER: after all that was written; pairs with the load in `peek`.
    release(this.#chunks.segment(first >>> unitShift), (first & unitMask) << 2, this.#firstHeader);
    this.#moveTail();
    return this.#number;
  }

  /** ORDER: `tail` last: as long as it is in a chunk that stays, also if a dead producer never came so far. */
  #moveTail(): void {
    if (read(this.#words, this.#tailChunk) !== this.#chunk) write(this.#words, this.#tailChunk, this.#chunk);
    write(this.#words, this.#tail, this.#at);
  }

  /** A producer has died: what it had published stays. Returns the number of the message that will come next. */
  repairTail(): number {
    this.begin();
    for (;;) {
      const segment = this.#chunks.segment(this.#at >>> unitShift);
      const index = (this.#at & unitMask) << 2;
      const header = load(segment, index);
      if (header === 0) break;
      if (header === JUMP) {
        this.#chunk = load(segment, index + headWords);
        this.#at = (this.#chunk + 1) | 0;
      } else this.#at = (this.#at + unitsOf(header >>> lengthShift)) | 0;
    }
    this.#moveTail();
    return this.begin();
  }

  // The consumer's side.

  /** True if a message may be there: a guess, for callers other than the consumer. */
  get mayHave(): boolean {
    const head = read(this.#words, this.#head);
    return load(this.#chunks.segment(head >>> unitShift), (head & unitMask) << 2) !== 0;
  }

  /**
   * True: a consumer that comes now finds nothing. Without being the consumer: what was put before is seen, unless others have taken all of it. (False may be
   * wrong.)
   */
  get isEmpty(): boolean {
    const head = acquire(this.#words, this.#head);
    const header = acquire(this.#chunks.segment(head >>> unitShift), (head & unitMask) << 2);
    // ORDER: in between a consumer may have left the chunk, which comes back with other messages, or none; then `head` is another one.
    return header === 0 && acquire(this.#words, this.#head) === head;
  }

  /** As `mayHave` by plain loads, for callers that ask once. */
  get seemsToHave(): boolean {
    const head = read(this.#words, this.#head);
    return read(this.#chunks.segment(head >>> unitShift), (head & unitMask) << 2) !== 0;
  }

  /** Begins to look, at the first message. */
  open(): void {
    this.#from = read(this.#words, this.#head);
    this.#hasJumped = false;
  }

  /** The kind of the next message; 0 if there is none. */
  peek(): number {
    for (;;) {
      const segment = this.#chunks.segment(this.#from >>> unitShift);
      const index = (this.#from & unitMask) << 2;
      // ORDER: pairs with the store in `publish`.
      const header = acquire(segment, index);
      if (header === JUMP) {
        this.#from = (load(segment, index + headWords) + 1) | 0;
        this.#hasJumped = true;
        continue;
      }
      this.#segment = segment;
      this.#index = index;
      this.#header = header;
      return header & 0xf;
    }
  }

  /** The bytes of the message that `peek` has found. */
  get length(): number {
    return this.#header >>> lengthShift;
  }

  /** How many messages were put before that one, or what they weighed. */
  get number(): number {
    return read(this.#segment, this.#index + 1);
  }

  /** Copies that message. @param at where to in `target` */
  copy(target: Int32Array, at: number = 0): void {
    const count = (this.length + 3) >> 2;
    const segment = this.#segment;
    const from = this.#index + headWords;
    if (count <= loopLimit || this.#chunks.isModel) for (let i = 0; i < count; i += 1) target[at + i] = read(segment, from + i);
    else target.set(segment.subarray(from, from + count), at);
  }

  /** One of its words. */
  wordAt(index: number): number {
    return read(this.#segment, this.#index + headWords + index);
  }

  /** Goes on to the message behind it. */
  skip(): void {
    this.#from = (this.#from + unitsOf(this.length)) | 0;
  }

  /** Takes all that were skipped. */
  take(): void {
    // ORDER: after they were copied: from here on nothing holds them, and a producer may write there.
    write(this.#words, this.#head, this.#from);
  }

  /** Gives the chunks back that were left; after `take`, when its messages are counted. */
  leave(): void {
    if (!this.#hasJumped) return;
    this.#hasJumped = false;
    this.#chunks.leave(this.#from, load(this.#words, this.#tail));
  }

  /** How many messages were ever taken, or what they weighed. Of the consumer, or of whatever keeps it away. */
  taken(): number {
    const head = read(this.#words, this.#head);
    return load(this.#chunks.segment(head >>> unitShift), ((head & unitMask) << 2) + 1);
  }
}
