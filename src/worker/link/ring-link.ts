/**
 * Link between two threads of one process: frames go through rings in memory that both have, and a MessagePort is the bell, and the way of what a ring cannot carry.
 *
 *    frame ─┬─ short ───────────────────────▶ ring ──────────────────────────────▶ reader
 *           ├─ long, or with attachments ───▶ port     ring: Elsewhere ─▶ the reader goes on by the port, until Resume
 *           └─ the ring is full ────────────▶ port     the same, until the reader has made room
 *
 * So frames keep their order whichever way they come, and no sender waits. What the other side had published before it died is read when the port has ended.
 *
 * A reader that has read all looks for more before it sleeps (`look.ts`), from its event loop, so that its timers and sockets keep their time: a worker always, a
 * host while something is awaited of the worker. Neither does where more threads would run than there are cores.
 */

import { AsyncResource } from 'node:async_hooks';
import { availableParallelism } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { Fifo } from '../../fifo.ts';
import { Look, machine } from '../../look.ts';
import { nextTick, setImmediate } from '../../real-timers.ts';
import type { SharedWords } from '../../undisturbed.ts';
import { Batch } from './batch.ts';
import { copyFrame, type Frame, FrameKind, frame, frameSize, headerSize, sizeAt, writeFrame } from './frame.ts';
import { headWords, type RingPlace, RingReader, RingWriter, ringsIn } from './frame-ring.ts';
import type { Link, LinkEvents } from './link.ts';
import { Parcels } from './parcels.ts';
import { PortWire } from './port-wire.ts';

/** Bytes of a frame that goes through a ring. */
const longest = 16 * 1024;
const elsewhere = frame(FrameKind.Elsewhere);
const resume = frame(FrameKind.Resume);
const cores = availableParallelism();

/** The parts of one end of such a link. */
export interface RingEnd {
  readonly port: MessagePort;
  /** Memory of both rings (`ringMemory`). */
  readonly memory: SharedWords;
  /** How many workers of the host have something to do: a word that the host writes. */
  readonly busy: SharedWords;
}

/** Bytes of a ring, as frames are written and read. */
class Data {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor({ words, at, capacity }: RingPlace) {
    const { buffer, byteOffset } = words;
    const start = byteOffset + (at + headWords) * 4;
    this.bytes = new Uint8Array(buffer, start, capacity);
    this.view = new DataView(buffer, start, capacity);
  }
}

export class RingLink implements Link {
  readonly parcels: Parcels = new Parcels(false);
  readonly #wire: PortWire;
  readonly #batch: Batch = new Batch((frames) => this.#wire.post(frames));
  readonly #out: RingWriter;
  readonly #outData: Data;
  readonly #in: RingReader;
  readonly #inData: Data;
  readonly #busy: SharedWords;
  readonly #look: Look = new Look(machine, true);
  readonly #context: AsyncResource = new AsyncResource('heddle.link');
  /** Of a host: whether something is awaited of the worker. */
  readonly #isAwaited: (() => boolean) | undefined;
  /** Of a host: the worker is counted among the busy ones. */
  #isCounted = false;
  #events: LinkEvents | undefined;
  /** The ring was full: frames go by the port. */
  #isBesides = false;
  #willRing = false;
  /** Frames that came by the port before their turn. */
  readonly #byPort: Fifo<Frame> = new Fifo();
  /** The reader goes on by the port. */
  #isElsewhere = false;
  #isReading = false;
  /** The reader looks, or soon will: it needs no bell. */
  #isAwake = false;
  #isClosed = false;
  #hasEnded = false;

  /** @param isAwaited of a host: whether something is awaited of the worker */
  constructor({ port, memory, busy }: RingEnd, isAwaited?: () => boolean) {
    const isHost = isAwaited !== undefined;
    this.#wire = new PortWire(port, this.parcels, !isHost);
    this.#isAwaited = isAwaited;
    this.#busy = busy;
    const [toWorker, toHost] = ringsIn(memory);
    const [out, into] = isHost ? [toWorker, toHost] : [toHost, toWorker];
    this.#out = new RingWriter(out);
    this.#outData = new Data(out);
    this.#in = new RingReader(into);
    this.#inData = new Data(into);
  }

