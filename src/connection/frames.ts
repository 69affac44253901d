/**
 * Messages on a stream socket, one behind the other, each with its length in front.
 *
 *   length: 4 bytes, little endian   kind: 1 byte   three zeros   the bytes
 *
 * Messages that lie whole in a chunk are views of it; a longer one gets memory of its own, which is as long as its header says.
 */

import { HeddleError } from '../errors.ts';

export const headerSize = 8;
/** Bytes of the longest message. */
export const longestMessage = 0x7fff_ffff;
/** An encoded value. */
export const VALUE = 1;
/** Bytes as they are. */
export const BYTES = 2;

export interface Message {
  readonly kind: number;
  readonly bytes: Uint8Array;
  /** The number in order of arrival. */
  readonly number: number;
}

export function writeHeader(into: Uint8Array, length: number, kind: number): void {
  into[0] = length & 0xff;
  into[1] = (length >>> 8) & 0xff;
  into[2] = (length >>> 16) & 0xff;
  into[3] = length >>> 24;
  into[4] = kind;
  into[5] = 0;
  into[6] = 0;
  into[7] = 0;
}

const lengthIn = (header: Uint8Array, at: number): number =>
  (header[at]! | (header[at + 1]! << 8) | (header[at + 2]! << 16) | (header[at + 3]! << 24)) >>> 0;

export class FrameReader {
  readonly #onMessage: (message: Message) => void;
  readonly #header: Uint8Array = new Uint8Array(headerSize);
  /** Bytes of the header, or of the body if that has begun, that are there. */
  #filled = 0;
  #body: Uint8Array | undefined;
  #kind = 0;
  #last = 0;

  constructor(onMessage: (message: Message) => void) {
    this.#onMessage = onMessage;
  }

  /** False: a message has begun and is not there whole. */
  get isBetween(): boolean {
    return this.#body === undefined && this.#filled === 0;
  }

  /** Where the next bytes belong, if the message that has begun is long: they can be read straight into it, and are counted by `filled`. */
  get target(): Uint8Array | undefined {
    return this.#body?.subarray(this.#filled);
  }

  filled(count: number): void {
    this.#filled += count;
    if (this.#filled === this.#body!.length) this.#finish();
  }

  /** @throws HeddleError if the bytes are not messages */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body === undefined) at = this.#readHeader(chunk, at);
      else {
        const count = Math.min(this.#body.length - this.#filled, chunk.length - at);
        this.#body.set(chunk.subarray(at, at + count), this.#filled);
        at += count;
        this.filled(count);
      }
    }
  }

  #finish(): void {
    const bytes = this.#body!;
    this.#body = undefined;
    this.#filled = 0;
    this.#onMessage({ kind: this.#kind, bytes, number: (this.#last += 1) });
  }

  /** Reads a header, and the message behind it if that is in the chunk. Returns the place behind. */
  #readHeader(chunk: Uint8Array, from: number): number {
    const count = Math.min(headerSize - this.#filled, chunk.length - from);
    this.#header.set(chunk.subarray(from, from + count), this.#filled);
    this.#filled += count;
    const at = from + count;
    if (this.#filled < headerSize) return at;
    this.#filled = 0;
    const [length, kind] = [lengthIn(this.#header, 0), this.#header[4]!];
    if (length > longestMessage || (kind !== VALUE && kind !== BYTES) || this.#header.subarray(5).some((byte) => byte !== 0))
      throw new HeddleError('the other end of the connection sent bytes that are no message');
    if (chunk.length - at >= length) {
      this.#onMessage({ kind, bytes: chunk.subarray(at, at + length), number: (this.#last += 1) });
      return at + length;
    }
    this.#kind = kind;
    this.#body = new Uint8Array(length);
    return at;
  }
}
