/**
 * Frames between two threads of one process, over a MessagePort: the wire under the links of threads.
 *
 * The frames of a tick go as one message. Short ones are gathered in memory that is always the same and posted as a string of
 * Latin-1 characters, one for each byte: that costs a third of an array, which needs memory of its own on both sides. Others
 * go as an array of bytes that is handed over; long frames keep their bytes beside it, so that they are copied once.
 */

import type { MessagePort, Transferable } from 'node:worker_threads';
import { type Beside, type Frame, attached, frameSize, isBare, outside, readFrame, sizeAt, writeFrame } from './frame.ts';
import type { Parcels } from './parcels.ts';

/** Frames longer than this are not gathered into the batch. */
const long = 64 * 1024;
/** Batches up to this size go as strings. */
const short = 4096;
const scratch = Buffer.allocUnsafeSlow(short);
const scratchView = new DataView(scratch.buffer);

/** Node's own: what a Buffer does around them takes longer than they do. */
const { latin1Slice, latin1Write } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  latin1Write(this: Uint8Array, text: string, at: number, length: number): number;
};

interface Message {
  readonly batch: Uint8Array;
  readonly bytes: readonly Uint8Array[];
  readonly attachments: readonly (readonly unknown[])[];
}

export interface WireEvents {
  onFrame(frame: Frame): void;
  /** The other side has rung. */
  onBell(): void;
  /** Something among the attachments cannot be rebuilt here, and what was lost with it is not known. */
  onDamage(): void;
  onEnd(): void;
  onUnsent(frame: Frame, error: unknown): void;
}

export class PortWire {
  readonly #port: MessagePort;
  readonly #parcels: Parcels;
  readonly #gives: boolean;
  #events: WireEvents | undefined;

  /** @param gives frames are sent once, and so long ones go with their memory instead of a copy */
  constructor(port: MessagePort, parcels: Parcels, gives: boolean) {
    this.#port = port;
    this.#gives = gives;
    this.#parcels = parcels;
  }

  open(events: WireEvents): void {
    this.#events = events;
    this.#port.on('message', (message: string | Uint8Array | Message) => this.#receive(message));
    this.#port.on('messageerror', () => events.onDamage());
    this.#port.on('close', () => events.onEnd());
  }

  ref(): void {
    this.#port.ref();
  }

  unref(): void {
    this.#port.unref();
  }

  close(): void {
    this.#port.close();
  }

  /** Wakes the other side. */
  ring(): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads, not a window
    this.#port.postMessage('');
  }

  postOne(f: Frame): void {
    // Nearly all: nothing in it can be refused.
    if (f.handles.length === 0 && isBare(f)) this.#postShort([f]);
    else this.post([f]);
  }

  /** One frame that is refused must not take its neighbours with it. */
  post(frames: readonly Frame[]): void {
    try {
      for (const f of frames) this.#parcels.pack(f);
      this.#post(frames);
    } catch (error) {
      if (frames.length === 1) {
        this.#parcels.unpack(frames[0]!);
        this.#events?.onUnsent(frames[0]!, error);
      } else for (const f of frames) this.post([f]);
    }
  }

  #post(frames: readonly Frame[]): void {
    let size = 0;
    let isPlain = true;
    for (const f of frames) {
      size += frameSize(f, f.bytes.byteLength < long);
      isPlain &&= f.attachments.length === 0 && f.bytes.byteLength < long;
    }
    if (isPlain && size <= short) return this.#postShort(frames);
    const batch = new Uint8Array(size);
    const view = new DataView(batch.buffer);
    const transfer: Transferable[] = [batch.buffer];
    let bytes: Uint8Array[] | undefined;
    let attachments: (readonly unknown[])[] | undefined;
    let at = 0;
    for (const f of frames) {
      let flags = 0;
      if (f.bytes.byteLength >= long) {
        flags |= outside;
        // postMessage copies the whole buffer under a view, so a part of one is cut out first.
        const isWhole = this.#gives || f.bytes.byteLength === f.bytes.buffer.byteLength;
        const own = isWhole ? f.bytes : f.bytes.slice();
        if (this.#gives || own !== f.bytes) transfer.push(own.buffer as ArrayBuffer);
        (bytes ??= []).push(own);
      }
      if (f.attachments.length > 0) {
        flags |= attached;
        (attachments ??= []).push(f.attachments);
        transfer.push(...f.transfer);
      }
      at = writeFrame(f, batch, view, at, flags);
    }
    if (bytes === undefined && attachments === undefined) this.#port.postMessage(batch, transfer);
    else this.#port.postMessage({ batch, bytes: bytes ?? [], attachments: attachments ?? [] } satisfies Message, transfer);
  }

  #postShort(frames: readonly Frame[]): void {
    let at = 0;
    for (const f of frames) at = writeFrame(f, scratch, scratchView, at, 0);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads, not a window
    this.#port.postMessage(latin1Slice.call(scratch, 0, at));
  }

  #receive(message: string | Uint8Array | Message): void {
    if (typeof message === 'string') {
      if (message === '') return this.#events?.onBell();
      const batch = new Uint8Array(message.length);
      latin1Write.call(batch, message, 0, message.length);
      return this.#deliver(batch);
    }
    if (!('batch' in message)) return this.#deliver(message);
    let nextBytes = 0;
    let nextAttachments = 0;
    this.#deliver(message.batch, { bytes: () => message.bytes[nextBytes++]!, attachments: () => message.attachments[nextAttachments++]! });
  }

  #deliver(batch: Uint8Array, beside?: Beside): void {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    for (let at = 0; at < batch.byteLength; at += sizeAt(view, at)) this.#events?.onFrame(readFrame(batch, view, at, beside));
  }
}
