/**
 * Items as messages. The receiver is not known, so an item is encoded for any: what only the threads of one process can share, and an AbortSignal, is refused.
 *
 *    small, without handles      the bytes, in the ring
 *    with handles                a parcel that the queue owns, then the bytes
 *    from 8 KiB on               a parcel, and in it a block with the bytes
 *
 * A parcel lives as long as its queue, or until it is opened.
 */

import { decodeMessage, modulesOf, takeEncoder } from '../codec/index.ts';
import {
  allocateOwned,
  type Block,
  blockOf,
  dropParcel,
  freeOwned,
  makeParcel,
  placeOf,
  segmentSize,
  type SharedObject,
  theAgent,
  unpack,
  viewOfBlock,
} from '../memory/index.ts';
import { APART, BYTES, MESSAGE, PARCEL } from './ring.ts';
import type { Message, Outgoing } from './store.ts';

/** Bytes of an item that has a block of its own. */
const apartFrom = 8192;
/** Words of a block before the bytes. */
const blockHead = 4;
/** Bytes up to which a loop is faster than a call. */
const loopLimit = 64;

/** A message that was taken; `bytes` are those of its words, where they are known. */
export type Taken = Pick<Message, 'kind' | 'words' | 'length'> & { readonly bytes?: Uint8Array | undefined };

const bytesOf = ({ bytes, words }: Taken): Uint8Array => bytes ?? new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

/** Copies bytes into a block, which may lie in several segments; or out of it. */
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

/** From this size on memory in an item is a view of the item's own block. */
const viewFrom = 65_536;
/** Bytes of views that this thread has been given and that are not garbage yet; above it memory is copied, as no finalizer runs in a loop that blocks. */
const mostViewed = 64 * 2 ** 20;
let viewed = 0;

/** The value of an item whose bytes are in a block of its own. */
function openBlock(block: Block, length: number, handles: readonly object[]): unknown {
  const { memory } = theAgent();
  if (length < viewFrom || memory.kind !== 'native') return decodeCopy(block, length, handles);
  let isGiven = false;
  const viewOf = (start: number, count: number): ArrayBuffer | undefined => {
    if (isGiven || count < viewFrom || viewed + count > mostViewed) return undefined;
    const view = viewOfBlock(block, blockHead * 4 + start, count, () => (viewed -= count));
    isGiven = true;
    viewed += count;
    return view;
  };
  try {
    return decodeMessage(memory.bytes(placeOf(block, blockHead), length), 0, length, { handles, viewOf });
  } finally {
    if (!isGiven) freeOwned(block);
  }
}

function decodeCopy(block: Block, length: number, handles: readonly object[]): unknown {
  const copy = new Uint8Array(length);
  copyBlock(block, copy, false);
  freeOwned(block);
  return decodeMessage(copy, 0, length, { handles });
}

const decoder = new TextDecoder();
const none: readonly string[] = [];

/** The message of an item whose bytes are in its parcel: how many, and the modules that it needs, so that they are known before it is opened. */
function apart(parcel: number, bytes: number, modules: readonly string[]): Packed {
  const text = modules.length === 0 ? new Uint8Array(0) : new TextEncoder().encode(JSON.stringify(modules));
  const words = new Int32Array(2 + ((text.length + 3) >> 2));
  words[0] = parcel;
  words[1] = bytes;
  new Uint8Array(words.buffer, 8).set(text);
  return { kind: MESSAGE | PARCEL | APART, words, length: 8 + text.length, isOwn: true };
}

/** An item that is on its way into the queue. */
export interface Packed extends Outgoing {
  /** False: its words are overwritten by the next. */
  readonly isOwn: boolean;
}

/** Made with the first item: many a handle never sends one. */
function newScratch(): { readonly words: Int32Array; readonly bytes: Uint8Array } {
  const words = new Int32Array(apartFrom / 4 + 1);
  return { words, bytes: new Uint8Array(words.buffer) };
}

export class Items {
  /** The ref of the block that owns the parcels. */
  readonly #owner: number;
  #scratch: { readonly words: Int32Array; readonly bytes: Uint8Array } | undefined;

  /** @param owner the ref of the block that owns the parcels, where that is not the queue's */
  constructor(queue: SharedObject, owner: number = blockOf(queue).ref) {
    this.#owner = owner;
  }

  /**
   * Encodes an item.
   *
   * @param transfer buffers that the sender loses
   * @throws SerializationError; HeddleError if the heap is full
   */
  pack(value: unknown, transfer?: readonly ArrayBuffer[]): Packed {
    const encoder = takeEncoder();
    try {
      encoder.encode(value, transfer === undefined ? undefined : { transfer });
      const { bytes, start, end, handles } = encoder;
      const packed =
        end - start < apartFrom && handles.length === 0
          ? this.#small(bytes, start, end)
          : this.#withParcel(bytes.subarray(start, end), handles as SharedObject[], encoder.modules);
      if (transfer === undefined) return packed;
      try {
        encoder.takeMoved();
      } catch (error) {
        this.drop(packed);
        throw error;
      }
      return packed;
    } finally {
      encoder.release();
    }
  }

