/**
 * Encodes one value as one message, in memory that is reused: for callers that copy the bytes on to their place, such as a ring. The
 * receiver is not known yet. Only values that any receiver accepts cross, and nothing but handles travels beside the bytes.
 *
 *   encoder = takeEncoder()             each caller has its own, however deep user code is nested in it
 *     encoder.encode(value)             bytes[start, end): the message; `handles`, `modules`
 *     encoder.encode(value)             a further message behind it, with nothing in common with the first
 *     encoder.takeMoved()               only now moved buffers are taken from their owner
 *   encoder.release()                   the memory serves the next
 *
 *   message:  FLAT value   ·   GENERAL value   ·   WITH_MODULES value  n  key…  size of the keys: 4 bytes
 */

import { SerializationError } from '../../errors.ts';
import { Encoding, inShort, nothing } from '../packet/encoding.ts';
import { checkTransfer, detach, unmark } from '../objects/move.ts';
import type { AnyBorder } from '../packet/packet.ts';
import { type Grow, growInHeap, memory, Writer } from '../packet/writer.ts';
import { FlatWriter } from './flat-writer.ts';
import { FLAT, GENERAL, WITH_MODULES } from './form.ts';

export interface MessageOptions {
  /** How paths in errors begin. Default `item`. */
  readonly root?: string | undefined;
  /** Buffers that change owner, as with `structuredClone`. The change happens in {@link MessageEncoder.takeMoved}. */
  readonly transfer?: readonly unknown[] | undefined;
  /**
   * Returns memory of the caller for a message that has no space, instead of the heap's. Undefined: use the heap. Called again when that
   * memory is full: more than the requested size saves a second copy of a large value.
   */
  readonly grow?: ((...args: Parameters<Grow>) => Uint8Array | undefined) | undefined;
  /** Why the receiver may not see the shared objects of this thread: they are refused then. */
  readonly apart?: string | undefined;
  /** With `apart`: by what the receiver knows an object, if it does. */
  readonly nameFor?: AnyBorder['nameFor'];
  /** The general encoder writes all of it: what a message looks like that was never flat. Default false. */
  readonly isGeneral?: boolean | undefined;
}

const SIZE = 16 * 1024;
/** Memory that has grown up to this is used again. */
const KEPT_SIZE = 128 * 1024;

/** Mostly there is one; user code that encodes while it is encoded takes another. */
const spares: MessageEncoder[] = [];
const SPARES = 4;

/** Takes an encoder, which is the caller's until it is released. */
export function takeEncoder(): MessageEncoder {
  return spares.pop() ?? new MessageEncoder();
}

const noBuffers: ArrayBuffer[] = [];
const anywhere: AnyBorder = { kind: 'any' };

export class MessageEncoder {
  #own = memory(SIZE);
  #given: MessageOptions['grow'];
  /** The bytes lie in memory of the caller's. */
  #isGiven = false;
  #noMemory: { readonly error: unknown } | undefined;
  readonly #encoding = new Encoding(new Writer(this.#own, (old, used, size) => this.#grow(old, used, size)));
  readonly #flat = new FlatWriter(this.#encoding);
  #moved: ArrayBuffer[] = noBuffers;
  #words: Int32Array | undefined;
  #wordsOf: Uint8Array | undefined;
  /** Where the last message begins and ends in `bytes`. */
  start = 0;
  end = 0;

  constructor() {
    this.#encoding.border = anywhere;
  }

  /** The messages. Another array after an `encode` that found too little room. */
  get bytes(): Uint8Array {
    return this.#encoding.writer.bytes;
  }

