/** One end of a connection over a socket. Source: multiprocessing.connection.Connection */

import type { Socket } from 'node:net';
import { takeEncoder } from '../codec/index.ts';
import { BufferTooShort, InvalidStateError, TimeoutError } from '../errors.ts';
import type { AsyncItemIterator } from '../iteration.ts';
import {
  blocking,
  done,
  Failed,
  isAborted,
  ItemIterator,
  type Operation,
  Pending,
  readSyncTimeout,
  readWaitOptions,
  type SyncWaitOptions,
  type WaitOptions,
} from '../loop/index.ts';
import { blockThread } from '../memory/index.ts';
import { giveReadiness } from '../readiness.ts';
import { RangeError, TypeError } from '../refusals.ts';
import { failedAt, type Frames, framesOfCall } from '../stack-frames.ts';
import { mostOf, partOf } from '../view-part.ts';
import { BYTES, longestMessage, type Message, VALUE } from './frames.ts';
import { anyMessage, Next, Poll, type Reading, Receive, Receivers } from './receiving.ts';
import { type Ended, MessageStream } from './stream.ts';

/** How long a message may wait for room, and what changes owner with it. */
export interface SocketSendOptions extends WaitOptions {
  /** Buffers that change owner: they are empty here afterwards. */
  readonly transfer?: readonly ArrayBuffer[] | undefined;
}

const sendKeys = ['timeout', 'signal', 'transfer'];
const apart = 'its receiver may be any program, which does not see the shared objects of this one';