  #small(bytes: Uint8Array, start: number, end: number): Packed {
    const length = end - start;
    const { words, bytes: copy } = (this.#scratch ??= newScratch());
    // The rest of the last word is to be zeros.
    words[length >> 2] = 0;
    if (length <= loopLimit) for (let i = 0; i < length; i += 1) copy[i] = bytes[start + i]!;
    else copy.set(bytes.subarray(start, end));
    return { kind: MESSAGE, words, length, isOwn: false };
  }

  #withParcel(bytes: Uint8Array, handles: readonly SharedObject[], modules: readonly string[]): Packed {
    const owner = this.#owner;
    if (bytes.length < apartFrom) {
      const words = new Int32Array(1 + ((bytes.length + 3) >> 2));
      new Uint8Array(words.buffer, 4).set(bytes);
      words[0] = makeParcel(handles, { owner });
      return { kind: MESSAGE | PARCEL, words, length: 4 + bytes.length, isOwn: true };
    }
    return apart(this.#parcelWith(bytes, handles), bytes.length, modules);
  }

  #parcelWith(bytes: Uint8Array, handles: readonly SharedObject[]): number {
    const block = allocateOwned(blockHead + ((bytes.length + 3) >> 2));
    try {
      copyBlock(block, bytes, true);
      return makeParcel(handles, { owner: this.#owner, bytes: block });
    } catch (error) {
      freeOwned(block);
      throw error;
    }
  }

  /** A message that is just these bytes. @throws HeddleError if the heap is full */
  packBytes(bytes: Uint8Array): Packed {
    const packed = bytes.length < apartFrom ? this.#small(bytes, 0, bytes.length) : apart(this.#parcelWith(bytes, []), bytes.length, []);
    return { ...packed, kind: packed.kind | BYTES };
  }

  /** How many bytes such a message has. */
  lengthOf({ kind, words, length }: Taken): number {
    return (kind & APART) === 0 ? length : words[1]!;
  }

  /** The bytes of such a message that was taken: a copy that belongs to the caller, or a view of the message's own block. */
  openBytes(message: Taken): Uint8Array {
    const { kind, words, length } = message;
    if ((kind & APART) === 0) return bytesOf(message).slice(0, length);
    const { bytes: block } = unpack(words[0]!);
    const count = words[1]!;
    if (count >= viewFrom && theAgent().memory.kind === 'native' && viewed + count <= mostViewed) {
      viewed += count;
      return new Uint8Array(viewOfBlock(block!, blockHead * 4, count, () => (viewed -= count)));
    }
    const copy = new Uint8Array(count);
    copyBlock(block!, copy, false);
    freeOwned(block!);
    return copy;
  }

  /** Copies the bytes of such a message that was taken to where they fit. Returns how many. */
  copyBytes(message: Taken, target: Uint8Array): number {
    const { kind, words, length } = message;
    if ((kind & APART) === 0) {
      target.set(bytesOf(message).subarray(0, length));
      return length;
    }
    const { bytes: block } = unpack(words[0]!);
    const count = words[1]!;
    copyBlock(block!, target.subarray(0, count), false);
    freeOwned(block!);
    return count;
  }

  /** A parcel that no consumer will open. */
  dropParcel(parcel: number): void {
    dropParcel(parcel);
  }

  /** An item that came into no queue, or is thrown away. */
  drop({ kind, words }: Pick<Taken, 'kind' | 'words'>): void {
    if ((kind & PARCEL) !== 0) dropParcel(words[0]!);
  }

  /** Keys of the modules that must be loaded before it is opened. */
  modulesOf(message: Taken): readonly string[] {
    const { kind, words, length } = message;
    if ((kind & BYTES) !== 0) return none;
    if ((kind & APART) !== 0)
      return length === 8 ? [] : (JSON.parse(decoder.decode(new Uint8Array(words.buffer, words.byteOffset + 8, length - 8))) as string[]);
    const from = (kind & PARCEL) === 0 ? 0 : 4;
    return modulesOf(bytesOf(message), from, length);
  }

  /** The value of an item that was taken; its modules are loaded. @throws what its decoding throws; the item is gone then */
  open(message: Taken): unknown {
    const { kind, words, length } = message;
    if ((kind & BYTES) !== 0) return this.openBytes(message);
    const bytes = bytesOf(message);
    if ((kind & PARCEL) === 0) return decodeMessage(bytes, 0, length);
    const { objects: handles, bytes: block } = unpack(words[0]!);
    if (block === undefined) return decodeMessage(bytes, 4, length, { handles });
    return openBlock(block, words[1]!, handles);
  }
}

/** The same message, in words that the next one does not overwrite. */
export function own(message: Packed): Packed {
  if (message.isOwn) return message;
  return { ...message, words: message.words.slice(0, (message.length + 3) >> 2), isOwn: true };
}
