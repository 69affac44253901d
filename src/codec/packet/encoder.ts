/** From values to a packet. */

import { handleDoor } from '../../handles.ts';
import { InvalidStateError, SerializationError } from '../../errors.ts';
import type { Transferable } from 'node:worker_threads';
import { type Attachment, Encoding, inShort, nothing } from './encoding.ts';
import { FlatWriter } from '../message/flat-writer.ts';
import { writeFew } from '../message/few.ts';
import { ONE_FLAT } from '../message/form.ts';
import { checkTransfer, detach, unmark } from '../objects/move.ts';
import { type NumberRow, releaseRow, takeRow } from '../kinds/number-row.ts';
import type { Border, Packet } from './packet.ts';
import { withoutRemedy } from './remedies.ts';
import type { Place } from './trail.ts';
import { memory, Writer } from './writer.ts';

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
  /** Copies of large buffers for a thread are lent: the packet is to be given back when it has been read, and may be sent more than once. Default `keep`. */
  readonly lends?: boolean | undefined;
  /** Of one value: it is an array of heddle's own, such as arguments, which has nothing but elements. Default false. */
  readonly isOwnList?: boolean | undefined;
  /** Of one value: it was thrown. Errors in it arrive without those of their parts that cannot cross, and say so. Default false. */
  readonly isThrown?: boolean | undefined;
  /** Several values follow: if all are numbers, the packet is one typed array. Default false. */
  readonly isSeries?: boolean | undefined;
}

/** Packets are built in memory that is used again and copied out of it. A second encoder at the same time makes its own. */
let spare: Desk | undefined;
const SPARE_SIZE = 16 * 1024;

const none: never[] = [];

/** The tools of an encoder. */
interface Desk {
  readonly encoding: Encoding;
  /** Writes a message that stands alone, for as long as it is flat. */
  readonly flat: FlatWriter;
}

function newDesk(): Desk {
  const encoding = new Encoding(new Writer(memory(SPARE_SIZE)));
  return { encoding, flat: new FlatWriter(encoding) };
}
/** From this length on a row of numbers is shorter to say, or faster to write, than its numbers one by one. */
const ROW_FROM = 4;

/**
 * Puts several messages into one packet. Messages are independent: each has its own shared references, and one that cannot be written
 * leaves the packet as it was.
 */
export class Encoder {
  #encoding: Encoding | undefined;
  readonly #desk: Desk;
  readonly #keep: boolean;
  /** All values so far, if they are numbers of a series. */
  #row: NumberRow | undefined;
  #count = 0;
  /** True if its only message is flat. */
  #isFlat = false;

  constructor(options: EncodeOptions) {
    const desk = spare ?? newDesk();
    const { encoding } = desk;
    spare = undefined;
    this.#desk = desk;
    encoding.border = options.border;
    encoding.inline = options.inline === true || options.border.kind === 'network';
    encoding.lends = options.lends === true || options.keep === true;
    if (options.transfer !== undefined && options.transfer.length > 0) encoding.transfer = checkTransfer(options.transfer);
    this.#keep = options.keep === true;
    this.#encoding = encoding;
    if (options.isSeries === true) this.#row = takeRow();
  }

  /** How many messages there are. */
  get count(): number {
    return this.#count;
  }

  /** The size in bytes so far, without what goes beside the bytes. */
  get size(): number {
    return this.#row?.size ?? this.#encoding?.writer.position ?? 0;
  }

