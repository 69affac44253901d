/**
 * Whole messages over a stream socket, for the event loop and for calls that block it.
 *
 *   put ──▶ #out ──▶ the system's buffer ──▶ the other end     what finds no room is tried again: at once a few times, then each millisecond
 *   #messages ◀── FrameReader ◀── chunks of the loop, or what `readSync` reads
 *
 * All writes go to the descriptor: what the loop had taken over could not be written by a Sync call, which must not overtake it.
 */

import type { Socket } from 'node:net';
import { fs } from '../builtins.ts';
import { EOFError } from '../errors.ts';
import { Deque } from '../loop/index.ts';
import { Look } from '../memory/index.ts';
import { isReadable, sleepUntilReady } from '../platform/index.ts';
import { clearImmediate, clearTimeout, monotonicNow, setImmediate, setTimeout } from '../real-timers.ts';
import { FrameReader, headerSize, type Message, writeHeader } from './frames.ts';

/** Above this many bytes that were not asked for the loop reads no further. */
const mostUnread = 1 << 20;
/** Messages up to this size are copied behind their header; longer ones are written from where they are. */
const copyLimit = 4096;
/** Looks for room from the event loop before it sleeps. */
const mostLooks = 20;
const retryMs = 1;
/** Milliseconds of silence after which the system asks whether the other end of a TCP connection is there. */
const keepAliveMs = 60_000;

/** Each call that fails has an error of its own, which begins with its line. */
export type Ended = (failure?: () => Error) => void;

/** A message that is being written. */
interface Outgoing {
  /** The bytes that are left. */
  bytes: Uint8Array;
  readonly length: number;
  /** Called when all of it has left, or with what makes the error when it never will. */
  readonly ended: Ended;
}

const scratch = new Uint8Array(headerSize + copyLimit);
const header = new Uint8Array(headerSize);
/** The most bytes of one read, where it does not go straight into a message. */
const readBuffer = new Uint8Array(1 << 16);

/** The result of one attempt to write. */
const isFull = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EAGAIN';

export class MessageStream {
  readonly #socket: Socket;
  readonly #changed: () => void;
  readonly #name: string;
  readonly #reader: FrameReader = new FrameReader((message) => this.#received(message));
  readonly #messages: Deque<Message> = new Deque();
  readonly #out: Deque<Outgoing> = new Deque();
  #unread = 0;
  #looks = 0;
  readonly #look: Look = new Look();
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #isPaused = false;
  #isClosing = false;
  #waits = 0;
  /** Makes the error of a call, once nothing more comes. */
  failure: (() => EOFError) | undefined;

  /**
   * @param rest bytes that have come already
   * @param changed called when a message has come, or the end
   */
  constructor(socket: Socket, name: string, rest: Uint8Array, changed: () => void) {
    this.#socket = socket;
    this.#name = name;
    this.#changed = changed;
    socket.setNoDelay?.(true);
    // A machine that has gone without a word is found out so, a minute later.
    socket.setKeepAlive?.(true, keepAliveMs);
    socket.unref();
    socket.on('data', (chunk: Buffer) => {
      // Parts of a Buffer would be Buffers, whose `slice` copies nothing.
      this.#push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
      changed();
    });
    socket.on('end', () => this.ended());
    socket.on('error', (error) => this.ended(error));
    socket.on('close', () => this.ended());
    if (rest.length > 0) this.#push(new Uint8Array(rest));
    socket.resume();
  }

  /** Undefined: it is closed, and its number may belong to another file. */
  get #descriptor(): number | undefined {
    if (this.#socket.destroyed) return undefined;
    const { _handle: handle } = this.#socket as unknown as { readonly _handle: { readonly fd: number } | null };
    return handle?.fd;
  }

