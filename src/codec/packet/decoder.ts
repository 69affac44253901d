/** From a packet to values. The packet's modules must be loaded: see prepare.ts. */

import { courier } from '../function/index.ts';
import { type Numbers, numbersOf, rowHeadOf } from '../kinds/number-row.ts';
import { decodeFlat } from '../message/decoder.ts';
import { another, readFew } from '../message/few.ts';
import { ONE_FLAT } from '../message/form.ts';
import { Decoding } from './decoding.ts';
import type { Border, Encoded, Packet } from './packet.ts';
import { damaged } from './reader.ts';

export interface DecodeOptions {
  /** The packet will be decoded again: buffers beside the bytes are copied, not given away. Default false. */
  readonly again?: boolean | undefined;
}

/** Reads the messages of a packet one by one. A message that throws does not spoil the next. */
export class Decoder {
  readonly border: Border;
  readonly #decoding: Decoding = new Decoding();
  /** How many messages the packet holds. */
  readonly count: number;
  /** The messages, if the packet is a row of numbers. */
  readonly numbers: Numbers | undefined;
  #read = 0;

  constructor(packet: Encoded, border: Border, options?: DecodeOptions) {
    this.border = border;
    const { reader } = this.#decoding;
    reader.reset(packet.bytes, 0, packet.bytes.length);
    const last = reader.uint32AtEnd();
    const row = rowHeadOf(last);
    if (row !== undefined && reader.left !== row.count * (row.isDouble ? 8 : 4)) throw damaged('it has another length than it says');
    this.count = row?.count ?? (last === ONE_FLAT ? 1 : last);
    this.numbers = row === undefined ? undefined : numbersOf(packet.bytes, row);
    this.#decoding.beside = packet;
    this.#decoding.again = options?.again === true;
  }

  /** True after the last message. */
  get done(): boolean {
    return this.#read === this.count;
  }

  /** AbortSignals that came with the last message. A collected signal cannot be aborted; the decoder keeps these alive. */
  get signals(): readonly AbortSignal[] {
    return this.#decoding.signals;
  }

  /** @throws SerializationError if the bytes are damaged; whatever user code threw that had to run */
  next(): unknown {
    if (this.done) throw damaged('there is no further message');
    if (this.numbers !== undefined) return this.numbers[this.#read++];
    this.#read += 1;
    return this.#decoding.message(this.done);
  }
}

/** The first value of a packet. */
export function decode(packet: Encoded, border: Border, options?: DecodeOptions): unknown {
  const { bytes } = packet;
  // The last byte tells.
  if (bytes[bytes.length - 1] === ONE_FLAT >>> 24) {
    const value = readFew(bytes);
    return value === another ? decodeFlat(bytes, 0, bytes.length - 4) : value;
  }
  return new Decoder(packet, border, options).next();
}

/** All values of a packet. */
export function decodeAll(packet: Encoded, border: Border, options?: DecodeOptions): unknown[] {
  const decoder = new Decoder(packet, border, options);
  const values: unknown[] = [];
  while (!decoder.done) values.push(decoder.next());
  return values;
}

/** Loads the modules that a packet needs before it can be decoded; `undefined` if all are loaded. */
export function prepare(packet: Pick<Packet, 'modules'>): Promise<void> | undefined {
  return packet.modules.length === 0 ? undefined : courier.loadModules(packet.modules);
}

/**
 * Loads them in the middle of a synchronous call.
 *
 * @throws SerializationError if one of the modules can be loaded by `import()` alone, as those with a top-level `await`
 */
export function prepareSync(modules: readonly string[]): void {
  if (modules.length > 0) courier.requireModules(modules);
}