  open(events: LinkEvents): void {
    this.#events = events;
    this.#wire.open({
      onFrame: (f) => {
        this.#byPort.push(f);
        this.#read();
      },
      onBell: () => this.#read(),
      // That ends the worker.
      onDamage: () => this.close(),
      onEnd: () => this.#end(),
      onUnsent: (f, error) => this.#events?.onUnsent(f, error),
    });
  }

  // ---- writing

  send(f: Frame): void {
    if (this.#isClosed) return;
    this.#write(f);
    if (this.#willRing || (this.#batch.isEmpty && !this.#out.readerSleeps)) return;
    this.#willRing = true;
    nextTick(this.#flushLater);
  }

  sendNow(f: Frame): void {
    if (this.#isClosed) return;
    this.#write(f);
    this.flush();
  }

  flush(): void {
    this.#batch.flush();
    if (!this.#isClosed && this.#out.mustRing()) this.#wire.ring();
  }

  readonly #flushLater = (): void => {
    this.#willRing = false;
    this.flush();
  };

  #write(f: Frame): void {
    if (this.#isBesides) this.#besides(f);
    else if (f.attachments.length > 0 || f.bytes.byteLength > longest) this.#aside(f);
    else {
      if (f.handles.length > 0) this.parcels.pack(f);
      const at = this.#out.place(frameSize(f, true));
      if (at < 0) this.#overflow(f);
      else {
        writeFrame(f, this.#outData.bytes, this.#outData.view, at, 0);
        this.#out.publish();
      }
    }
    if (this.#isAwaited !== undefined) this.#expect();
  }

  /** One frame goes by the port. */
  #aside(f: Frame): void {
    if (!this.#mark(false)) return this.#overflow(f);
    this.#batch.add(f);
    this.#batch.add(resume);
  }

  /** This frame and those that follow go by the port. */
  #overflow(f: Frame): void {
    this.#mark(true);
    this.#isBesides = true;
    this.#batch.add(f);
  }

  #besides(f: Frame): void {
    this.#batch.add(f);
    if (!this.#out.isHalfFree) return;
    this.#batch.add(resume);
    this.#isBesides = false;
  }

  #mark(isUrgent: boolean): boolean {
    const at = this.#out.place(headerSize, isUrgent);
    if (at < 0) return false;
    writeFrame(elsewhere, this.#outData.bytes, this.#outData.view, at, 0);
    this.#out.publish();
    return true;
  }

  // ---- reading

  /** Delivers what is there now. What comes meanwhile waits until the event loop has had its turn. */
  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#in.look();
    try {
      for (let f = this.#next(); f !== undefined; f = this.#next()) this.parcels.receive(f, this.#deliver);
    } finally {
      this.#isReading = false;
      if (!this.#hasEnded) this.#readOn();
    }
  }

  /** The next frame, whichever way it comes. */
  #next(): Frame | undefined {
    for (;;) {
      let f: Frame | undefined;
      if (this.#isElsewhere) {
        f = this.#byPort.shift();
        if (f?.kind === FrameKind.Resume) {
          this.#isElsewhere = false;
          continue;
        }
        return f;
      }
      const at = this.#in.next();
      if (at < 0) return undefined;
      const { bytes, view } = this.#inData;
      f = copyFrame(bytes, view, at);
      this.#in.free(sizeAt(view, at));
      if (f.kind !== FrameKind.Elsewhere) return f;
      this.#isElsewhere = true;
    }
  }

  readonly #deliver = (f: Frame): void => this.#events?.onFrame(f);

  /** All was read, or one of those that get it has thrown. */
  #readOn(): void {
    if (this.#isAwaited !== undefined) this.#expect();
    if (this.#isAwake) return;
    if (this.#mayLook) this.#lookSoon();
    else this.#sleep();
  }

  /** Of a host: counts the worker while something is awaited of it, and looks then. */
  #expect(): void {
    const isAwaited = this.#isAwaited!();
    if (isAwaited !== this.#isCounted) {
      this.#isCounted = isAwaited;
      Atomics.add(this.#busy, 0, isAwaited ? 1 : -1);
    }
    if (!this.#isAwake && !this.#isReading && this.#events !== undefined && this.#mayLook) this.#lookSoon();
  }

  /** The port wakes the reader that waits for it. */
  get #mayLook(): boolean {
    return !this.#isElsewhere && (this.#isCounted || this.#isAwaited === undefined) && Atomics.load(this.#busy, 0) < cores;
  }

  #lookSoon(): void {
    // One look is that of `sleep`.
    if (this.#look.passes()) return this.#sleep();
    this.#isAwake = true;
    this.#in.wake();
    this.#soon(this.#lookNow);
  }

  /** After a turn of the event loop, in no async context of a caller. */
  #soon(step: () => void): void {
    this.#context.runInAsyncScope(setImmediate, undefined, step);
  }

  readonly #lookNow = (): void => {
    this.#look.fromLoop(this.#hasCome, this.#looked);
  };

  readonly #hasCome = (): boolean => this.#in.has;

  readonly #looked = (isFound: boolean): void => {
    if (isFound) this.#goOn();
    else this.#sleep();
  };

  #sleep(): void {
    this.#isAwake = false;
    if (this.#hasEnded) return;
    const hasRead = this.#in.sleep();
    if (this.#isElsewhere ? this.#byPort.length === 0 : hasRead) return;
    this.#isAwake = true;
    this.#soon(this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#isAwake = false;
    this.#read();
  };

  // ---- the end

  /** Frames wait in memory that both sides have. */
  get backlog(): number {
    return 0;
  }

  ref(): void {
    this.#wire.ref();
  }

  unref(): void {
    this.#wire.unref();
  }

  close(): void {
    this.flush();
    this.#isClosed = true;
    this.#wire.close();
  }

  #end(): void {
    if (this.#hasEnded) return;
    // Published frames come before the end, unless this side has closed the link.
    while (!this.#isClosed && this.#in.has && !this.#isElsewhere) {
      try {
        this.#read();
      } catch (error) {
        // The end is told all the same.
        setImmediate(() => {
          throw error;
        });
      }
    }
    this.#hasEnded = true;
    this.#isClosed = true;
    this.#batch.clear();
    if (this.#isCounted) Atomics.sub(this.#busy, 0, 1);
    this.#isCounted = false;
    this.parcels.afterLast(() => {
      const events = this.#events;
      this.#events = undefined;
      events?.onEnd();
    });
  }
}