  /** The address of the other end's machine, where the connection is one over TCP. */
  get host(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** The next message; it stays. */
  get next(): Message | undefined {
    return this.#messages.at(0);
  }

  take(): Message | undefined {
    const message = this.#messages.shift();
    if (message !== undefined) this.#unread -= message.bytes.length;
    if (this.#isPaused && this.#unread < mostUnread) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    return message;
  }

  /** Puts a message back that was taken and not seen: behind those that came before it and are back already. */
  giveBack(message: Message): void {
    if (this.#isClosing) return;
    const earlier: Message[] = [];
    for (let { next } = this; next !== undefined && next.number < message.number; { next } = this) earlier.push(this.#messages.shift()!);
    this.#messages.unshift(message);
    while (earlier.length > 0) this.#messages.unshift(earlier.pop()!);
    this.#unread += message.bytes.length;
  }

  #received(message: Message): void {
    this.#messages.push(message);
    this.#unread += message.bytes.length;
  }

  #push(chunk: Uint8Array): void {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.ended(error as Error);
      this.#socket.destroy();
    }
    if (this.#unread < mostUnread || this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** Nothing comes any more, and nothing can be sent. */
  ended(error?: Error): void {
    if (this.failure !== undefined) return;
    this.failure = this.#closedThere(this.#reader.isBetween ? '' : ' in the middle of a message', error);
    this.#failAll(this.failure);
    this.#changed();
  }

  /** Why nothing more comes, as an error of its own for each that asks. */
  get end(): EOFError | undefined {
    return this.failure?.();
  }

  #closedThere(when: string, cause: Error | undefined): () => EOFError {
    return () =>
      new EOFError(`the other end of ${this.#name} has closed the connection${when}`, cause === undefined ? undefined : { cause });
  }

  /** One more call waits: the program stays alive meanwhile. */
  ref(): void {
    this.#waits += 1;
    if (this.#waits === 1) this.#socket.ref();
  }

  unref(): void {
    this.#waits -= 1;
    if (this.#waits === 0) this.#socket.unref();
  }

  // ---- sending

  /** True while messages wait for space. */
  get isSending(): boolean {
    return this.#out.length > 0;
  }

  /**
   * Sends a message behind those that wait. True: all of it has left. False: the rest was copied, and `ended` will be called.
   *
   * @throws EOFError if the other end has closed the connection
   */
  put(kind: number, bytes: Uint8Array, ended: Ended): boolean {
    if (this.failure !== undefined) throw this.failure();
    let left: Uint8Array;
    if (bytes.length <= copyLimit) {
      writeHeader(scratch, bytes.length, kind);
      scratch.set(bytes, headerSize);
      const whole = scratch.subarray(0, headerSize + bytes.length);
      const written = this.isSending ? 0 : this.#write([whole]);
      if (written === whole.length) return true;
      left = whole.slice(written);
    } else {
      writeHeader(header, bytes.length, kind);
      const written = this.isSending ? 0 : this.#write([header, bytes]);
      if (written === headerSize + bytes.length) return true;
      left = new Uint8Array(headerSize + bytes.length - written);
      const ofHeader = header.subarray(Math.min(written, headerSize));
      left.set(ofHeader);
      left.set(bytes.subarray(Math.max(0, written - headerSize)), ofHeader.length);
    }
    this.#out.push({ bytes: left, length: headerSize + bytes.length, ended });
    this.#tryLater();
    return false;
  }

  /** Takes back a message of which nothing has left. False: its first bytes have. */
  takeBack(ended: Ended): boolean {
    for (let i = 0; i < this.#out.length; i += 1) {
      const one = this.#out.at(i)!;
      if (one.ended !== ended) continue;
      if (one.bytes.length < one.length) return false;
      this.#out.take(i);
      return true;
    }
    return false;
  }

  /** Writes what there is room for. Returns how many bytes that was. */
  #write(parts: readonly Uint8Array[]): number {
    if (this.#descriptor === undefined) this.ended();
    if (this.failure !== undefined) throw this.failure();
    // The last bytes of the proof.
    if (this.#socket.writableLength > 0) return 0;
    const descriptor = this.#descriptor!;
    try {
      return parts.length === 1 ? fs().writeSync(descriptor, parts[0]!) : fs().writevSync(descriptor, parts);
    } catch (error) {
      if (isFull(error)) return 0;
      this.#brokenBy(error as Error);
    }
  }

  #brokenBy(error: Error): never {
    // Earlier messages of the other end are still unread: only reading finds the end.
    const failure = this.#closedThere('', error);
    this.#failAll(failure);
    throw failure();
  }

  #failAll(failure: () => Error): void {
    this.#stopTrying();
    for (let one = this.#out.shift(); one !== undefined; one = this.#out.shift()) one.ended(failure);
    if (this.#isClosing) this.#socket.destroy();
  }

  /** Writes what there is room for. True: something has left. */
  flush(): boolean {
    let hasWritten = false;
    for (let one = this.#out.at(0); one !== undefined; one = this.#out.at(0)) {
      const count = this.#write([one.bytes]);
      if (count === 0) return hasWritten;
      hasWritten = true;
      one.bytes = one.bytes.subarray(count);
      if (one.bytes.length > 0) continue;
      this.#out.shift();
      one.ended();
    }
    this.#stopTrying();
    if (this.#isClosing) this.#socket.destroySoon();
    return hasWritten;
  }

  #stopTrying(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#immediate !== undefined) clearImmediate(this.#immediate);
    this.#immediate = undefined;
    this.#looks = 0;
  }

  #tryLater(): void {
    if (this.#timer !== undefined || this.#immediate !== undefined) return;
    const again = (): void => {
      this.#timer = undefined;
      this.#immediate = undefined;
      try {
        if (this.flush()) this.#looks = 0;
      } catch {
        // The waiters were told.
        return;
      }
      if (this.isSending) this.#tryLater();
    };
    this.#looks += 1;
    if (this.#looks <= mostLooks) this.#immediate = setImmediate(again);
    else this.#timer = setTimeout(again, retryMs);
  }

  /** Tries until it is over, and sleeps between, while the event loop stands still. False: the time was over first. */
  #trySync(isToWrite: boolean, timeout: number, tryOnce: () => void, isOver: () => boolean): boolean {
    const until = timeout === Infinity ? Infinity : monotonicNow() + timeout;
    let left = timeout;
    for (let round = 0; !isOver(); round += 1) {
      // To ask first is cheaper than an error that says "not now".
      const descriptor = this.#descriptor;
      const isReady = descriptor === undefined || this.#isReady(descriptor, isToWrite, left, round);
      if (isReady !== false) tryOnce();
      if (isOver()) return true;
      left = until === Infinity ? Infinity : until - monotonicNow();
      if (left <= 0) return false;
    }
    return true;
  }

  /** Looks before it sleeps: an answer is often there before a sleeping thread would have woken up. */
  #isReady(descriptor: number, isToWrite: boolean, left: number, round: number): boolean | undefined {
    if (!isToWrite && round === 0 && left > 0 && this.#look.until(() => isReadable(descriptor))) return true;
    return sleepUntilReady(descriptor, isToWrite, left, round);
  }

  /** Blocks until all that waits has left. False: the time was over first. @throws EOFError */
  flushSync(timeout: number): boolean {
    return this.#trySync(
      true,
      timeout,
      () => void this.flush(),
      () => !this.isSending,
    );
  }

  // ---- receiving, while the event loop stands still

  /** Blocks until a message is there, or the end. False: the time was over first. */
  waitSync(timeout: number): boolean {
    return this.#trySync(
      false,
      timeout,
      () => this.#readSync(),
      () => this.isThere(),
    );
  }

  /** True if a message is there, or the end. */
  isThere(): boolean {
    // Messages that the loop has read already go to the listener.
    while (this.next === undefined && this.#socket.readableLength > 0) this.#socket.read();
    return this.next !== undefined || this.failure !== undefined;
  }

  /** Reads what is there. */
  #readSync(): void {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return this.ended();
    const { target } = this.#reader;
    const into = target ?? readBuffer;
    let count: number;
    try {
      count = fs().readSync(descriptor, into);
    } catch (error) {
      if (!isFull(error)) this.ended(error as Error);
      return;
    }
    if (count === 0) return this.ended();
    if (target === undefined) this.#push(into.slice(0, count));
    else this.#reader.filled(count);
    this.#changed();
  }

  /** Lets nothing more in; what waits to be sent goes first. */
  close(): void {
    this.#isClosing = true;
    this.#socket.removeAllListeners('data');
    this.#messages.clear();
    if (!this.isSending) this.#socket.destroySoon();
  }
}
