/**
 * Items as messages. The receiver is not known, so an item is encoded for any receiver. An AbortSignal, and memory that only the threads of
 * one process can share, are refused.
 *
 *    small, without handles      the bytes, in the ring
 *    with handles                a parcel that the queue owns, then the bytes
 *    from 8 KiB on               a parcel, and in it a block with the bytes
 *
 * A parcel lives as long as its queue, or until it is opened. Memory and text from 64 KiB on are written into the block at once, and the
 * receiver views memory there: a large item is copied once.
 */

import { decodeMessage, encodeSimple, type MessageOptions, modulesOf, takeEncoder } from '../codec/index.ts';
import {
  allocateFilled,
  type Block,
  blockOf,
  dropParcel,
  freeOwned,
  makeParcel,
  peekParcel,
  placeOf,
  segmentSize,
  type SharedObject,
  theAgent,
  unpack,
  viewOfBlock,
} from '../memory/index.ts';
import { APART, BYTES, MESSAGE, PARCEL } from './ring.ts';
import type { Message, Outgoing } from './store.ts';

/** Bytes of an item that has a block of its own, as a rule. */
const mostApartFrom = 8192;
/** Words of a block before the bytes. */
const blockHead = 4;
/** Bytes up to which a loop is faster than a call. */
const loopLimit = 64;

/** A message that was taken; `bytes` are those of its words, where they are known. */
export type Taken = Pick<Message, 'kind' | 'words' | 'length' | 'from'> & { readonly bytes?: Uint8Array | undefined };

/** The words of the last request: the messages of a batch share theirs. */
let lastWords: Int32Array | undefined;
let lastBytes: Uint8Array | undefined;