  /** The same, with the memory that goes beside the bytes. Shared memory counts where this thread first sends it. */
  get weight(): number {
    if (this.#row !== undefined) return this.#row.size;
    const encoding = this.#encoding;
    return encoding === undefined ? 0 : encoding.writer.position + encoding.beside;
  }

  /**
   * @param root how paths in errors begin: `args`, or the place of an item
   * @param isThrown the value was thrown: errors in it arrive without those of their parts that cannot cross, and say so
   * @throws SerializationError if something in it cannot cross; the message says where and what
   */
  add(value: unknown, root: Place = 'value', isThrown: boolean = false): void {
    if (this.#row !== undefined) {
      if (typeof value === 'number') {
        this.#row.add(value);
        this.#count += 1;
        return;
      }
      this.#spill(this.#row);
    }
    const encoding = this.#open();
    encoding.isThrown = isThrown;
    const mark = encoding.mark();
    for (let isWritten = false; !isWritten; ) {
      try {
        encoding.message(value, root);
        isWritten = true;
      } catch (error) {
        const told = error instanceof SerializationError ? error : encoding.refusal(`reading it threw ${inShort(error)}`, error);
        const field = isThrown ? encoding.trail.errorField() : undefined;
        encoding.abandon(mark);
        if (field === undefined || !encoding.omitted.add(field, withoutRemedy(told.message))) {
          encoding.omitted.clear();
          throw told;
        }
      }
    }
    encoding.omitted.clear();
    this.#count += 1;
  }

  /**
   * Adds the only message.
   *
   * @param isOwnList it is an array of heddle's own, which has nothing but elements
   * @throws SerializationError as `add` does
   */
  addOnly(value: unknown, root: string, isOwnList: boolean = false): void {
    const encoding = this.#open();
    const { flat } = this.#desk;
    encoding.isThrown = false;
    encoding.trail.start(root);
    try {
      if (isOwnList) flat.list(value as unknown[]);
      else flat.value(value);
      this.#isFlat = !flat.isGeneral;
      if (!this.#isFlat) encoding.finish();
    } catch (error) {
      const told = error instanceof SerializationError ? error : encoding.refusal(`reading it threw ${inShort(error)}`, error);
      encoding.abandon(nothing);
      throw told;
    } finally {
      flat.forget();
    }
    this.#count = 1;
  }

  /** Closes the packet, which ends the encoder. Only now moved buffers are taken from their owner. */
  finish(): Packet {
    const row = this.#row;
    if (row !== undefined && row.length >= ROW_FROM) {
      const bytes = row.toPacket();
      this.discard();
      return { bytes, attachments: none, transfer: none, modules: none, signals: none, handles: none };
    }
    if (row !== undefined) this.#spill(row);
    const encoding = this.#open();
    const { writer, modules, signals, handles } = encoding;
    const { attachments, transfer } = this.#takeAttachments(encoding);
    writer.uint32(this.#isFlat ? ONE_FLAT : this.#count);
    const { bytes, position } = writer;
    const isLarge = bytes.length > SPARE_SIZE;
    const shared = handles.length === 0 ? none : handles.toArray();
    if (handles.length > 0) handleDoor()!.pin(shared);
    const packet = {
      bytes: isLarge ? ownBytes(bytes, position) : copyOf(bytes, position),
      attachments,
      transfer,
      modules: modules.length === 0 ? none : [...modules],
      signals: signals.length === 0 ? none : [...signals],
      handles: shared,
    };
    this.discard();
    return packet;
  }

  /** Ends the encoder without a packet. */
  discard(): void {
    const encoding = this.#open();
    if (this.#row !== undefined) releaseRow(this.#row);
    this.#row = undefined;
    this.#encoding = undefined;
    if (encoding.writer.bytes.length > SPARE_SIZE) return;
    if (this.#isFlat) encoding.writer.position = 0;
    else encoding.reset();
    spare = this.#desk;
  }

  /** Ends a row: its numbers are written one by one. */
  #spill(row: NumberRow): void {
    const { writer } = this.#open();
    for (let i = 0; i < row.length; i += 1) writer.number(row.at(i));
    releaseRow(row);
    this.#row = undefined;
  }

  #open(): Encoding {
    if (this.#encoding === undefined) throw new InvalidStateError('the packet is finished');
    return this.#encoding;
  }

  #takeAttachments(encoding: Encoding): Pick<Packet, 'attachments' | 'transfer'> {
    const { attachments, detached } = encoding;
    if (attachments.length === 0 && detached.length === 0) return { attachments: none, transfer: none };
    const moved = this.#takeMoved(encoding);
    const transfer: Transferable[] = [];
    const values = attachments.map(({ value, how }) => {
      const mine = moved.get(value) ?? value;
      if (how === 'port' || (how !== 'share' && !this.#keep)) transfer.push(mine as Transferable);
      return mine;
    });
    return { attachments: values, transfer };
  }

  /** Detaches what is moved, all or nothing; the memory that goes beside the bytes comes back in new buffers. */
  #takeMoved(encoding: Encoding): ReadonlyMap<unknown, ArrayBuffer> {
    const { attachments, detached } = encoding;
    const moved = attachments.filter(isMovedBuffer).map(({ value }) => value as ArrayBuffer);
    const old = [...moved, ...detached];
    let fresh: ArrayBuffer[];
    try {
      fresh = detach(old);
    } catch (error) {
      throw new SerializationError('an ArrayBuffer that is to be moved belongs to something else and cannot be taken away', {
        cause: error,
      });
    }
    for (const buffer of old) unmark(buffer);
    return new Map(moved.map((buffer, i) => [buffer, fresh[i] as ArrayBuffer]));
  }
}

/** The most bytes that a loop copies faster than a call. */
const FEW = 64;

const isMovedBuffer = ({ how }: Attachment): boolean => how === 'move';

/** Bytes of their own. Large ones stay where they are, at the start of a somewhat larger buffer. */
function ownBytes(bytes: Uint8Array, length: number): Uint8Array {
  return length > bytes.length / 2 ? new Uint8Array(bytes.buffer, bytes.byteOffset, length) : copyOf(bytes, length);
}

function copyOf(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  if (length > FEW) copy.set(bytes.subarray(0, length));
  else for (let i = 0; i < length; i += 1) copy[i] = bytes[i]!;
  return copy;
}

/**
 * Encodes one value.
 *
 * @throws SerializationError if something in it cannot cross; the message says where and what
 */
export function encode(value: unknown, options: EncodeOptions): Packet {
  if (options.isThrown !== true && (options.transfer === undefined || options.transfer.length === 0)) {
    const bytes = writeFew(value, options.isOwnList === true);
    if (bytes !== undefined) return { bytes, attachments: none, transfer: none, modules: none, signals: none, handles: none };
  }
  const encoder = new Encoder(options);
  try {
    if (options.isThrown === true) encoder.add(value, options.root, true);
    else encoder.addOnly(value, options.root ?? 'value', options.isOwnList);
  } catch (error) {
    encoder.discard();
    throw error;
  }
  return encoder.finish();
}