/** A message that waits for room. */
class Sending extends Pending<void> {
  readonly #stream: MessageStream;
  readonly #verb: string;
  #frames: Frames | undefined;
  readonly ended: Ended = (failure) => {
    this.#stream.unref();
    if (failure === undefined) this.settle();
    else this.fail(failedAt(failure(), this.#frames));
  };

  constructor(stream: MessageStream, verb: string) {
    super();
    this.#stream = stream;
    this.#verb = verb;
    stream.ref();
  }

  /** Begins the wait, with its limits. */
  begin(options: WaitOptions | undefined): void {
    this.#frames = framesOfCall();
    this.limit(options);
  }

  describe(): string {
    return `SocketConnection.${this.#verb}()`;
  }

  override expire(): void {
    this.reject(failedAt(new TimeoutError(`${this.describe()}: the other end made no room within its timeout`), this.#frames));
  }

  /** A message whose first bytes have left goes out whole all the same. */
  protected override abandon(): void {
    if (this.#stream.takeBack(this.ended)) this.#stream.unref();
  }
}

const notBytes = (verb: string): Error =>
  new InvalidStateError(`SocketConnection.${verb}(): the next message was sent by send(): it is there for recv()`);

function wholeBytes(verb: string, most: number): Reading<Uint8Array> {
  return {
    refuse: ({ kind, bytes }) => {
      if (kind !== BYTES) return notBytes(verb);
      if (bytes.length <= most) return undefined;
      return new BufferTooShort(`SocketConnection.${verb}(): the next message has ${bytes.length} bytes, and maxLength is ${most}`);
    },
    open: ({ bytes }) => bytes.slice(),
  };
}

function bytesInto(verb: string, into: Uint8Array): Reading<number> {
  return {
    refuse: ({ kind }) => (kind === BYTES ? undefined : notBytes(verb)),
    open: ({ bytes }: Message) => {
      if (bytes.length > into.length) {
        const why = `SocketConnection.${verb}(): the message has ${bytes.length} bytes, and there is room for ${into.length}`;
        throw new BufferTooShort(why, bytes.slice());
      }
      into.set(bytes);
      return bytes.length;
    },
  };
}

/** Makes a connection of a socket whose other end is proved. */
export let connectionOver: <T>(socket: Socket, name: string, rest: Uint8Array) => SocketConnection<T>;
/** Takes the stream over from a connection that was not used yet: `changed` hears of messages and of the end. */
export let takeStream: (connection: SocketConnection<any>, changed: (stream: MessageStream) => void) => MessageStream;
let isMaking = false;

/**
 * One end of a connection between two programs, over a socket: the result of {@link Client} and `Listener.accept`. It has the calls of a
 * `Connection`, but is not a handle: it stays in its thread. Shared objects cannot be sent, as the other program does not see them.
 *
 * Source: multiprocessing.connection.Connection
 *
 * @example
 * ```ts
 * import { Client, Listener } from 'heddle';
 *
 * const authkey = Buffer.from('a secret of both ends');
 * await using listener = await Listener.listen({ port: 0 }, { authkey });
 * const client = await Client(listener.address, { authkey });
 * const server = await listener.accept();
 * await client.send({ hello: 'world' });
 * console.log(await server.recv()); // prints: { hello: 'world' }
 * client.close();
 * server.close();
 * ```
 */
export class SocketConnection<T = unknown> implements AsyncIterable<T>, Disposable {
  readonly #stream: MessageStream;
  readonly #receivers: Receivers;
  #isClosed = false;

  static {
    connectionOver = (socket, name, rest) => {
      isMaking = true;
      try {
        return new SocketConnection(socket, name, rest);
      } finally {
        isMaking = false;
      }
    };
    takeStream = (connection, changed) => {
      const stream = connection.#stream;
      connection.#receivers.handTo(() => changed(stream));
      return stream;
    };
    giveReadiness(SocketConnection, (connection: SocketConnection) => ({
      isReady() {
        connection.#check('waitReady');
        return connection.#receivers.isReady();
      },
      watch: (ready) => connection.#receivers.watch(ready),
    }));
  }

  /** @throws TypeError always: `Client` and `Listener.accept` make connections */
  private constructor(socket: Socket, name: string, rest: Uint8Array) {
    if (!isMaking) throw new TypeError('expected Client() or Listener.accept() to make connections, got new SocketConnection()');
    this.#receivers = new Receivers((changed) => new MessageStream(socket, name, rest, changed));
    this.#stream = this.#receivers.stream;
  }

  /** True: messages can be received here. */
  get readable(): boolean {
    return true;
  }

  /** True: messages can be sent from here. */
  get writable(): boolean {
    return true;
  }

  /** True: this end was closed here. */
  get closed(): boolean {
    return this.#isClosed;
  }

  #check(verb: string): void {
    if (this.#isClosed) throw new InvalidStateError(`SocketConnection.${verb}(): this end is closed`);
  }

  /** Encodes, and hands the bytes to `use` while they are there. */
  #encoded<R>(verb: string, message: unknown, transfer: readonly ArrayBuffer[] | undefined, use: (bytes: Uint8Array) => R): R {
    const encoder = takeEncoder();
    try {
      encoder.encode(message, { root: 'message', transfer, apart });
      // User code that ran meanwhile may have closed it.
      this.#check(verb);
      const { bytes, start, end } = encoder;
      checkLength(end - start);
      encoder.takeMoved();
      return use(bytes.subarray(start, end));
    } finally {
      encoder.release();
    }
  }

  #put(verb: string, kind: number, bytes: Uint8Array, options: WaitOptions | undefined): Operation<void> {
    const sending = new Sending(this.#stream, verb);
    if (this.#stream.put(kind, bytes, sending.ended)) {
      sending.ended();
      return done;
    }
    sending.begin(options);
    return sending;
  }

  #putSync(verb: string, above: (...args: any[]) => unknown, kind: number, bytes: Uint8Array, timeout: number): void {
    const stream = this.#stream;
    let failure: (() => Error) | undefined;
    const ended: Ended = (made) => {
      failure = made;
    };
    if (stream.put(kind, bytes, ended)) return;
    const flush = (): boolean => stream.flushSync(timeout);
    const isFlushed = timeout > 0 && blocking(`SocketConnection.${verb}()`, above, () => blockThread(flush));
    if (failure !== undefined) throw failure();
    if (isFlushed || !stream.isSending) return;
    stream.takeBack(ended);
    throw new TimeoutError(`SocketConnection.${verb}(): the other end made no room within its timeout`);
  }

  /**
   * Sends a message: a value of any kind that can cross to another program. The message is encoded during the call: later changes are not
   * seen. Waits while the system's buffer is full.
   *
   * @param options milliseconds, or `{ timeout, signal, transfer }`; indefinitely by default. A message whose first bytes have left goes out whole, also where
   *   the wait for it was ended
   * @throws EOFError if the other end has closed the connection, or has ended; TimeoutError if there was no space in time
   * @throws SerializationError if the value cannot cross; InvalidStateError if this end is closed
   */
  send(message: T, options?: number | SocketSendOptions): Operation<void> {
    this.#check('send');
    const wait = readWaitOptions(options, sendKeys);
    const transfer = typeof options === 'object' ? options.transfer : undefined;
    if (isAborted(options)) return new Failed(wait.signal!.reason);
    try {
      return this.#encoded('send', message, transfer, (bytes) => this.#put('send', VALUE, bytes, wait));
    } catch (error) {
      return new Failed(error);
    }
  }

  /** As `send`, and blocks the thread. Async sends that still wait go first. */
  sendSync(message: T, options?: number | Omit<SocketSendOptions, 'signal'>): void {
    this.#check('sendSync');
    const timeout = readSyncTimeout(options, 'send()', sendKeys);
    const transfer = typeof options === 'object' ? options.transfer : undefined;
    this.#encoded('sendSync', message, transfer, (bytes) => this.#putSync('sendSync', this.sendSync, VALUE, bytes, timeout));
  }

  /**
   * Receives the next message, and waits for one. A message that was sent by `sendBytes` is a `Uint8Array`.
   *
   * @param options milliseconds, or `{ timeout, signal }`; indefinitely by default
   * @throws EOFError if the other end is closed and all that was sent is received; TimeoutError if nothing came in time
   * @throws InvalidStateError if this end is closed, or is closed meanwhile
   */
  recv(options?: number | WaitOptions): Operation<T> {
    this.#check('recv');
    return new Receive<T>(this.#receivers, 'recv', anyMessage as Reading<T>, readWaitOptions(options));
  }

  /** As `recv`, and blocks the thread. */
  recvSync(options?: number | SyncWaitOptions): T {
    this.#check('recvSync');
    return this.#receivers.receiveSync('recvSync', this.recvSync, anyMessage as Reading<T>, readSyncTimeout(options, 'recv()'));
  }

  /**
   * Waits until a `recv` would not wait: a message is there, or the end of file. True then; false after `timeout` ms. Takes nothing.
   *
   * @param options milliseconds, default 0; or `{ timeout, signal }`, where the timeout is indefinite by default
   * @throws InvalidStateError as `recv`
   */
  poll(options: number | WaitOptions = 0): Operation<boolean> {
    this.#check('poll');
    const wait = readWaitOptions(options);
    // A message may have come and not been read yet.
    if (!isAborted(options)) this.#receivers.isReady();
    return new Poll(this.#receivers, wait);
  }

  /** As `poll`, and blocks the thread. */
  pollSync(options: number | SyncWaitOptions = 0): boolean {
    this.#check('pollSync');
    return this.#receivers.pollSync(this.pollSync, readSyncTimeout(options, 'poll()'));
  }

  /**
   * Sends bytes as one message, without encoding: they are copied during the call.
   *
   * @param view an ArrayBuffer, or a view on one
   * @param offset the first byte of them that is sent. Default 0
   * @param size how many. Default: up to the end
   * @throws RangeError if that is not within the view; otherwise as `send`
   */
  sendBytes(view: ArrayBufferView | ArrayBufferLike, offset: number = 0, size?: number): Operation<void> {
    this.#check('sendBytes');
    const bytes = checkLength(partOf(view, offset, size));
    try {
      return this.#put('sendBytes', BYTES, bytes, undefined);
    } catch (error) {
      return new Failed(error);
    }
  }

  /** As `sendBytes`, and blocks the thread. */
  sendBytesSync(view: ArrayBufferView | ArrayBufferLike, offset: number = 0, size?: number): void {
    this.#check('sendBytesSync');
    this.#putSync('sendBytesSync', this.sendBytesSync, BYTES, checkLength(partOf(view, offset, size)), Infinity);
  }

  /**
   * Receives a message that was sent by `sendBytes`, and waits for one.
   *
   * @param maxLength bytes that it may have; default: any number
   * @param options as `recv`
   * @throws BufferTooShort if it has more: it stays for the next call
   * @throws InvalidStateError if the next message was sent by `send`: it stays for `recv`. Otherwise as `recv`
   */
  recvBytes(maxLength?: number, options?: number | WaitOptions): Operation<Uint8Array> {
    this.#check('recvBytes');
    return new Receive(this.#receivers, 'recvBytes', wholeBytes('recvBytes', mostOf(maxLength)), readWaitOptions(options));
  }

  /** As `recvBytes`, and blocks the thread. */
  recvBytesSync(maxLength?: number, options?: number | SyncWaitOptions): Uint8Array {
    this.#check('recvBytesSync');
    const reading = wholeBytes('recvBytesSync', mostOf(maxLength));
    return this.#receivers.receiveSync('recvBytesSync', this.recvBytesSync, reading, readSyncTimeout(options, 'recvBytes()'));
  }

  /**
   * Receives a message that was sent by `sendBytes` into memory of the caller. Gives how many bytes it had.
   *
   * @param view an ArrayBuffer, or a view on one
   * @param offset where in it the first byte goes. Default 0
   * @param options as `recv`
   * @throws BufferTooShort if there is too little room: the whole message is in `error.bytes`, and is received
   * @throws RangeError if the offset is not within the view; otherwise as `recvBytes`
   */
  recvBytesInto(view: ArrayBufferView | ArrayBufferLike, offset: number = 0, options?: number | WaitOptions): Operation<number> {
    this.#check('recvBytesInto');
    const reading = bytesInto('recvBytesInto', partOf(view, offset, undefined));
    return new Receive(this.#receivers, 'recvBytesInto', reading, readWaitOptions(options));
  }

  /** As `recvBytesInto`, and blocks the thread. */
  recvBytesIntoSync(view: ArrayBufferView | ArrayBufferLike, offset: number = 0, options?: number | SyncWaitOptions): number {
    this.#check('recvBytesIntoSync');
    const reading = bytesInto('recvBytesIntoSync', partOf(view, offset, undefined));
    return this.#receivers.receiveSync('recvBytesIntoSync', this.recvBytesIntoSync, reading, readSyncTimeout(options, 'recvBytesInto()'));
  }

  /**
   * Closes this end; closing twice has no effect. Pending receives here fail with `InvalidStateError`; messages whose `send` still waits go
   * out first. The other end receives what was sent before, and then `EOFError`.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#receivers.failAll(() => new InvalidStateError('SocketConnection: this end was closed while the call waited'));
    this.#stream.close();
  }

  /** As `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** `for await` receives messages until the end of file. Leaving the loop withdraws the pending receive, and closes nothing. */
  [Symbol.asyncIterator](): AsyncItemIterator<T> {
    this.#check('[Symbol.asyncIterator]');
    return new ItemIterator({ next: () => new Next<T>(this.#receivers) });
  }
}

function checkLength<B extends number | Uint8Array>(bytes: B): B {
  const length = typeof bytes === 'number' ? bytes : bytes.length;
  if (length > longestMessage) throw new RangeError(`expected a message of at most ${longestMessage} bytes, got ${length}`);
  return bytes;
}
