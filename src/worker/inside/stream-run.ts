/**
 * Runs a generator task: sends its values as they come, and no more than the host has room for.
 *
 *   iterator --next()--> collected --send--> (on the way, or waiting at the host) --taken--> room for more
 *                        `------- at most `maxValues` values, and `maxBytes` bytes ----------'
 */

import { type Border, Encoder, type ExportedSignal } from '../../codec/index.ts';
import { expected } from '../../check.ts';
import { type ClosableIterator, isIterable, iteratorOf, resultOf } from '../../iteration.ts';
import { type TaskContext, callAs } from './current-task.ts';
import { type Frame, FrameKind } from '../link/frame.ts';
import { packetFrame } from '../link/message.ts';
import { isThenable } from '../../thenable.ts';
import { TypeError } from '../../refusals.ts';

/** The most values in flight, and their bytes, of which one value may have more. */
const maxValues = 64;
const maxBytes = 1024 * 1024;
/**
 * Each value is sent before the next is asked for, since the time of the next is unknown. After `afterValues` values, of which the last
 * took less than `quick` (milliseconds) each, they are collected for a while.
 */
const afterValues = 32;
const quick = 0.05;
const collectFor = 2;

export interface StreamOptions {
  readonly id: number;
  readonly border: Border;
  readonly context: TaskContext;
  readonly send: (values: Frame, signals: readonly ExportedSignal[]) => void;
  /** Called once at the end, after the last values were sent. */
  readonly ended: (isOk: boolean, error: unknown) => void;
  /** Called when it waits for the next value; `false`: for the host. */
  readonly waits: (isForValue: boolean) => void;
}

/** The name, in errors, of what is iterated over. */
const streamed = 'the stream';

export class StreamRun {
  readonly #options: StreamOptions;
  readonly #iterator: ClosableIterator<unknown>;
  #encoder: Encoder | undefined;
  /** Sizes of the values that were not taken, the oldest first, and their sum. */
  readonly #sizes: number[] = [];
  #bytes = 0;
  #sent = 0;
  #sentAt = performance.now();
  /** Milliseconds the last values took, the latest counting most. */
  #pace = 1;
  #isPulling = false;
  #isOver = false;

  /** @throws TypeError if it cannot be iterated over */
  constructor(source: unknown, options: StreamOptions) {
    this.#options = options;
    if (!isIterable(source)) throw new TypeError(expected('what a streamed function returns', 'an iterable', source));
    this.#iterator = iteratorOf(source, streamed);
  }

  pump(): void {
    while (!this.#isOver && !this.#isPulling && this.#hasRoom()) {
      let pulled: IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;
      const since = performance.now();
      try {
        pulled = callAs(this.#options.context, () => this.#iterator.next(), []);
      } catch (error) {
        return this.#end(false, error);
      }
      if (isThenable(pulled)) this.#await(pulled);
      else {
        const now = performance.now();
        this.#pace = this.#pace * 0.8 + (now - since) * 0.2;
        this.#accept(pulled);
        if (this.#sent < afterValues || this.#pace > quick || now - this.#sentAt > collectFor) this.flush();
      }
    }
    if (this.#isOver) return;
    this.flush();
    this.#options.waits(this.#isPulling);
  }

  /** The consumer has taken `count` values. */
  taken(count: number): void {
    for (const size of this.#sizes.splice(0, count)) this.#bytes -= size;
    if (!this.#isPulling) this.pump();
  }

  /** No more values are wanted. A generator gets to its `finally`, which may wait. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const ended = (): void => this.#options.ended(true, undefined);
    const failed = (error: unknown): void => this.#options.ended(false, error);
    try {
      const closed = callAs(this.#options.context, () => (this.#isPulling ? this.#iterator.interrupt() : this.#iterator.close()), []);
      if (!isThenable(closed)) return ended();
      this.#options.waits(true);
      Promise.resolve(closed).then(ended, failed);
    } catch (error) {
      failed(error);
    }
  }

  #hasRoom(): boolean {
    return this.#sizes.length === 0 || (this.#sizes.length < maxValues && this.#bytes < maxBytes);
  }

  #await(pulled: PromiseLike<IteratorResult<unknown>>): void {
    this.#isPulling = true;
    Promise.resolve(pulled).then(
      (result) => {
        this.#isPulling = false;
        if (this.#isOver) return;
        this.#accept(result);
        this.pump();
      },
      (error: unknown) => {
        this.#isPulling = false;
        this.#end(false, error);
      },
    );
  }

  #accept(given: IteratorResult<unknown>): void {
    let pulled: IteratorResult<unknown>;
    try {
      pulled = resultOf(given, streamed);
    } catch (error) {
      return this.#end(false, error);
    }
    if (pulled.done === true) return this.#end(true, undefined);
    const encoder = (this.#encoder ??= new Encoder({ border: this.#options.border }));
    const before = encoder.weight;
    try {
      encoder.add(pulled.value, `values[${this.#sent + encoder.count}]`);
    } catch (refusal) {
      this.#fail(refusal);
      return;
    }
    const size = encoder.weight - before;
    this.#sizes.push(size);
    this.#bytes += size;
  }

  /** Sends what is collected. */
  flush(): void {
    const encoder = this.#encoder;
    if (encoder === undefined || encoder.count === 0) return;
    this.#encoder = undefined;
    this.#sentAt = performance.now();
    const packet = encoder.finish();
    this.#options.send(packetFrame(FrameKind.ChunkOutcomes, packet, { id: this.#options.id, a: this.#sent }), packet.signals);
    this.#sent = this.#sent + encoder.count;
  }

  /** A value cannot cross: that ends it, and the generator is told. */
  #fail(refusal: unknown): void {
    this.#end(false, refusal);
    try {
      const closed = this.#iterator.close();
      if (isThenable(closed)) Promise.resolve(closed).catch(() => {});
    } catch {
      // The refusal is what is told.
    }
  }

  #end(isOk: boolean, error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.flush();
    this.#options.ended(isOk, error);
  }
}
