/**
 * The calls that wait for a message of a connection, in line. The first of them takes a message when one is there.
 *
 *   waits in line ── message ──▶ takes it ── its modules are loaded ──▶ opened: the value
 *                 └─ end ──▶ EOFError                └─ the wait ends meanwhile ──▶ the message goes back to the front
 */

import { modulesOf, prepare, prepareSync, decodeMessage } from '../codec/index.ts';
import { TimeoutError } from '../errors.ts';
import { blocking, isAborted, isBlockingSeen, Pending, type WaitOptions, WaitList } from '../loop/index.ts';
import { blockThread } from '../memory/index.ts';
import { failedAt, type Frames, framesOfCall } from '../stack-frames.ts';
import { BYTES, type Message, VALUE } from './frames.ts';
import type { MessageStream } from './stream.ts';

/** How a call reads the message at the front. */
export interface Reading<R> {
  /** Why it cannot read this message, which stays then. */
  refuse?(message: Message): Error | undefined;
  /** Makes the result of the call. The message is taken, and its modules are loaded. */
  open(message: Message): R;
}

/** A value, or the bytes of a message of bytes. */
export const anyMessage: Reading<unknown> = {
  open: ({ kind, bytes }) => (kind === BYTES ? bytes.slice() : decodeMessage(bytes, 0, bytes.length)),
};

const modulesIn = ({ kind, bytes }: Message): readonly string[] => (kind === VALUE ? modulesOf(bytes, 0, bytes.length) : []);

abstract class Waiting<R> extends Pending<R> {
  protected readonly line: Receivers;
  protected readonly verb: string;
  #frames: Frames | undefined;

  constructor(line: Receivers, verb: string) {
    super();
    this.line = line;
    this.verb = verb;
  }

  describe(): string {
    return `SocketConnection.${this.verb}()`;
  }

  /** Last in a constructor. */
  protected begin(options: WaitOptions | undefined): void {
    if (!isAborted(options)) this.line.add(this);
    if (this.isPending) this.#frames = framesOfCall();
    this.limit(options);
  }

