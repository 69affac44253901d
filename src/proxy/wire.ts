/**
 * Records between a manager and a client that share no memory, over the stream of a connection whose both ends are proved.
 *
 *   frame:   record, record, …          those of one turn go together
 *   record:  length of the value: 4 bytes   kind: 4 bytes   number: 8   second: 8   the value, encoded
 *
 * The subject of a record stands before its value: an unreadable record concerns its call, and no other. Records are received in their
 * order, also where the modules of one must be loaded first.
 */

import { decodeMessage, modulesOf, prepare, prepareSync, takeEncoder } from '../codec/index.ts';
import { BYTES, longestMessage, type MessageStream, type SocketConnection, takeStream } from '../connection/index.ts';
import { EOFError, HeddleError } from '../errors.ts';
import { Deque } from '../loop/index.ts';
import { blockThread } from '../memory/index.ts';
import { queueMicrotask } from '../real-timers.ts';
import { RangeError } from '../refusals.ts';

const headSize = 24;
/** Bytes after which a frame goes at once. */
const largeFrame = 1 << 16;
/** Bytes of a value: it goes behind what a frame has already. */
const longestValue = longestMessage - largeFrame - headSize;
/** Milliseconds of one Sync wait, after which its caller looks around. */
const slice = 1000;

const apart = 'it lies in memory that the other program does not see: have the manager make it, as by manager.Lock(), and hand that over';

/** The subject of a record. */
export interface Head {
  readonly kind: number;
  readonly number: number;
  readonly second: number;
}

/** A record that has come. */
export interface Received extends Head {
  readonly value: unknown;
  /** Why the value cannot be read here. */
  readonly failure?: { readonly error: unknown } | undefined;
}

/** The handlers of an end, for records and for objects that both ends know. */
export interface End {
  /** By what the other end knows an object, if it does. */
  nameFor(object: object): unknown;
  /** Returns the object that the other end has named. */
  namedBy(name: unknown): object;
  receive(record: Received): void;
  /** All that came was received. */
  received?(): void;
  /** Nothing comes any more. */
  ended(error: Error): void;
}

interface Arrived {
  readonly head: Head;
  readonly bytes: Uint8Array;
}

export class Wire {
  readonly #end: End;
  readonly #stream: MessageStream;
  readonly #arrived: Deque<Arrived> = new Deque();
  /** The first of those that have arrived, whose modules are being loaded. */
  #loading: Arrived | undefined;
  /** Sync calls that wait. */
  #blocked = 0;
  #frame: Uint8Array = new Uint8Array(4096);
  #length = 0;
  #isToFlush = false;
  #isWaiting = false;
  #isClosed = false;
  #hasEnded = false;

  constructor(connection: SocketConnection<any>, end: End) {
    this.#end = end;
    this.#stream = takeStream(connection, (stream) => this.#changed(stream));
  }

