/**
 * Link between two processes, over a stream socket (descriptor 3 of the child). Frames follow each other with
 * their length in front; the frames of a tick leave in one `writev`.
 *
 * Reading never copies a byte twice: frames that lie whole in a chunk are views of it; a longer one gets
 * its own memory, as long as its header says, and the chunks are copied into it as they come.
 */

import type { Socket } from 'node:net';
import { Batch } from './batch.ts';
import { type Frame, frameSize, headerSize, headSize, readFrame, sizeAt, writeFrame, writeHead } from './frame.ts';
import type { Link, LinkEvents } from './link.ts';
import { clearTimeout, setTimeout } from '../../real-timers.ts';
import { Parcels } from './parcels.ts';

/** Bytes of longer frames are written from where they are instead of gathered. */
const long = 64 * 1024;
/** The milliseconds after a failed write within which the rest of the other side's messages comes. */
const readOnFor = 1000;

export class PipeLink implements Link {
  readonly parcels: Parcels = new Parcels(true);
  readonly #socket: Socket;
  readonly #batch: Batch = new Batch((frames) => this.#write(frames));
  readonly #reader: FrameReader = new FrameReader((frame) => this.parcels.receive(frame, this.#deliver));
  #events: LinkEvents | undefined;
  /** The other side reads no more. */
  #isDeaf = false;
  #isClosed = false;
  #hasEnded = false;
  /** Ends the reading after a failed write. */
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    // A failed write would make Node drop what the other side has sent before it ended: an outcome, a goodbye.
    const [write, writev] = [socket._write.bind(socket), socket._writev!.bind(socket)];
    socket._write = (chunk, encoding, written) => write(chunk, encoding, this.#orReadOn(written));
    socket._writev = (chunks, written) => writev(chunks, this.#orReadOn(written));
    // The other side died while we wrote. 'close' follows and says so.
    socket.on('error', () => {});
  }

  open(events: LinkEvents): void {
    this.#events = events;
    this.#socket.on('data', (chunk: Uint8Array) => this.#reader.push(chunk));
    this.#socket.on('end', () => this.#end());
    this.#socket.on('close', () => this.#end());
  }

  send(frame: Frame): void {
    if (!this.#isClosed) this.#batch.add(frame);
  }

  sendNow(frame: Frame): void {
    if (!this.#isClosed) this.#batch.now(frame);
  }

  flush(): void {
    this.#batch.flush();
  }

  get backlog(): number {
    return this.#socket.writableLength;
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#batch.flush();
    this.#isClosed = true;
    if (this.#isDeaf) this.#socket.destroy();
    else this.#socket.end();
  }

  #orReadOn(written: (error?: Error | null) => void): (error?: Error | null) => void {
    return (error) => {
      if (error === undefined || error === null) return written();
      if (!this.#hasEnded) this.#timer ??= setTimeout(() => this.#socket.destroy(), readOnFor).unref();
      this.#isDeaf = true;
      written();
    };
  }

  readonly #deliver = (frame: Frame): void => this.#events?.onFrame(frame);

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#isClosed = true;
    // The timer would keep the link, and all that its events lead to, when nothing else does any more.
    clearTimeout(this.#timer);
    this.#batch.clear();
    this.#socket.destroy();
    this.parcels.afterLast(() => {
      const events = this.#events;
      this.#events = undefined;
      events?.onEnd();
    });
  }

  #write(frames: readonly Frame[]): void {
    if (this.#socket.destroyed || this.#isDeaf) return;
    for (const f of frames) this.parcels.pack(f);
    this.#socket.cork();
    let first = 0;
    while (first < frames.length) first = this.#writeSome(frames, first);
    this.#socket.uncork();
  }

  /** Writes frames from `first` on, up to and with the next long one, and returns the one after. */
  #writeSome(frames: readonly Frame[], first: number): number {
    let size = 0;
    let end = first;
    let last: Frame | undefined;
    while (end < frames.length && last === undefined) {
      const f = frames[end++]!;
      if (f.bytes.byteLength < long) size += frameSize(f, true);
      else {
        last = f;
        size += headSize(f);
      }
    }
    const gathered = new Uint8Array(size);
    const view = new DataView(gathered.buffer);
    let at = 0;
    for (let i = first; i < end; i++) {
      const f = frames[i]!;
      at = f === last ? writeHead(f, f.bytes.byteLength, gathered, view, at, 0) : writeFrame(f, gathered, view, at, 0);
    }
    this.#socket.write(gathered);
    if (last !== undefined) {
      this.#socket.write(last.bytes);
      const padding = frameSize(last, true) - headSize(last) - last.bytes.byteLength;
      if (padding > 0) this.#socket.write(new Uint8Array(padding));
    }
    return end;
  }
}

/** Cuts a stream of chunks into frames. */
class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  /** A frame that has not come whole: its memory (only a header's, until its length is known) and how much of it is there. */
  #partial: Uint8Array | undefined;
  #filled = 0;

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (this.#partial !== undefined && at < chunk.byteLength) at = this.#fill(this.#partial, chunk, at);
    if (at === chunk.byteLength) return;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (at < chunk.byteLength) {
      const rest = chunk.byteLength - at;
      const size = rest < headerSize ? Infinity : sizeAt(view, at);
      if (size > rest) {
        this.#partial = new Uint8Array(size === Infinity ? headerSize : size);
        this.#partial.set(chunk.subarray(at));
        this.#filled = rest;
        return;
      }
      this.#onFrame(readFrame(chunk, view, at));
      at += size;
    }
  }

  #fill(partial: Uint8Array, chunk: Uint8Array, at: number): number {
    const count = Math.min(partial.byteLength - this.#filled, chunk.byteLength - at);
    partial.set(chunk.subarray(at, at + count), this.#filled);
    this.#filled += count;
    if (this.#filled < partial.byteLength) return at + count;
    const view = new DataView(partial.buffer);
    const size = sizeAt(view, 0);
    if (size > partial.byteLength) {
      this.#partial = new Uint8Array(size);
      this.#partial.set(partial);
    } else {
      this.#partial = undefined;
      this.#onFrame(readFrame(partial, view, 0));
    }
    return at + count;
  }
}
