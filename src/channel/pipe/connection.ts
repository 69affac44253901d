/** One end of a pipe, and `Pipe`, which makes both. Source: multiprocessing.Pipe, multiprocessing.connection.Connection */

import { checkBoolean } from '../../check.ts';
import { InvalidStateError } from '../../errors.ts';
import { notSent } from '../../handles.ts';
import type { AsyncItemIterator } from '../../iteration.ts';
import {
  Failed,
  ItemIterator,
  type Operation,
  readSyncTimeout,
  readWaitOptions,
  type SyncWaitOptions,
  type WaitOptions,
} from '../../loop/index.ts';
import { blockOf, defineKind, dropListed, isArriving, letGo, type ObjectKind, SharedObject } from '../../memory/index.ts';
import { giveReadiness } from '../../readiness.ts';
import { TypeError } from '../../refusals.ts';
import { mostOf, partOf } from '../../view-part.ts';
import type { Packed } from '../items.ts';
import { coreReadiness } from '../wait-ready.ts';
import { endKind, endRefs, endWords, incomingOf, joinEnds, newBuffer, OtherEnd, outgoingOf, startEnd } from './end.ts';
import { bytesInto, PipeCore, wholeBytes } from './pipe-core.ts';

type Block = ReturnType<typeof newBuffer>;

/** The buffers of an end that is being made: the one that it reads, and the one that it writes. */
interface Buffers {
  readonly incoming: Block | undefined;
  readonly outgoing: Block | undefined;
}

let making: Buffers | undefined;

/** For people, from the inside of the class. */
let describeConnection: (connection: Connection) => string;

const kind: ObjectKind = defineKind({
  number: endKind,
  name: 'Connection',
  words: endWords,
  refs: endRefs,
  isClosable: true,
  create: () => new Connection(),
  describe: (connection: Connection) => describeConnection(connection),
});

/** How long a message may wait for room, and what changes owner with it. */
export interface SendOptions extends WaitOptions {
  /** Buffers that change owner: they are empty here afterwards. */
  readonly transfer?: readonly ArrayBuffer[] | undefined;
}

/** A connection in numbers. */
export interface ConnectionStatistics {
  /** Bytes that were sent to this end and not received yet, in whole units of 16 with what each message costs. */
  readonly unreadBytes: number;
  /** Bytes that this end has sent and the other one has not received yet, counted in the same way. */
  readonly unsentBytes: number;
  /** Threads that wait for a message at this end; the async waits of one thread count as one. */
  readonly waitingReceivers: number;
  /** Threads that wait for room for what they send from this end. */
  readonly waitingSenders: number;
}

const sendKeys = ['timeout', 'signal', 'transfer'];
const unitBytes = 16;

/**
 * One end of a pipe; {@link Pipe} makes both. An end can be an argument of a process, thread or task, a captured variable, an item of a
 * queue or a message of another pipe. The receiver then has the same end. Any number of threads and processes may have it at a time.
 *
 * An end is open as long as a handle on it is open anywhere, or in flight. A thread or process that ends releases its handles, however it
 * ended. An unused handle keeps its end open until it is collected. Close each handle that is not needed, by `close()` or `using`, also in
 * a process that has only passed it on.
 *
 * Source: multiprocessing.connection.Connection
 *
 * @example
 * ```ts
 * import { Pipe, Process } from 'heddle';
 *
 * const [parent, child] = Pipe<string>();
 * const process = new Process({
 *   target: async () => {
 *     for await (const message of child) await child.send(message.toUpperCase());
 *   },
 * }).start();
 * child.close();
 * await parent.send('hello');
 * console.log(await parent.recv()); // prints: HELLO
 * parent.close();
 * await process.join();
 * ```
 */
export class Connection<T = unknown> extends SharedObject implements AsyncIterable<T>, Disposable {
  readonly #incoming: PipeCore<T> | undefined;
  readonly #outgoing: PipeCore<T> | undefined;
  #isClosed = false;
  #isLetGo = false;

