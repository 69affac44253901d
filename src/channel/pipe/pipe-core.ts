/** The use of one of the two buffers by a handle on an end of a pipe: a queue between ends, which ends when the other one has no owner. */

import { BufferTooShort, EOFError, type HeddleError, InvalidStateError, TimeoutError } from '../../errors.ts';
import { Done, Failed, type Operation, type WaitOptions, isAborted } from '../../loop/index.ts';
import type { Block, SharedObject } from '../../memory/index.ts';
import { Items, type Packed, type Taken } from '../items.ts';
import { Get, type Loading, Ready } from '../operations.ts';
import { QueueCore } from '../queue-core.ts';
import { RingStore } from '../ring-store.ts';
import { APART, BYTES } from '../ring.ts';
import type { Judge } from '../store.ts';

/** Makes the result from a received message of bytes. */
export interface BytesReader<R> {
  /** Says of the next message why it is not taken; undefined: it is. */
  refuse(kind: number, bytes: number): HeddleError | undefined;
  /** @throws BufferTooShort */
  read(items: Items, message: Taken): R;
  /** The bytes of what `read` gave, which was not seen. */
  bytesOf(result: R): Uint8Array;
}

/** The weight of a message, in units of 16 bytes. */
function unitsOf(kind: number, length: number, words: Int32Array): number {
  return 1 + ((((kind & APART) === 0 ? length : words[1]!) + 15) >>> 4);
}

export class PipeCore<T> extends QueueCore<T> {
  readonly #look: () => void;
  readonly #whenSent: () => void;

  /**
   * @param look sees whether the other end has an owner; if not, the buffer is shut down
   * @param whenSent called when no send of this thread waits any more
   */
  constructor(handle: SharedObject, block: Block, look: () => void, whenSent: () => void) {
    super(handle, new RingStore(block, unitsOf), new Items(handle, block.ref, 'message'), undefined, block);
    this.#look = look;
    this.#whenSent = whenSent;
  }

  override get isOver(): boolean {
    this.#look();
    return this.buffer.isShutDown;
  }

  override place(messages: readonly Packed[], from: number): number {
    this.#look();
    return super.place(messages, from);
  }

  protected override puttersLeft(): void {
    this.#whenSent();
  }

  override giveBackValue(value: unknown, number: number): void {
    if (!this.isClosed) super.giveBackValue(value, number);
  }

  giveBackBytes(bytes: Uint8Array, number: number): void {
    if (this.isClosed) return;
    const packed = this.items.packBytes(bytes);
    this.buffer.giveBack({ ...packed, words: packed.words.slice(), number });
  }

  override shutDownError(verb: string): HeddleError {
    const rest = verb.startsWith('send') ? '' : ', and nothing is left to receive';
    return new EOFError(`${this.name}.${verb}(): the other end of the pipe is closed${rest}`);
  }

  override emptyError(verb: string, isAtOnce: boolean): HeddleError {
    const what = isAtOnce ? 'no message is there' : 'nothing came in the time that it was given';
    return new TimeoutError(`${this.name}.${verb}(): ${what}`);
  }

  override fullError(verb: string, isAtOnce: boolean): HeddleError {
    const when = isAtOnce ? 'there is no room' : 'there was no room in the time that it was given';
    return new TimeoutError(`${this.name}.${verb}(): ${when}, as the other end has not read what was sent before`);
  }

  /** True while a message of this end waits to be sent, or a call waits for one. */
  get isSending(): boolean {
    return this.putters.length > 0;
  }

  poll(wait: WaitOptions): Operation<boolean> {
    return !isAborted(wait) && this.isReady() ? new Done(true) : new Ready(this, 'poll', wait);
  }

  pollSync(above: (...args: any[]) => unknown, timeout: number): boolean {
    return this.waitReadySync('pollSync', above, timeout);
  }

  /** Takes a message of bytes. */
  getBytes<R>(verb: string, wait: WaitOptions | undefined, reader: BytesReader<R>): Operation<R> {
    if (this.getters.length > 0 || isAborted(wait)) return new GetBytes(this, verb, wait, reader);
    const refused = refusalOf(reader);
    if (!this.buffer.take(false, refused.judge))
      return refused.error === undefined ? new GetBytes(this, verb, wait, reader) : new Failed(refused.error);
    const turn = this.turns.due();
    if (turn !== undefined) return new GetBytes(this, verb, wait, reader, { message: this.buffer.keep(), loading: turn });
    try {
      return new Done(reader.read(this.items, this.buffer));
    } catch (error) {
      return new Failed(error);
    }
  }

  getBytesSync<R>(verb: string, above: (...args: any[]) => unknown, timeout: number, reader: BytesReader<R>): R {
    const refused = refusalOf(reader);
    this.takeSync(verb, above, timeout, refused.judge, () => {
      if (refused.error !== undefined) throw refused.error;
    });
    return reader.read(this.items, this.buffer);
  }
}

/** Looks at the first message, and keeps the reason why it is not taken. */
function refusalOf(reader: BytesReader<unknown>): { readonly judge: Judge; error: HeddleError | undefined } {
  const refused = {
    error: undefined as HeddleError | undefined,
    judge: (kind: number, bytes: number): boolean => (refused.error = reader.refuse(kind, bytes)) === undefined,
  };
  return refused;
}

class GetBytes<R> extends Get<R> {
  readonly #reader: BytesReader<R>;

  constructor(core: PipeCore<any>, verb: string, options: WaitOptions | undefined, reader: BytesReader<R>, taken?: Loading) {
    // The wait begins when it is known what to do with a message.
    super(core, verb, options, taken ?? 'wait later');
    this.#reader = reader;
    if (taken === undefined) this.wait(options);
  }

  protected override take(): boolean {
    const refused = refusalOf(this.#reader);
    const isTaken = this.core.buffer.take(true, refused.judge);
    if (refused.error !== undefined) this.fail(refused.error);
    return isTaken;
  }

  protected override read(message: Taken = this.core.buffer): R {
    return this.#reader.read(this.core.items, message);
  }

  protected override giveBack(value: R): void {
    (this.core as PipeCore<any>).giveBackBytes(this.#reader.bytesOf(value), this.number);
  }
}

const notBytes = (verb: string): InvalidStateError =>
  new InvalidStateError(`Connection.${verb}(): the next message was sent by send() and is not bytes: take it with recv()`);

/** The message as an array of bytes. @param most bytes that it may have */
export function wholeBytes(verb: string, most: number): BytesReader<Uint8Array> {
  return {
    refuse(kind, bytes) {
      if ((kind & BYTES) === 0) return notBytes(verb);
      if (bytes <= most) return undefined;
      return new BufferTooShort(`Connection.${verb}(): expected a message of at most ${most} bytes, got one of ${bytes}, which stays`);
    },
    read: (items, message) => items.openBytes(message),
    bytesOf: (result) => result,
  };
}

/** The message, copied into memory of the caller. */
export function bytesInto(verb: string, target: Uint8Array): BytesReader<number> {
  return {
    refuse: (kind) => ((kind & BYTES) === 0 ? notBytes(verb) : undefined),
    read(items, message) {
      const length = items.lengthOf(message);
      if (length <= target.length) return items.copyBytes(message, target);
      const bytes = items.openBytes(message);
      throw new BufferTooShort(
        `Connection.${verb}(): expected a message of at most ${target.length} bytes, got one of ${length}, which is in error.bytes`,
        bytes,
      );
    },
    bytesOf: (result) => target.slice(0, result),
  };
}