function bytesOf({ bytes, words }: Taken): Uint8Array {
  if (bytes !== undefined) return bytes;
  if (words === lastWords) return lastBytes!;
  lastWords = words;
  return (lastBytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
}

/** The bytes of a block behind its head. Of a block in one segment without memory of their own: that counts as much for V8, which would collect garbage for it. */
function bytesIn(block: Block, length: number): Uint8Array {
  const { memory } = theAgent();
  const place = placeOf(block, blockHead);
  const from = place % segmentSize;
  if (from + length > segmentSize) return memory.bytes(place, length);
  const segment = memory.segment(Math.floor(place / segmentSize));
  return new Uint8Array(segment.buffer, segment.byteOffset + from, length);
}

/** The same without a call to the system, for few: copies bytes into a block, which may lie in several segments; or out of it. */
function copyBlock(block: Block, bytes: Uint8Array, isInto: boolean): void {
  const { memory } = theAgent();
  let place = placeOf(block, blockHead);
  for (let done = 0; done < bytes.length; ) {
    const segment = memory.segment(Math.floor(place / segmentSize));
    const from = place % segmentSize;
    const count = Math.min(bytes.length - done, segmentSize - from);
    const there = new Uint8Array(segment.buffer, segment.byteOffset + from, count);
    const here = bytes.subarray(done, done + count);
    if (isInto) there.set(here);
    else here.set(there);
    done += count;
    place += count;
  }
}

/** Returns the words of a block for `bytes` bytes. */
const wordsFor = (bytes: number): number => blockHead + ((bytes + 3) >> 2);

/** From this size on memory in an item is a view of the item's own block, and is written there at once. */
const viewFrom = 65_536;
/** Little is written behind large memory, as a rule. */
const slack = 1024;

/** Memory for an encoder that writes a large item: a block. Short items stay where all items are written. */
class LargeItem {
  #block: Block | undefined;
  /** Where the encoder writes. */
  bytes: Uint8Array | undefined;

  readonly #grow = (old: Uint8Array, used: number, size: number): Uint8Array | undefined => {
    if (this.#block === undefined && size - used < viewFrom) return undefined;
    const room = Math.max(size + slack, this.#block === undefined ? 0 : old.length * 2);
    const block = allocateFilled(wordsFor(room));
    try {
      const bytes = bytesIn(block, room);
      bytes.set(old.subarray(0, used));
      this.free();
      this.bytes = bytes;
    } catch (error) {
      freeOwned(block);
      throw error;
    }
    this.#block = block;
    return this.bytes;
  };

  /** For the encoder. Most items move nothing. */
  readonly options: MessageOptions;

  /** @param root how paths in errors begin */
  constructor(root: string) {
    this.options = { root, transfer: undefined, grow: this.#grow };
  }

  optionsFor(transfer: readonly ArrayBuffer[] | undefined): MessageOptions {
    return transfer === undefined ? this.options : { root: this.options.root, transfer, grow: this.#grow };
  }

  /** The block, which is the caller's now. */
  take(): Block {
    const block = this.#block!;
    this.#block = undefined;
    return block;
  }

  /** Frees the block that nothing is in. */
  free(): void {
    const block = this.#block;
    this.#block = undefined;
    this.bytes = undefined;
    if (block !== undefined) freeOwned(block);
  }
}

/**
 * The bytes of views in this thread that are not garbage yet. Above the limit memory is copied, as no finalizer runs in a loop that blocks.
 */
const mostViewed = 64 * 2 ** 20;
let viewed = 0;

/** Memory that shows bytes of a block, which is freed with it; undefined: they must be copied. */
function showBlock(block: Block, start: number, count: number): ArrayBuffer | undefined {
  if (count < viewFrom || viewed + count > mostViewed || theAgent().memory.kind !== 'native') return undefined;
  const view = viewOfBlock(block, blockHead * 4 + start, count, () => (viewed -= count));
  viewed += count;
  return view;
}

/** Copies the bytes of a block out of it, and frees it. */
function emptyBlock(block: Block, into: Uint8Array): void {
  copyBlock(block, into, false);
  freeOwned(block);
}

/** The value of an item whose bytes are in a block of its own. */
function openBlock(block: Block, length: number, handles: readonly object[]): unknown {
  const { memory } = theAgent();
  if (length < viewFrom || memory.kind !== 'native') return decodeCopy(block, length, handles);
  let isGiven = false;
  const viewOf = (start: number, count: number): ArrayBuffer | undefined => {
    const view = isGiven ? undefined : showBlock(block, start, count);
    isGiven ||= view !== undefined;
    return view;
  };
  try {
    return decodeMessage(bytesIn(block, length), 0, length, { handles, viewOf });
  } finally {
    if (!isGiven) freeOwned(block);
  }
}

function decodeCopy(block: Block, length: number, handles: readonly object[]): unknown {
  const copy = new Uint8Array(length);
  emptyBlock(block, copy);
  return decodeMessage(copy, 0, length, { handles });
}

const decoder = new TextDecoder();
const none: readonly string[] = [];

/**
 * The message of an item whose bytes are in its parcel: their number, and the modules that it needs, so that these are known before it is
 * opened.
 */
function apart(parcel: number, bytes: number, modules: readonly string[]): Packed {
  const text = modules.length === 0 ? new Uint8Array(0) : new TextEncoder().encode(JSON.stringify(modules));
  const words = new Int32Array(2 + ((text.length + 3) >> 2));
  words[0] = parcel;
  words[1] = bytes;
  new Uint8Array(words.buffer, 8).set(text);
  return { kind: MESSAGE | PARCEL | APART, words, length: 8 + text.length, isOwn: true };
}

/** An item that was looked at, and stays in its queue. */
export interface Peeked {
  /** A copy of its message. */
  readonly message: Message;
  readonly handles: readonly SharedObject[];
  /** A copy of the bytes that its parcel holds. */
  readonly bytes: Uint8Array | undefined;
}

/** An item that is on its way into the queue. */
export interface Packed extends Outgoing {
  /** False: its words are overwritten by the next. */
  readonly isOwn: boolean;
}

/** Made with the first item: many a handle never sends one. */
function newScratch(): { readonly words: Int32Array; readonly bytes: Uint8Array } {
  const words = new Int32Array(mostApartFrom / 4 + 1);
  return { words, bytes: new Uint8Array(words.buffer) };
}

/** Copies a small message to `from` in words. */
function copySmall(words: Int32Array, copy: Uint8Array, from: number, bytes: Uint8Array, start: number, end: number): void {
  const length = end - start;
  // The rest of the last word must be zeros.
  words[from + (length >> 2)] = 0;
  const at = from * 4;
  if (length <= loopLimit) for (let i = 0; i < length; i += 1) copy[at + i] = bytes[start + i]!;
  else copy.set(bytes.subarray(start, end), at);
}

/** Words of the first messages of a batch, and at most for further ones. */
const batchWords = 256;
const mostBatchWords = 16_384;

/** Messages that are put together, and share their words: an array for each would cost more than all else. */
export class Batch {
  #size = batchWords / 2;
  #words = new Int32Array(0);
  #bytes = new Uint8Array(0);
  #from = 0;

  /** A small message without handles. */
  add(bytes: Uint8Array, start: number, end: number): Packed {
    const length = end - start;
    const count = (length >> 2) + 1;
    if (this.#from + count > this.#words.length) this.#renew(count);
    const words = this.#words;
    const from = this.#from;
    copySmall(words, this.#bytes, from, bytes, start, end);
    this.#from = from + count;
    return { kind: MESSAGE, words, length, from, isOwn: true };
  }

  #renew(count: number): void {
    this.#size = Math.min(this.#size * 2, mostBatchWords);
    this.#words = new Int32Array(Math.max(this.#size, count));
    this.#bytes = new Uint8Array(this.#words.buffer);
    this.#from = 0;
  }
}

export class Items {
  /** The ref of the block that owns the parcels. */
  readonly #owner: number;
  #scratch: { readonly words: Int32Array; readonly bytes: Uint8Array } | undefined;
  readonly #root: string;
  readonly #apartFrom: number;
  readonly #large: LargeItem;
  /** User code may pack another item while one is packed. */
  #isPacking = false;

  /**
   * @param owner the ref of the block that owns the parcels, where that is not the queue's
   * @param root what errors call one
   * @param apartFrom bytes from which on an item has a block of its own, up to 8192
   */
  constructor(queue: SharedObject, owner: number = blockOf(queue).ref, root: string = 'item', apartFrom: number = mostApartFrom) {
    this.#owner = owner;
    this.#apartFrom = apartFrom;
    this.#root = root;
    this.#large = new LargeItem(root);
  }

  /**
   * Encodes an item.
   *
   * @param transfer buffers that the sender loses
   * @param batch where its words go, if it is one of several
   * @throws SerializationError; HeddleError if the heap is full
   */
  pack(value: unknown, transfer?: readonly ArrayBuffer[], batch?: Batch): Packed {
    if (typeof value !== 'object' && transfer === undefined && batch === undefined) {
      const { words, bytes } = (this.#scratch ??= newScratch());
      const length = encodeSimple(bytes, value);
      if (length > 0) return { kind: MESSAGE, words, length, from: 0, isOwn: false };
    }
    const encoder = takeEncoder();
    const isNested = this.#isPacking;
    const large = isNested ? new LargeItem(this.#root) : this.#large;
    this.#isPacking = true;
    try {
      encoder.encode(value, large.optionsFor(transfer));
      const { bytes, start, end, handles } = encoder;
      let packed: Packed;
      if (bytes === large.bytes) packed = this.#inBlock(large.take(), end, handles as SharedObject[], encoder.modules);
      else if (end - start < this.#apartFrom && handles.length === 0)
        packed = batch?.add(bytes, start, end) ?? this.#small(bytes, start, end, encoder.words);
      else packed = this.#withParcel(bytes.subarray(start, end), handles as SharedObject[], encoder.modules);
      if (transfer === undefined) return packed;
      try {
        encoder.takeMoved();
      } catch (error) {
        this.drop(packed);
        throw error;
      }
      return packed;
    } finally {
      large.free();
      this.#isPacking = isNested;
      encoder.release();
    }
  }

  /** @param words those that the message is in already, up to the next one */
  #small(bytes: Uint8Array, start: number, end: number, words?: Int32Array): Packed {
    if (words !== undefined) return { kind: MESSAGE, words, length: end - start, from: 0, isOwn: false };
    const scratch = (this.#scratch ??= newScratch());
    copySmall(scratch.words, scratch.bytes, 0, bytes, start, end);
    return { kind: MESSAGE, words: scratch.words, length: end - start, from: 0, isOwn: false };
  }

  #withParcel(bytes: Uint8Array, handles: readonly SharedObject[], modules: readonly string[]): Packed {
    if (bytes.length < this.#apartFrom) {
      const words = new Int32Array(1 + ((bytes.length + 3) >> 2));
      new Uint8Array(words.buffer, 4).set(bytes);
      words[0] = makeParcel(handles, { owner: this.#owner, isHeld: true });
      return { kind: MESSAGE | PARCEL, words, length: 4 + bytes.length, isOwn: true };
    }
    const block = allocateFilled(wordsFor(bytes.length));
    try {
      copyBlock(block, bytes, true);
    } catch (error) {
      freeOwned(block);
      throw error;
    }
    return this.#inBlock(block, bytes.length, handles, modules);
  }

  /** A message that is just these bytes. @throws HeddleError if the heap is full */
  packBytes(bytes: Uint8Array): Packed {
    const packed = bytes.length < this.#apartFrom ? this.#small(bytes, 0, bytes.length) : this.#withParcel(bytes, [], none);
    return { ...packed, kind: packed.kind | BYTES };
  }

  /** How many bytes such a message has. */
  lengthOf({ kind, words, length, from = 0 }: Taken): number {
    return (kind & APART) === 0 ? length : words[from + 1]!;
  }

  /** The bytes of such a message that was taken: a copy that belongs to the caller, or a view of the message's own block. */
  openBytes(message: Taken): Uint8Array {
    const { kind, words, length, from = 0 } = message;
    if ((kind & APART) === 0) return bytesOf(message).slice(from * 4, from * 4 + length);
    const { bytes: block } = unpack(words[from]!);
    const count = words[from + 1]!;
    const view = showBlock(block!, 0, count);
    if (view !== undefined) return new Uint8Array(view);
    const copy = new Uint8Array(count);
    emptyBlock(block!, copy);
    return copy;
  }

  /** Copies the bytes of such a message that was taken to where they fit. Returns how many. */
  copyBytes(message: Taken, target: Uint8Array): number {
    const { kind, words, length, from = 0 } = message;
    if ((kind & APART) === 0) {
      target.set(bytesOf(message).subarray(from * 4, from * 4 + length));
      return length;
    }
    const { bytes: block } = unpack(words[from]!);
    const count = words[from + 1]!;
    emptyBlock(block!, target.subarray(0, count));
    return count;
  }

  /** The message of an item whose bytes are in a block of its own. */
  #inBlock(block: Block, length: number, handles: readonly SharedObject[], modules: readonly string[]): Packed {
    try {
      return apart(makeParcel(handles, { owner: this.#owner, bytes: block, isHeld: true }), length, modules);
    } catch (error) {
      freeOwned(block);
      throw error;
    }
  }

  /**
   * Items are about to come into the queue: a queue that has a rule for those of one kind holds to it from now on.
   *
   * @throws TypeError if one may not come; then none does
   */
  admit(_messages: readonly Packed[]): void {}

  /** A parcel that no consumer will open. */
  dropParcel(parcel: number): void {
    dropParcel(parcel);
  }

  /** An item that came into no queue, or is thrown away. */
  drop({ kind, words, from = 0 }: Pick<Taken, 'kind' | 'words' | 'from'>): void {
    if ((kind & PARCEL) !== 0) dropParcel(words[from]!);
  }

  /** Keys of the modules that must be loaded before it is opened. */
  modulesOf(message: Taken): readonly string[] {
    const { kind, length, from = 0 } = message;
    if ((kind & BYTES) !== 0) return none;
    const start = from * 4;
    const bytes = bytesOf(message);
    if ((kind & APART) !== 0)
      return length === 8 ? [] : (JSON.parse(decoder.decode(bytes.subarray(start + 8, start + length))) as string[]);
    return modulesOf(bytes, start + ((kind & PARCEL) === 0 ? 0 : 4), start + length);
  }

  /** The value of an item that was taken; its modules are loaded. @throws what its decoding throws; the item is gone then */
  open(message: Taken): unknown {
    const { kind, words, length, from = 0 } = message;
    if ((kind & BYTES) !== 0) return this.openBytes(message);
    const bytes = bytesOf(message);
    const start = from * 4;
    if ((kind & PARCEL) === 0) return decodeMessage(bytes, start, start + length);
    const { objects: handles, bytes: block } = unpack(words[from]!);
    if (block === undefined) return decodeMessage(bytes, start + 4, start + length, { handles });
    return openBlock(block, words[from + 1]!, handles);
  }

  /** Copies the part of an item that must be read before other threads may take it. In the mutex. */
  peek(message: Message): Peeked {
    const { kind, words, from = 0 } = message;
    if ((kind & PARCEL) === 0) return { message, handles: [], bytes: undefined };
    const { objects: handles, bytes: block } = peekParcel(words[from]!);
    if (block === undefined) return { message, handles, bytes: undefined };
    const bytes = new Uint8Array(words[from + 1]!);
    copyBlock(block, bytes, false);
    return { message, handles, bytes };
  }

  /** As `open`, of an item that stays where it is. */
  openPeeked({ message, handles, bytes }: Peeked): unknown {
    if ((message.kind & PARCEL) === 0) return this.open(message);
    const start = (message.from ?? 0) * 4;
    if (bytes === undefined) return decodeMessage(bytesOf(message), start + 4, start + message.length, { handles });
    return decodeMessage(bytes, 0, bytes.length, { handles });
  }
}

/** The same message, in words that the next one does not overwrite. */
export function own(message: Packed): Packed {
  if (message.isOwn) return message;
  return { ...message, words: message.words.slice(0, (message.length + 3) >> 2), isOwn: true };
}