  static {
    describeConnection = (connection) => {
      const ways = connection.#incoming === undefined ? 'write-only' : connection.#outgoing === undefined ? 'read-only' : 'read-write';
      return `${connection.constructor.name} ${ways}${connection.#isClosed ? ', closed' : ''}`;
    };
    Object.defineProperty(Connection.prototype, notSent, {
      value(this: Connection): string | undefined {
        return this.#isClosed ? 'a Connection that is closed cannot cross' : undefined;
      },
    });
    giveReadiness(Connection, (connection: Connection) => {
      const check = (): PipeCore<unknown> => connection.#reading('waitReady');
      return coreReadiness(check(), check);
    });
  }

  /** @throws TypeError always: `Pipe` makes connections */
  constructor() {
    const made = making;
    making = undefined;
    if (made === undefined && !isArriving()) throw new TypeError('expected Pipe() to make connections, got new Connection()');
    super(kind, (block) => startEnd(block, made?.incoming, made?.outgoing));
    const block = blockOf(this);
    let other: OtherEnd | undefined;
    const look = (): void => {
      if (other === undefined) {
        other = new OtherEnd(block);
        other.buffers = [
          ...(this.#incoming === undefined ? [] : [{ buffer: this.#incoming.buffer, isRead: true }]),
          ...(this.#outgoing === undefined ? [] : [{ buffer: this.#outgoing.buffer, isRead: false }]),
        ];
      }
      other.look();
    };
    const whenSent = (): void => this.#letGo();
    const [incoming, outgoing] = [incomingOf(block), outgoingOf(block)];
    if (incoming !== undefined) this.#incoming = new PipeCore<T>(this, incoming, look, whenSent);
    if (outgoing !== undefined) this.#outgoing = new PipeCore<T>(this, outgoing, look, whenSent);
  }

  /** True: messages can be received here. */
  get readable(): boolean {
    return this.#incoming !== undefined;
  }

  /** True: messages can be sent from here. */
  get writable(): boolean {
    return this.#outgoing !== undefined;
  }

  /** True: this handle was closed. Others on the same end, in other threads and processes, are as they were. */
  get closed(): boolean {
    return this.#isClosed;
  }

  #reading(verb: string): PipeCore<T> {
    this.#check(verb);
    if (this.#incoming === undefined) throw new InvalidStateError(`Connection.${verb}(): this end of a one-way pipe only sends`);
    return this.#incoming;
  }

  #writing(verb: string): PipeCore<T> {
    this.#check(verb);
    if (this.#outgoing === undefined) throw new InvalidStateError(`Connection.${verb}(): this end of a one-way pipe only receives`);
    return this.#outgoing;
  }

  #check(verb: string): void {
    if (this.#isClosed) throw new InvalidStateError(`Connection.${verb}(): this handle is closed`);
  }

  /** User code that ran while the message was made may have closed the handle. */
  #checkStill(message: Packed, core: PipeCore<T>, verb: string): void {
    if (!this.#isClosed) return;
    core.items.drop(message);
    this.#check(verb);
  }

  #send(core: PipeCore<T>, verb: string, wait: WaitOptions | undefined, pack: () => Packed): Operation<void> {
    let message: Packed;
    try {
      message = pack();
      this.#checkStill(message, core, verb);
    } catch (error) {
      return new Failed(error);
    }
    return core.put([message], verb, wait);
  }

  /**
   * Sends a message: a value of any kind that can cross to a process. The message is encoded during the call: later changes are not seen.
   * Waits while more than 4 MiB of earlier messages are not received yet.
   *
   * @param options milliseconds, or `{ timeout, signal, transfer }`; indefinitely by default
   * @throws EOFError if the other end is closed, or has no owner any more; TimeoutError if there was no space in time
   * @throws SerializationError if the value cannot cross; InvalidStateError if the handle is closed, or its end only receives
   */
  send(message: T, options?: number | SendOptions): Operation<void> {
    const core = this.#writing('send');
    const wait = options === undefined ? undefined : readWaitOptions(options, sendKeys);
    return this.#send(core, 'send', wait, () => core.items.pack(message, typeof options === 'object' ? options.transfer : undefined));
  }

  /** As `send`, and blocks the thread. Async sends of this thread that still wait go first. */
  sendSync(message: T, options?: number | Omit<SendOptions, 'signal'>): void {
    const core = this.#writing('sendSync');
    const timeout = readSyncTimeout(options, 'send()', sendKeys);
    const packed = core.items.pack(message, typeof options === 'object' ? options.transfer : undefined);
    this.#checkStill(packed, core, 'sendSync');
    core.putSync([packed], 'sendSync', this.sendSync, timeout);
  }

  /**
   * Receives the next message, and waits for one. A message that was sent by `sendBytes` is a `Uint8Array`.
   *
   * @param options milliseconds, or `{ timeout, signal }`; indefinitely by default
   * @throws EOFError if the other end is closed, or has no owner any more, and all that was sent is received; TimeoutError if nothing came in time
   * @throws InvalidStateError if the handle is closed, or is closed meanwhile, or its end only sends
   */
  recv(options?: number | WaitOptions): Operation<T> {
    return this.#reading('recv').get('recv', options === undefined ? undefined : readWaitOptions(options));
  }

  /** As `recv`, and blocks the thread. */
  recvSync(options?: number | SyncWaitOptions): T {
    return this.#reading('recvSync').getSync('recvSync', this.recvSync, readSyncTimeout(options, 'recv()'));
  }

  /**
   * Waits until a `recv` would not wait: a message is there, or the end of file is. True then; false after `timeout` ms. Takes nothing.
   *
   * @param options milliseconds, default 0; or `{ timeout, signal }`, where the timeout is indefinite by default
   * @throws InvalidStateError as `recv`
   */
  poll(options: number | WaitOptions = 0): Operation<boolean> {
    return this.#reading('poll').poll(readWaitOptions(options));
  }

  /** As `poll`, and blocks the thread. */
  pollSync(options: number | SyncWaitOptions = 0): boolean {
    return this.#reading('pollSync').pollSync(this.pollSync, readSyncTimeout(options, 'poll()'));
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
    const core = this.#writing('sendBytes');
    const bytes = partOf(view, offset, size);
    return this.#send(core, 'sendBytes', undefined, () => core.items.packBytes(bytes));
  }

  /** As `sendBytes`, and blocks the thread. */
  sendBytesSync(view: ArrayBufferView | ArrayBufferLike, offset: number = 0, size?: number): void {
    const core = this.#writing('sendBytesSync');
    core.putSync([core.items.packBytes(partOf(view, offset, size))], 'sendBytesSync', this.sendBytesSync, Infinity);
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
    const core = this.#reading('recvBytes');
    const wait = options === undefined ? undefined : readWaitOptions(options);
    return core.getBytes('recvBytes', wait, wholeBytes('recvBytes', mostOf(maxLength)));
  }

  /** As `recvBytes`, and blocks the thread. */
  recvBytesSync(maxLength?: number, options?: number | SyncWaitOptions): Uint8Array {
    const core = this.#reading('recvBytesSync');
    const timeout = readSyncTimeout(options, 'recvBytes()');
    return core.getBytesSync('recvBytesSync', this.recvBytesSync, timeout, wholeBytes('recvBytesSync', mostOf(maxLength)));
  }

  /**
   * Receives a message that was sent by `sendBytes` straight into memory of the caller. Gives how many bytes it had.
   *
   * @param view an ArrayBuffer, or a view on one
   * @param offset where in it the first byte goes. Default 0
   * @param options as `recv`
   * @throws BufferTooShort if there is too little room: the whole message is in `error.bytes`, and is received
   * @throws RangeError if the offset is not within the view; otherwise as `recvBytes`
   */
  recvBytesInto(view: ArrayBufferView | ArrayBufferLike, offset: number = 0, options?: number | WaitOptions): Operation<number> {
    const core = this.#reading('recvBytesInto');
    const wait = options === undefined ? undefined : readWaitOptions(options);
    return core.getBytes('recvBytesInto', wait, bytesInto('recvBytesInto', partOf(view, offset, undefined)));
  }

  /** As `recvBytesInto`, and blocks the thread. */
  recvBytesIntoSync(view: ArrayBufferView | ArrayBufferLike, offset: number = 0, options?: number | SyncWaitOptions): number {
    const core = this.#reading('recvBytesIntoSync');
    const timeout = readSyncTimeout(options, 'recvBytesInto()');
    const reader = bytesInto('recvBytesIntoSync', partOf(view, offset, undefined));
    return core.getBytesSync('recvBytesIntoSync', this.recvBytesIntoSync, timeout, reader);
  }

  /**
   * Closes this handle; closing twice has no effect. Pending receives here fail with `InvalidStateError`; messages whose `send` still waits
   * go out first. With its last handle the end is closed: the other end receives what was sent before, and then `EOFError`.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#incoming?.close();
    if (this.#outgoing !== undefined) this.#outgoing.isClosed = true;
    if (this.#outgoing?.isSending !== true) this.#letGo();
  }

  #letGo(): void {
    if (!this.#isClosed || this.#isLetGo) return;
    this.#isLetGo = true;
    letGo(this, () => {
      // ORDER: released, then looked for waiters; pairs with the other end's waiters, which join the line and then ask whether this end has
      // an owner.
      this.#outgoing?.buffer.getters.callAll();
      this.#incoming?.buffer.putters.known?.callAll();
    });
  }

  /** As `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** `for await` receives messages until the end of file. Leaving the loop withdraws the pending receive, and closes nothing. */
  [Symbol.asyncIterator](): AsyncItemIterator<T> {
    return new ItemIterator(this.#reading('[Symbol.asyncIterator]'));
  }

  /** The present state in numbers. @throws InvalidStateError if the handle is closed */
  statistics(): ConnectionStatistics {
    this.#check('statistics');
    return {
      unreadBytes: (this.#incoming?.size ?? 0) * unitBytes,
      unsentBytes: (this.#outgoing?.size ?? 0) * unitBytes,
      waitingReceivers: this.#incoming?.buffer.waiting().getters ?? 0,
      waitingSenders: this.#outgoing?.buffer.waiting().putters ?? 0,
    };
  }
}

function makeEnd<T>(incoming: Block | undefined, outgoing: Block | undefined): Connection<T> {
  making = { incoming, outgoing };
  try {
    return new Connection<T>();
  } finally {
    making = undefined;
  }
}

/**
 * Makes a pipe between threads and processes, and gives its two ends. Messages arrive in the order in which they were sent.
 *
 * Source: multiprocessing.Pipe
 *
 * @param duplex false: the first end only receives, and the second only sends. Default true: both do both
 * @throws TypeError for another `duplex`; HeddleError if the shared heap is full
 *
 * @example
 * ```ts
 * import { Pipe, Thread } from 'heddle';
 *
 * const [reader, writer] = Pipe<number>(false);
 * new Thread({
 *   target: () => {
 *     using end = writer;
 *     for (let n = 1; n <= 3; n += 1) end.sendSync(n * n);
 *   },
 * }).start();
 * writer.close();
 * for await (const square of reader) console.log(square);
 * // prints: 1
 * // prints: 4
 * // prints: 9
 * ```
 */
export function Pipe<T = unknown>(duplex: boolean = true): [Connection<T>, Connection<T>] {
  checkBoolean(duplex, 'duplex');
  const buffers: Block[] = [];
  try {
    const there = newBuffer();
    buffers.push(there);
    const back = duplex ? newBuffer() : undefined;
    if (back !== undefined) buffers.push(back);
    const first = makeEnd<T>(there, back);
    const second = makeEnd<T>(back, there);
    joinEnds(blockOf(first), blockOf(second), buffers);
    return [first, second];
  } catch (error) {
    for (const buffer of buffers) dropListed(buffer);
    throw error;
  }
}