  /**
   * The last message as words of 32 bits, padded with zeros. For callers that copy it before the next message of this thread is encoded.
   * Undefined if it is not aligned to a word, or memory ends behind it.
   */
  get words(): Int32Array | undefined {
    const { bytes } = this;
    const { start, end } = this;
    if (start !== 0 || end + 3 > bytes.length) return undefined;
    if (this.#wordsOf !== bytes) {
      this.#wordsOf = bytes;
      this.#words = bytes.byteOffset % 4 === 0 ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) : undefined;
    }
    if (this.#words !== undefined && (end & 3) !== 0) for (let i = end; (i & 3) !== 0; i += 1) bytes[i] = 0;
    return this.#words;
  }

  /** Shared objects in the last message: they must live until it is opened. */
  get handles(): readonly object[] {
    const { handles } = this.#encoding;
    return handles.length === 0 ? none : handles.toArray();
  }

  /** Keys of the modules that the last message needs, which also stand in it. */
  get modules(): readonly string[] {
    return this.#encoding.modules;
  }

  /**
   * Writes a message behind those that are there.
   *
   * @throws SerializationError if something in it cannot cross; the message says where and what. The earlier messages stay
   * @throws unknown what `grow` threw
   */
  encode(value: unknown, options: MessageOptions = noOptions): void {
    const encoding = this.#encoding;
    const flat = this.#flat;
    const { writer } = encoding;
    const start = writer.position;
    this.#forget();
    encoding.origin = start;
    encoding.border = options.apart === undefined ? anywhere : { kind: 'any', apart: options.apart, nameFor: options.nameFor };
    if (options.transfer !== undefined) encoding.transfer = checkTransfer(options.transfer);
    this.#given = options.grow;
    encoding.trail.start(options.root ?? 'item');
    try {
      writer.byte(FLAT);
      if (options.isGeneral === true) flat.becomeGeneral();
      flat.value(value);
      if (flat.isGeneral) this.#finishGeneral(start);
    } catch (error) {
      throw this.#abandon(start, error);
    }
    this.start = start;
    this.end = writer.position;
  }

  #grow(old: Uint8Array, used: number, size: number): Uint8Array {
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#given?.(old, used, size);
    } catch (error) {
      this.#noMemory = { error };
      throw error;
    }
    this.#isGiven = bytes !== undefined;
    return bytes ?? growInHeap(old, used, size);
  }

  /** Forgets all of the last message but its bytes. */
  #forget(): void {
    if (this.#flat.isGeneral) this.#encoding.forget();
    this.#flat.forget();
  }

  #finishGeneral(start: number): void {
    const encoding = this.#encoding;
    encoding.finish();
    if (encoding.modules.length > 0) this.#writeModules();
    encoding.writer.bytes[start] = encoding.modules.length > 0 ? WITH_MODULES : GENERAL;
    if (encoding.detached.length > 0) this.#moved = [...this.#moved, ...encoding.detached];
  }

  /** Takes back what is written of a message; returns what to throw. */
  #abandon(start: number, error: unknown): unknown {
    const encoding = this.#encoding;
    const isTold = error instanceof SerializationError || error === this.#noMemory?.error;
    const told = isTold ? error : encoding.refusal(`reading it threw ${inShort(error)}`, error);
    this.#noMemory = undefined;
    encoding.abandon({ ...nothing, position: start });
    encoding.forget();
    this.#flat.forget();
    return told;
  }

  #writeModules(): void {
    const { writer, modules } = this.#encoding;
    const from = writer.position;
    writer.varint(modules.length);
    for (const key of modules) writer.text(key);
    writer.uint32(writer.position - from);
  }

  /**
   * Takes from the sender the buffers that are moved, all or none.
   *
   * @throws SerializationError if one of them cannot be taken away
   */
  takeMoved(): void {
    const moved = this.#moved;
    if (moved.length === 0) return;
    this.#moved = noBuffers;
    try {
      detach(moved);
    } catch (error) {
      throw new SerializationError('an ArrayBuffer that is to be moved belongs to something else and cannot be taken away', {
        cause: error,
      });
    }
    for (const buffer of moved) unmark(buffer);
  }

  /** Ends the use of the encoder. Its memory is overwritten from now on; memory that `grow` returned is not touched. */
  release(): void {
    const encoding = this.#encoding;
    this.#forget();
    const { writer } = encoding;
    writer.position = 0;
    if (writer.bytes !== this.#own) {
      if (!this.#isGiven && writer.bytes.length <= KEPT_SIZE) this.#own = writer.bytes;
      else writer.use(this.#own);
    }
    this.#given = undefined;
    this.#isGiven = false;
    this.#moved = noBuffers;
    this.start = 0;
    this.end = 0;
    if (spares.length < SPARES && !spares.includes(this)) spares.push(this);
  }
}

const none: readonly object[] = [];
const noOptions: MessageOptions = {};
