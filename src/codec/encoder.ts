/** From values to a packet. */

import { SerializationError } from '../errors.ts';
import type { Transferable } from 'node:worker_threads';
import { type Attachment, Encoding } from './encoding.ts';
import { checkTransfer, detach, unmark } from './move.ts';
import type { Border, Packet } from './packet.ts';
import { Writer } from './writer.ts';

export interface EncodeOptions {
  readonly border: Border;
  /** How paths in errors begin. Default `value`. */
  readonly root?: string | undefined;
  /** Buffers that change owner, as with `structuredClone`. */
  readonly transfer?: readonly unknown[] | undefined;
  /** The bytes alone must be the whole message: large buffers are not put beside them. Default false. */
  readonly inline?: boolean | undefined;
  /** The packet may be sent more than once: nothing in it changes owner on the way. Default false. */
  readonly keep?: boolean | undefined;
}

/** Packets are built here and copied out, so that small ones need no growing. One user at a time. */
let spare: Uint8Array | undefined;
const SPARE_SIZE = 16 * 1024;

/**
 * Puts several messages into one packet. They are independent: each has its own shared references, and one that
 * cannot be written leaves the packet as it was.
 */
export class Encoder {
  readonly #encoding: Encoding;
  readonly #memory: Uint8Array;
  readonly #keep: boolean;
  #count = 0;

  constructor(options: EncodeOptions) {
    this.#keep = options.keep === true;
    this.#memory = spare ?? Buffer.allocUnsafeSlow(SPARE_SIZE);
    spare = undefined;
    this.#encoding = new Encoding(new Writer(this.#memory), options.border, options.inline === true, checkTransfer(options.transfer));
  }

  /** How many messages there are. */
  get count(): number {
    return this.#count;
  }

  /** The size in bytes so far, without what goes beside the bytes. */
  get size(): number {
    return this.#encoding.writer.position;
  }

  /**
   * @param root how paths in errors begin: `args`
   * @throws SerializationError if something in it cannot cross; the message says where and what
   */
  add(value: unknown, root: string = 'value'): void {
    const encoding = this.#encoding;
    const mark = encoding.mark();
    try {
      encoding.message(value, root);
    } catch (error) {
      const told = error instanceof SerializationError ? error : encoding.refusal(`reading it threw ${inShort(error)}`, error);
      encoding.abandon(mark);
      throw told;
    }
    this.#count += 1;
  }

  /** Closes the packet. Only now moved buffers are taken from their owner. */
  finish(): Packet {
    const { writer, attachments, modules, signals } = this.#encoding;
    const moved = this.#takeMoved();
    const transfer: Transferable[] = [];
    const values = attachments.map(({ value, how }) => {
      const mine = moved.get(value) ?? value;
      if (how === 'port' || (how !== 'share' && !this.#keep)) transfer.push(mine as Transferable);
      return mine;
    });
    writer.uint32(this.#count);
    const { bytes, position } = writer;
    const isSpare = bytes.buffer === this.#memory.buffer;
    if (isSpare) spare = this.#memory;
    return {
      bytes: ownBytes(bytes, position),
      attachments: values,
      transfer,
      modules,
      signals,
    };
  }

  /** Detaches what is moved, all or nothing; the memory that goes beside the bytes comes back in new buffers. */
  #takeMoved(): ReadonlyMap<unknown, ArrayBuffer> {
    const { attachments, detached } = this.#encoding;
    const moved = attachments.filter(isMovedBuffer).map(({ value }) => value as ArrayBuffer);
    const old = [...moved, ...detached];
    let fresh: ArrayBuffer[];
    try {
      fresh = detach(old);
    } catch (error) {
      throw new SerializationError('an ArrayBuffer that is to be moved belongs to something else and cannot be taken away', { cause: error });
    }
    for (const buffer of old) unmark(buffer);
    return new Map(moved.map((buffer, i) => [buffer, fresh[i] as ArrayBuffer]));
  }
}

const isMovedBuffer = ({ how }: Attachment): boolean => how === 'move';

/** Bytes that belong to the packet alone. Large ones stay where they are, at the start of a somewhat larger buffer. */
function ownBytes(bytes: Uint8Array, length: number): Uint8Array {
  if (length > SPARE_SIZE * 4 && length > bytes.length / 2) return new Uint8Array(bytes.buffer, bytes.byteOffset, length);
  const own = new Uint8Array(length);
  own.set(bytes.subarray(0, length));
  return own;
}

function inShort(error: unknown): string {
  try {
    return String(error).split('\n', 1)[0] as string;
  } catch {
    return 'something that cannot be named';
  }
}

/**
 * Encodes one value.
 *
 * @throws SerializationError if something in it cannot cross; the message says where and what
 */
export function encode(value: unknown, options: EncodeOptions): Packet {
  const encoder = new Encoder(options);
  encoder.add(value, options.root ?? 'value');
  return encoder.finish();
}
