/**
 * Link between two threads of one process, over a MessagePort.
 *
 * The frames of a tick go as one message. Short ones are gathered in memory that is always the same and posted as a string of
 * Latin-1 characters, one for each byte: that costs a third of an array, which needs memory of its own on both sides. Others
 * go as an array of bytes that is handed over; long frames keep their bytes beside it, so that they are copied once.
 */

import type { MessagePort, Transferable } from 'node:worker_threads';
import { Batch } from './batch.ts';
import { type Beside, type Frame, attached, frameSize, isBare, outside, readFrame, sizeAt, writeFrame } from './frame.ts';
import type { Link, LinkEvents } from './link.ts';
import { Parcels } from './parcels.ts';

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

export class MessagePortLink implements Link {
  readonly parcels: Parcels = new Parcels(false);
  readonly #port: MessagePort;
  readonly #batch: Batch = new Batch((frames) => this.#postSafely(frames));
  #events: LinkEvents | undefined;
  #isClosed = false;
  #hasEnded = false;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  open(events: LinkEvents): void {
    this.#events = events;
    this.#port.on('message', (message: string | Uint8Array | Message) => this.#receive(message));
    // An attachment cannot be rebuilt here. The extent of the loss is unknown: that ends the worker.
    this.#port.on('messageerror', () => this.close());
    this.#port.on('close', () => this.#end());
  }

  send(frame: Frame): void {
    if (!this.#isClosed) this.#batch.add(frame);
  }

  sendNow(frame: Frame): void {
    if (this.#isClosed) return;
    // Nearly all: nothing in it can be refused.
    if (this.#batch.isEmpty && frame.handles.length === 0 && isBare(frame)) this.#postShort([frame]);
    else this.#batch.now(frame);
  }

  flush(): void {
    this.#batch.flush();
  }

  /** A port tells nothing about what the other side has read. */
  get backlog(): number {
    return 0;
  }

  ref(): void {
    this.#port.ref();
  }

  unref(): void {
    this.#port.unref();
  }

  close(): void {
    this.#batch.flush();
    this.#isClosed = true;
    this.#port.close();
  }

  readonly #deliverOne = (frame: Frame): void => this.#events?.onFrame(frame);

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#isClosed = true;
    this.#batch.clear();
    this.parcels.afterLast(() => {
      const events = this.#events;
      this.#events = undefined;
      events?.onEnd();
    });
  }

  /** One frame that is refused must not take its neighbours with it. */
  #postSafely(frames: readonly Frame[]): void {
    try {
      for (const f of frames) this.parcels.pack(f);
      this.#post(frames);
    } catch (error) {
      if (frames.length === 1) {
        this.parcels.unpack(frames[0]!);
        this.#events?.onUnsent(frames[0]!, error);
      } else for (const f of frames) this.#postSafely([f]);
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
        const own = f.bytes.byteLength === f.bytes.buffer.byteLength ? f.bytes : f.bytes.slice();
        if (own !== f.bytes) transfer.push(own.buffer as ArrayBuffer);
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
    for (let at = 0; at < batch.byteLength; at += sizeAt(view, at))
      this.parcels.receive(readFrame(batch, view, at, beside), this.#deliverOne);
  }
}