  /** Why nothing comes any more. */
  get end(): Error | undefined {
    if (this.#isClosed) return new EOFError('this end of the connection was closed');
    return this.#stream.failure?.();
  }

  /** The address of the manager's machine, where the connection is one over TCP. */
  get host(): string | undefined {
    return this.#stream.host;
  }

  ref(): void {
    this.#stream.ref();
  }

  unref(): void {
    this.#stream.unref();
  }

  /** Lets nothing more in; what was sent before goes out. */
  close(): void {
    if (this.#isClosed) return;
    if (this.#stream.failure === undefined) this.#flushQuietly();
    this.#isClosed = true;
    this.#stream.close();
    this.#arrived.clear();
    this.#tellEnd(this.end!);
  }

  // ---- sending

  /**
   * Sends a record with the others of this turn.
   *
   * @param root how paths in errors begin
   * @throws SerializationError if the value cannot cross; RangeError if it is too long; EOFError if the other end has closed
   */
  send({ kind, number, second }: Head, value: unknown, root: string): void {
    const { end: over } = this;
    if (over !== undefined) throw over;
    const encoder = takeEncoder();
    try {
      encoder.encode(value, { root, apart, nameFor: (object) => this.#end.nameFor(object) });
      const { bytes, start, end } = encoder;
      if (end - start > longestValue)
        throw new RangeError(`${root}: expected a value of at most ${longestValue} bytes, got ${end - start}`);
      const view = this.#room(headSize + end - start);
      view.setUint32(0, end - start, true);
      view.setUint32(4, kind, true);
      view.setFloat64(8, number, true);
      view.setFloat64(16, second, true);
      this.#frame.set(bytes.subarray(start, end), this.#length + headSize);
      this.#length += headSize + end - start;
      encoder.takeMoved();
    } finally {
      encoder.release();
    }
    if (this.#length >= largeFrame) this.flush();
    else this.#flushLater();
  }

  /** Where the next record begins; there is room for it. */
  #room(size: number): DataView {
    const { length } = this.#frame;
    if (length - this.#length < size) {
      const grown = new Uint8Array(Math.max(2 * length, this.#length + size));
      grown.set(this.#frame.subarray(0, this.#length));
      this.#frame = grown;
    }
    return new DataView(this.#frame.buffer, this.#length, headSize);
  }

  #flushLater(): void {
    if (this.#isToFlush) return;
    this.#isToFlush = true;
    queueMicrotask(() => {
      this.#isToFlush = false;
      this.#flushQuietly();
    });
  }

  #flushQuietly(): void {
    try {
      this.flush();
    } catch (error) {
      // The end is told where the stream is read.
      if (!(error instanceof EOFError)) throw error;
    }
  }

  /** Sends what there is. @throws EOFError if the other end has closed */
  flush(): void {
    if (this.#length === 0) return;
    const frame = this.#frame.subarray(0, this.#length);
    this.#length = 0;
    if (this.#frame.length > largeFrame) this.#frame = new Uint8Array(4096);
    // A frame without space is copied, and goes when there is space.
    this.#stream.put(BYTES, frame, () => {});
  }

  // ---- receiving

  #changed(stream: MessageStream): void {
    if (this.#isWaiting) return;
    for (let frame = stream.take(); frame !== undefined; frame = stream.take()) {
      if (frame.kind !== BYTES || !this.#takeApart(frame.bytes)) return this.#broken(stream);
    }
    this.#receiveAll();
    if (stream.failure !== undefined && this.#arrived.length === 0) this.#tellEnd(stream.failure());
  }

  #broken(stream: MessageStream): void {
    stream.close();
    this.#arrived.clear();
    this.#isClosed = true;
    this.#tellEnd(new HeddleError('the other end of the connection sent what is no record'));
  }

  #tellEnd(error: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#end.ended(error);
  }

  /** Returns false if it is not a frame. */
  #takeApart(frame: Uint8Array): boolean {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    let at = 0;
    while (at < frame.length) {
      if (frame.length - at < headSize) return false;
      const size = view.getUint32(at, true);
      const from = at + headSize;
      if (frame.length - from < size) return false;
      const head = { kind: view.getUint32(at + 4, true), number: view.getFloat64(at + 8, true), second: view.getFloat64(at + 16, true) };
      this.#arrived.push({ head, bytes: frame.subarray(from, from + size) });
      at = from + size;
    }
    return true;
  }

  /** Also from within a record: what that does may wait for the next. */
  #receiveAll(): void {
    for (let first = this.#arrived.at(0); first !== undefined; first = this.#arrived.at(0)) {
      const failure = this.#load(first);
      if (failure === 'later') break;
      this.#arrived.shift();
      this.#loading = undefined;
      this.#receive(first, failure);
    }
    if (!this.#hasEnded) this.#end.received?.();
  }

  /** Loads the modules of a record. */
  #load(record: Arrived): { readonly error: unknown } | undefined | 'later' {
    try {
      const modules = modulesOf(record.bytes, 0, record.bytes.length);
      if (modules.length === 0) return undefined;
      if (this.#blocked > 0) {
        prepareSync(modules);
        return undefined;
      }
      if (this.#loading === record) return 'later';
      const loading = prepare({ modules });
      if (loading === undefined) return undefined;
      this.#loading = record;
      const loaded = (failure?: { readonly error: unknown }): void => {
        // A Sync call may have loaded them meanwhile.
        if (this.#loading !== record) return;
        this.#loading = undefined;
        this.#arrived.shift();
        this.#receive(record, failure);
        this.#changed(this.#stream);
      };
      void loading.then(
        () => loaded(),
        (error: unknown) => loaded({ error }),
      );
      return 'later';
    } catch (error) {
      return { error };
    }
  }

  #receive({ head, bytes }: Arrived, failed: { readonly error: unknown } | undefined): void {
    let value: unknown;
    let failure = failed;
    try {
      if (failure === undefined) value = decodeMessage(bytes, 0, bytes.length, { handles: [], namedBy: (name) => this.#end.namedBy(name) });
    } catch (error) {
      failure = { error };
    }
    this.#end.receive({ ...head, value, failure });
  }

  #waitStream(): boolean {
    // Frames that come stay in the stream, which waits for space.
    this.#isWaiting = true;
    try {
      return blockThread(() => this.#stream.waitSync(slice));
    } finally {
      this.#isWaiting = false;
    }
  }

  /** Blocks until something has come, for a while. @throws EOFError if the other end has closed, and all was received */
  waitSync(): void {
    this.flush();
    this.#blocked += 1;
    try {
      if (this.#stream.isSending) this.#stream.flushSync(slice);
      // The first may wait for its modules.
      if (this.#arrived.length > 0) this.#changed(this.#stream);
      else {
        const { end: over } = this;
        if (over !== undefined) throw over;
        if (this.#waitStream()) this.#changed(this.#stream);
      }
    } finally {
      this.#blocked -= 1;
    }
  }
}
