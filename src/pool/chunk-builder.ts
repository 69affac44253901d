/** Items of a map on their way into a chunk: encoded one by one, sealed together. */

import { expected } from '../check.ts';
import { type Border, Encoder, type Packet, itemPlace } from '../codec/index.ts';
import { TypeError } from '../refusals.ts';

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
}

export class ChunkBuilder {
  readonly #border: Border;
  readonly #isSpread: boolean;
  #encoder: Encoder | undefined;
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

  /** Ends the chunk; undefined: it has no items. */
  seal(): Sealed | undefined {
    const encoder = this.#encoder;
    if (this.length === 0 || encoder === undefined) return undefined;
    const { weight } = encoder;
    const sealed = { packet: encoder.finish(), firstIndex: this.#firstIndex, count: this.length, weight, isTaken: this.isTaken };
    this.#encoder = undefined;
    this.length = 0;
    this.isTaken = false;
    return sealed;
  }
}

/** An item of `starmap`: Python spreads any iterable, and so do we. */
function checkArguments(item: unknown, index: number): void {
  if (typeof (item as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw new TypeError(expected(`items[${index}]`, 'a list of arguments', item));
}
