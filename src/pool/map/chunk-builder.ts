/** Items of a map on their way into a chunk: encoded one by one, sealed together. */

import { expected } from '../../check.ts';
import { type Border, encode, Encoder, type Packet, itemPlace } from '../../codec/index.ts';
import { handleDoor } from '../../handles.ts';
import { TypeError } from '../../refusals.ts';

/** A sealed chunk. */
export interface Sealed {
  readonly packet: Packet;
  /** Index in the map of its first item. */
  readonly firstIndex: number;
  readonly count: number;
  /** Bytes, with the memory that travels beside them. */
  readonly weight: number;
  /** The pool was being shut down while an item was encoded: the chunk counts as there before. */
  readonly isTaken: boolean;
  /** The packet is a list that the workers have, and this the index of the first item in it; undefined: the packet is the items. */
  readonly rangeFrom: number | undefined;
}

export class ChunkBuilder {
  readonly #border: Border;
  readonly #isSpread: boolean;
  #encoder: Encoder | undefined;
  /** The list in shared memory that the items are a part of, and where they begin. */
  #range: { readonly packet: Packet; readonly from: number } | undefined;
  /** Items in the chunk that is being filled. */
  length = 0;
  #firstIndex = 0;
  /** True while an item is read and put into the chunk: code of the user's may run. */
  isAdding = false;
  /** The chunk must be sealed with this item. */
  isTaken = false;

  constructor(border: Border, isSpread: boolean) {
    this.#border = border;
    this.#isSpread = isSpread;
  }

  /** Bytes of the chunk that is being filled. */
  get weight(): number {
    return this.#encoder?.weight ?? 0;
  }

  /** @throws what is wrong with the item, or SerializationError if it cannot cross */
  add(item: unknown, index: number): void {
    // The packet is kept until its chunk is done: if a worker is lost, another gets it.
    const encoder = (this.#encoder ??= new Encoder({ border: this.#border, keep: true, isSeries: true }));
    this.isAdding = true;
    try {
      if (this.#isSpread) checkArguments(item, index);
      encoder.add(item, typeof item === 'number' ? 'items' : itemPlace('items', index));
    } finally {
      this.isAdding = false;
    }
    if (this.length++ === 0) this.#firstIndex = index;
  }

  /**
   * Adds `count` items of a list in shared memory, which follow on those that are there.
   *
   * @throws SerializationError if the list cannot cross
   */
  addRange(list: object, from: number, count: number, index: number): void {
    if (this.length === 0) {
      this.#range = { packet: encode(list, { border: this.#border, root: 'items', keep: true }), from };
      this.#firstIndex = index;
    }
    this.length += count;
  }

  /** Ends the chunk; undefined: it has no items. */
  seal(): Sealed | undefined {
    if (this.length === 0) return undefined;
    const { weight } = this;
    const range = this.#range;
    const sealed = {
      packet: range?.packet ?? this.#encoder!.finish(),
      firstIndex: this.#firstIndex,
      count: this.length,
      weight,
      isTaken: this.isTaken,
      rangeFrom: range?.from,
    };
    this.#encoder = undefined;
    this.#range = undefined;
    this.length = 0;
    this.isTaken = false;
    return sealed;
  }

  /** Drops what is not sealed. */
  clear(): void {
    if (this.#range !== undefined) handleDoor()?.unpin(this.#range.packet.handles);
    this.#range = undefined;
    this.#encoder = undefined;
    this.length = 0;
  }
}

/** Tells if workers beyond the border can be sent a part of a shared list. */
export function takesRanges(list: object, border: Border): boolean {
  try {
    handleDoor()!.unpin(encode(list, { border, keep: true }).handles);
    return true;
  } catch {
    // The list is read item by item then.
    return false;
  }
}

/** An item of `starmap`: Python spreads any iterable, and so do we. */
function checkArguments(item: unknown, index: number): void {
  if (typeof (item as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw new TypeError(expected(`items[${index}]`, 'a list of arguments', item));
}