  /** Fails with an error that begins with the line of the call. */
  failHere(error: Error): void {
    this.fail(failedAt(error, this.#frames));
  }

  /** A message is at the front, or the end has come. */
  abstract serve(): void;

  protected override abandon(): void {
    this.line.changed();
  }

  override expire(): void {
    this.reject(failedAt(new TimeoutError(`${this.describe()}: no message came within its timeout`), this.#frames));
  }
}

export class Receive<R> extends Waiting<R> {
  readonly #reading: Reading<R>;
  /** Taken, while its modules are loaded. */
  #message: Message | undefined;
  /** The message of the value, where it may come back unseen. */
  #opened: Message | undefined;
  #isAwaited = false;

  constructor(line: Receivers, verb: string, reading: Reading<R>, options: WaitOptions | undefined) {
    super(line, verb);
    this.#reading = reading;
    this.begin(options);
  }

  serve(): void {
    const { stream } = this.line;
    const message = stream.next;
    if (message === undefined) return this.atEnd(stream.failure!);
    const refused = this.#reading.refuse?.(message);
    if (refused !== undefined) return this.failHere(refused);
    stream.take();
    const loading = prepare({ modules: modulesIn(message) });
    if (loading === undefined) return this.#open(message);
    this.#message = message;
    const opened = (error?: unknown): void => {
      if (!this.isPending) return;
      this.#message = undefined;
      if (error === undefined) this.#open(message);
      else this.fail(error);
    };
    void loading.then(() => opened(), opened);
  }

  /** No message comes any more. */
  protected atEnd(failure: () => Error): void {
    this.failHere(failure());
  }

  #open(message: Message): void {
    try {
      if (!this.#isAwaited) this.#opened = message;
      this.settle(this.#reading.open(message));
    } catch (error) {
      this.fail(error);
    }
  }

  /** The time is that of the wait for a message: one that has come is given out, however long its modules take. */
  override expire(): void {
    if (this.#message === undefined) super.expire();
  }

  protected override abandon(): void {
    const message = this.#message;
    this.#message = undefined;
    if (message !== undefined) this.line.stream.giveBack(message);
    super.abandon();
  }

  /** A promise gives its value out: what the value was made of is not kept for that. */
  // oxlint-disable-next-line unicorn/no-thenable -- an operation is awaited
  override then<A = R, B = never>(
    onValue?: ((value: R) => A | PromiseLike<A>) | null,
    onError?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isAwaited = true;
    return super.then(onValue, onError);
  }

  /** The waiter was killed before it saw the value: the next call gets the message. */
  protected override giveBack(): void {
    const message = this.#opened;
    this.#opened = undefined;
    if (message === undefined) return;
    this.line.stream.giveBack(message);
    this.line.changed();
  }
}

/** A step of an iteration. */
export class Next<T> extends Receive<IteratorResult<T, undefined>> {
  constructor(line: Receivers) {
    super(line, 'next', { open: (message) => ({ done: false, value: anyMessage.open(message) as T }) }, undefined);
  }

  protected override atEnd(): void {
    this.settle({ done: true, value: undefined });
  }

  /** The iteration was left: what was taken and not seen goes back. */
  end(): void {
    this.detach();
    this.abandon();
    this.settle({ done: true, value: undefined });
  }
}

export class Poll extends Waiting<boolean> {
  constructor(line: Receivers, options: WaitOptions | undefined) {
    super(line, 'poll');
    this.begin(options);
  }

  serve(): void {
    this.settle(true);
  }

  override expire(): void {
    if (this.isPending) this.settle(false);
    this.line.changed();
  }
}

/** The waiters for messages of one stream. */
export class Receivers {
  readonly stream: MessageStream;
  readonly #list: WaitList<Waiting<any>> = new WaitList();
  /** The program is kept alive by those that wait. */
  #isHolding = false;
  #isServing = false;
  /** Has taken the messages over: nothing waits in line. */
  #taker: (() => void) | undefined;

  /** @param open makes the stream, which calls back when a message or the end has come */
  constructor(open: (changed: () => void) => MessageStream) {
    this.stream = open(() => this.changed());
  }

  /** Has `taker` called, now and later, when a message or the end has come: it takes them from the stream. */
  handTo(taker: () => void): void {
    this.#taker = taker;
    taker();
  }

  add(wait: Waiting<any>): void {
    this.#list.push(wait);
    this.changed();
  }

  /** A message or the end has come, or the line has changed. */
  changed(): void {
    if (this.#taker !== undefined) return this.#taker();
    if (this.#isServing) return;
    this.#isServing = true;
    try {
      while (this.#list.first !== undefined && (this.stream.next !== undefined || this.stream.failure !== undefined)) this.#serveFirst();
    } finally {
      this.#isServing = false;
    }
    this.#hold(this.#list.first !== undefined);
  }

  #serveFirst(): void {
    const first = this.#list.first!;
    this.#list.remove(first);
    first.serve();
  }

  #hold(holds: boolean): void {
    if (holds === this.#isHolding) return;
    this.#isHolding = holds;
    if (holds) this.stream.ref();
    else this.stream.unref();
  }

  /** True if a message is there, or the end, also where the loop has not read it yet. */
  isReady(): boolean {
    return this.stream.waitSync(0);
  }

  /** Calls back once when a message or the end is there, or the connection is closed. Returns what ends that. */
  watch(ready: (error?: unknown) => void): () => void {
    const poll = new Poll(this, undefined);
    let isOver = false;
    const told = (error?: unknown): void => {
      if (!isOver) ready(error);
    };
    poll.then(() => told(), told);
    return () => {
      isOver = true;
      poll.expire();
    };
  }

  /** Ends all waits, each with an error of its own. */
  failAll(failure: () => Error): void {
    for (let first = this.#list.first; first !== undefined; first = this.#list.first) {
      this.#list.remove(first);
      first.failHere(failure());
    }
    this.#hold(false);
  }

  /**
   * Receives while the event loop stands still.
   *
   * @param above the function whose caller blocks
   */
  receiveSync<R>(verb: string, above: (...args: any[]) => unknown, reading: Reading<R>, timeout: number): R {
    if (!this.#wait(verb, above, timeout)) throw new TimeoutError(`SocketConnection.${verb}(): no message came within its timeout`);
    const { stream } = this;
    const message = stream.next;
    if (message === undefined) throw stream.failure!();
    const refused = reading.refuse?.(message);
    if (refused !== undefined) throw refused;
    // A module that cannot be loaded here is told before the message is taken.
    prepareSync(modulesIn(message));
    stream.take();
    return reading.open(message);
  }

  pollSync(above: (...args: any[]) => unknown, timeout: number): boolean {
    return this.#wait('pollSync', above, timeout);
  }

  #wait(verb: string, above: (...args: any[]) => unknown, timeout: number): boolean {
    const { stream } = this;
    // Async waits of this thread are served first, as messages come.
    if (timeout === 0 || isBlockingSeen()) {
      const isThere = stream.waitSync(0);
      if (isThere || timeout === 0) return isThere;
    } else if (stream.isThere()) return true;
    return blocking(`SocketConnection.${verb}()`, above, () => blockThread(() => stream.waitSync(timeout)));
  }
}
