/**
 * The operations of a handle on a queue: items go in and out, at once where that is possible, otherwise after a wait in one of the three
 * lines.
 *
 *    put ─▶ items.pack ─▶ [buffer] ─▶ items.open ─▶ get
 *            putters ─────────┘ └───────── getters            joiners: until all tasks are done
 */

import { prepare, prepareSync } from '../codec/index.ts';
import { Empty, Full, type HeddleError, InvalidStateError, ShutDown, withCount } from '../errors.ts';
import { blocking, Done, done, Failed, isAborted, isBlockingSeen, type Operation, type WaitOptions, yes } from '../loop/index.ts';
import { type Block, blockOf, Deadline, type SharedObject } from '../memory/index.ts';
import { RangeError } from '../refusals.ts';
import { Batch, Items, own, type Packed, type Taken } from './items.ts';
import { Line } from './line.ts';
import { asError, Get, GetMany, Join, Later, Next, Put } from './operations.ts';
import { OPEN } from './record.ts';
import { RingStore } from './ring-store.ts';
import { SharedBuffer } from './shared-buffer.ts';
import type { Judge, Message, Store } from './store.ts';
import { Turns } from './turns.ts';

/** The function that stands above the user's frames in the stack of an error. */
type Above = (...args: any[]) => unknown;

export class QueueCore<T> {
  readonly handle: SharedObject;
  readonly buffer: SharedBuffer;
  readonly items: Items;
  readonly getters: Line;
  readonly putters: Line;
  readonly joiners: Line;
  readonly #noun: string;
  isClosed = false;
  /** Gets that have a message, and load its modules. */
  readonly loading: Set<Get<any>> = new Set();
  protected readonly turns: Turns = new Turns();

  /** @param store where its items are @param noun what it is called in errors @param block with the words of the buffer, where that is not the block of the handle */
  constructor(
    handle: SharedObject,
    store: Store = new RingStore(blockOf(handle)),
    items: Items = new Items(handle),
    noun: string = 'queue',
    block: Block = blockOf(handle),
  ) {
    this.handle = handle;
    this.items = items;
    this.#noun = noun;
    const buffer = new SharedBuffer(block, store, (parcel) => items.dropParcel(parcel));
    this.buffer = buffer;
    this.getters = new Line({
      queue: () => buffer.getters,
      isPossible: () => buffer.isShutDown || buffer.hasMessage(),
      mayBePossible: () => buffer.mayHaveMessage,
      reservation: buffer,
      done: () => buffer.gets,
    });
    this.putters = new Line({
      queue: () => buffer.putters.open(),
      isPossible: () => buffer.isShutDown || buffer.hasRoom,
      mayBePossible: () => buffer.isShutDown || buffer.hasRoom,
      done: () => buffer.puts,
      emptied: () => this.puttersLeft(),
    });
    this.joiners = new Line({
      queue: () => buffer.books!.line.open(),
      isPossible: () => buffer.books!.count() === 0,
    });
  }

  get name(): string {
    return this.handle.constructor.name;
  }

  /** Items that are there, also those of a producer that died before it had counted them. */
  get size(): number {
    this.buffer.settlePuts();
    return this.buffer.size;
  }

  check(verb: string): void {
    if (this.isClosed) throw this.closedError(verb);
  }

  closedError(verb: string): InvalidStateError {
    return new InvalidStateError(`${this.name}.${verb}(): this handle is closed`);
  }

  shutDownError(verb: string, isPut: boolean = false): HeddleError {
    const rest = this.buffer.state === OPEN || isPut ? '' : ', and there are no more items';
    return new ShutDown(`${this.name}.${verb}(): the ${this.#noun} is shut down${rest}`);
  }

  emptyError(verb: string, isAtOnce: boolean): HeddleError {
    return new Empty(
      isAtOnce
        ? `${this.name}.${verb}(): the ${this.#noun} is empty`
        : `${this.name}.${verb}(): nothing came in the time that it was given`,
    );
  }

  fullError(verb: string, isAtOnce: boolean): HeddleError {
    const max = `maxSize ${this.buffer.maxSize}`;
    return new Full(
      isAtOnce
        ? `${this.name}.${verb}(): the queue is full (${max})`
        : `${this.name}.${verb}(): there was no room in the time that it was given (${max})`,
    );
  }

  /** True: nothing comes any more. To be asked before the last take. */
  get isOver(): boolean {
    return this.buffer.isShutDown;
  }

  /** Puts what there is room for; see `SharedBuffer.put`. */
  place(messages: readonly Packed[], from: number): number {
    return this.buffer.put(messages, from);
  }

  /** No put of this thread waits any more. */
  protected puttersLeft(): void {}

  /** A wait that blocks the thread. Its name is made only when it is looked at: that takes longer than the rest of the wait. */
  #blocking<R>(verb: string, above: Above, wait: () => R): R {
    return isBlockingSeen() ? blocking(`${this.name}.${verb}()`, above, wait) : wait();
  }

  // Putting.

  putOne(item: unknown, verb: string, wait: WaitOptions | undefined, transfer: readonly ArrayBuffer[] | undefined): Operation<void> {
    let message: Packed;
    try {
      message = this.items.pack(item, transfer);
    } catch (error) {
      return new Failed(error);
    }
    return this.put([message], verb, wait);
  }

  putMany(
    items: Iterable<unknown>,
    wait: WaitOptions | undefined,
    transfer: readonly ArrayBuffer[] | undefined,
    verb: string = 'putMany',
  ): Operation<void> {
    let messages: readonly Packed[];
    try {
      messages = this.packAll(items, transfer);
    } catch (error) {
      return new Failed(error);
    }
    if (messages.length === 0 && !this.buffer.isShutDown && !isAborted(wait)) return done;
    return this.put(messages, verb, wait);
  }

  /** All, or none. @throws SerializationError, what the iterable throws */
  packAll(items: Iterable<unknown>, transfer: readonly ArrayBuffer[] | undefined): Packed[] {
    const messages: Packed[] = [];
    const batch = this.buffer.takesBatches ? new Batch() : undefined;
    try {
      for (const item of items) messages.push(own(this.items.pack(item, transfer, batch)));
    } catch (error) {
      for (const message of messages) this.items.drop(message);
      throw error;
    }
    return messages;
  }

  /** One item, or several with nothing of this thread in between. */
  put(messages: readonly Packed[], verb: string, wait: WaitOptions | undefined): Operation<void> {
    try {
      this.items.admit(messages);
    } catch (error) {
      return new Failed(error);
    }
    // Not before those of this thread that came earlier.
    if (this.putters.length > 0 || isAborted(wait)) return new Put(this, messages, 0, verb, wait);
    let placed: number;
    try {
      placed = this.place(messages, 0);
    } catch (error) {
      for (const message of messages) this.items.drop(message);
      return new Failed(verb === 'putMany' ? withCount(asError(error), 0) : asError(error));
    }
    if (placed !== messages.length) return new Put(this, messages, Math.max(0, placed), verb, wait);
    const turn = this.turns.due();
    return turn === undefined ? done : new Later(turn, `${this.name}.${verb}()`);
  }

  putSync(messages: readonly Packed[], verb: string, above: Above, timeout: number): void {
    this.items.admit(messages);
    let at = 0;
    try {
      if (this.putters.length === 0 || this.putters.tryAll()) at = this.#placeSome(messages, 0, verb);
    } catch (error) {
      throw this.#notPut(error, messages, 0, verb);
    }
    if (at < messages.length) this.#putWaiting(messages, at, verb, above, timeout);
  }

  #placeSome(messages: readonly Packed[], from: number, verb: string): number {
    const placed = this.place(messages, from);
    if (placed < 0) throw this.shutDownError(verb, true);
    return placed;
  }

  /** The error of a put of which the messages from `at` on are not in. */
  #notPut(error: unknown, messages: readonly Packed[], at: number, verb: string): unknown {
    for (const message of messages.slice(at)) this.items.drop(message);
    return messages.length === 1 && verb !== 'putManySync' ? error : withCount(error, at);
  }

  /** @param first the first message that is not in */
  #putWaiting(messages: readonly Packed[], first: number, verb: string, above: Above, timeout: number): void {
    let at = first;
    try {
      const owned = messages.map((message, i) => (i < at ? message : own(message)));
      const attempt = (): true | undefined => {
        if (this.putters.length > 0 && !this.putters.tryAll()) return undefined;
        at += this.#placeSome(owned, at, verb);
        return at === owned.length ? true : undefined;
      };
      if (timeout === 0) throw this.fullError(verb, true);
      const deadline = new Deadline(timeout);
      const isIn = this.#blocking(verb, above, () => this.putters.waitSync(attempt, deadline));
      if (isIn === undefined) throw this.fullError(verb, false);
    } catch (error) {
      throw this.#notPut(error, messages, at, verb);
    }
  }

  // Getting.

  get(verb: string, wait: WaitOptions | undefined): Operation<T> {
    if (this.getters.length > 0 || isAborted(wait)) return new Get<T>(this, verb, wait);
    const refused = this.#takeNow();
    if (refused !== undefined) return refused === true ? new Get<T>(this, verb, wait) : refused;
    const loading = this.loadModules() ?? this.turns.due();
    if (loading !== undefined) return new Get<T>(this, verb, wait, { message: this.buffer.keep(), loading });
    try {
      return new Done(this.open());
    } catch (error) {
      return new Failed(error);
    }
  }

  /** A step of an iteration. */
  next(): Operation<IteratorResult<T, undefined>> {
    if (this.isClosed) return new Failed(this.closedError('next'));
    if (this.getters.length > 0) return new Next<T>(this, 'next', undefined);
    const refused = this.#takeNow();
    if (refused !== undefined) return refused === true ? new Next<T>(this, 'next', undefined) : refused;
    const loading = this.loadModules() ?? this.turns.due();
    if (loading !== undefined) return new Next<T>(this, 'next', undefined, { message: this.buffer.keep(), loading });
    try {
      return new Done<IteratorResult<T, undefined>>({ done: false, value: this.open() });
    } catch (error) {
      return new Failed(error);
    }
  }

  /** Takes the first message. Returns undefined then; true if there is none. */
  #takeNow(): true | Failed | undefined {
    try {
      return this.buffer.take(false) ? undefined : true;
    } catch (error) {
      return new Failed(asError(error));
    }
  }

  /** Loads the modules of a message, or of the one that was taken last; undefined: they are there. */
  loadModules(message: Taken = this.buffer): Promise<void> | undefined {
    const modules = this.items.modulesOf(message);
    return modules.length === 0 ? undefined : prepare({ modules });
  }

  /** A value that was taken comes back, as it was not seen. */
  giveBackValue(value: unknown, number: number): void {
    let message: Packed;
    try {
      message = own(this.items.pack(value));
    } catch {
      // The message cannot be opened here, or there is no memory.
      return this.buffer.countLost();
    }
    this.giveBack({ ...message, number });
  }

  /** A message that was taken comes back. Without memory for that it is lost. */
  giveBack(message: Message): void {
    try {
      this.buffer.giveBack(message);
    } catch (error) {
      asError(error);
      this.items.drop(message);
      this.buffer.countLost();
    }
  }

  /** The value of the message that was taken last. */
  open(): T {
    const { buffer } = this;
    const isNested = buffer.isReading;
    buffer.isReading = true;
    try {
      return this.items.open(buffer) as T;
    } finally {
      buffer.isReading = isNested;
    }
  }

  getSync(verb: string, above: Above, timeout: number): T {
    this.takeSync(verb, above, timeout);
    return this.#openSync();
  }

  /**
   * Takes the first message, and waits for one.
   *
   * @param judge as for `SharedBuffer.take`
   * @param refused called when none was taken; throws if that was because of `judge`
   */
  protected takeSync(verb: string, above: Above, timeout: number, judge?: Judge, refused?: () => void): void {
    if (this.buffer.take(false, judge)) return;
    refused?.();
    this.#waitForItem(verb, above, timeout, this.buffer.isShutDown, judge, refused);
  }

  #waitForItem(verb: string, above: Above, timeout: number, wasShutDown: boolean, judge?: Judge, refused?: () => void): void {
    const attempt = (): true | undefined => {
      // ORDER: before the take: nothing comes after it was shut down.
      const isOver = wasShutDown || this.isOver;
      if (this.buffer.take(true, judge)) return true;
      refused?.();
      if (isOver) throw this.shutDownError(verb);
      return undefined;
    };
    if (wasShutDown) return void attempt();
    if (timeout === 0) {
      if (attempt() === undefined) throw this.emptyError(verb, true);
      return;
    }
    const deadline = new Deadline(timeout);
    const got = this.#blocking(verb, above, () => this.getters.waitSync(attempt, deadline));
    if (got === undefined) throw this.emptyError(verb, false);
  }

  /** True if a get would end now: an item is there, or none will come. */
  isReady(): boolean {
    return this.isOver || this.buffer.hasMessage();
  }

  /** Waits until then, and takes nothing. */
  protected waitReadySync(verb: string, above: Above, timeout: number): boolean {
    if (this.isReady()) return true;
    if (timeout === 0) return false;
    const deadline = new Deadline(timeout);
    const attempt = (): true | undefined => (this.isReady() ? true : undefined);
    return this.#blocking(verb, above, () => this.getters.waitSync(attempt, deadline)) === true;
  }

  #openSync(): T {
    const modules = this.items.modulesOf(this.buffer);
    if (modules.length > 0) this.#prepareSync(this.buffer.keep(), modules);
    return this.open();
  }

  #prepareSync(message: Message, modules: readonly string[]): void {
    try {
      prepareSync(modules);
    } catch (error) {
      // The item stays.
      this.giveBack(message);
      throw error;
    }
  }

  getMany(max: number, wait: WaitOptions | undefined): Operation<T[]> {
    if (this.getters.length > 0 || isAborted(wait)) return new GetMany<T>(this, max, wait);
    let messages: readonly Message[];
    try {
      messages = this.buffer.takeMany(max, false);
    } catch (error) {
      return new Failed(asError(error));
    }
    return messages.length === 0 ? new GetMany<T>(this, max, wait) : new GetMany<T>(this, max, wait, { messages, turn: this.turns.due() });
  }

  getManySync(max: number, above: Above, timeout: number): T[] {
    const verb = 'getManySync';
    let messages = this.buffer.takeMany(max, false);
    if (messages.length === 0) {
      this.#waitForItem(verb, above, timeout, false);
      const first = this.buffer.keep();
      messages = max === 1 ? [first] : [first, ...this.buffer.takeMany(max - 1, false)];
    }
    return this.#openAll(messages);
  }

  /** One that cannot be opened is gone, and the others go back. */
  #openAll(messages: readonly Message[]): T[] {
    const values: T[] = [];
    for (const message of messages) {
      try {
        const modules = this.items.modulesOf(message);
        if (modules.length > 0) this.#prepareSync(message, modules);
        values.push(this.items.open(message) as T);
      } catch (error) {
        for (const one of messages.slice(values.length + 1)) this.giveBack(one);
        for (const [i, value] of values.entries()) this.giveBackValue(value, messages[i]!.number);
        throw error;
      }
    }
    return values;
  }

  // Tasks.

  taskDone(): void {
    const books = this.buffer.books!;
    const left = books.done();
    if (left === 'none') throw new RangeError('taskDone() was called more often than items were put');
    if (left === 'last') books.line.known?.callAll();
  }

  /** True: all tasks are done. @throws OwnerDied for tasks that nothing will finish, once */
  isJoined(): boolean {
    const books = this.buffer.books!;
    if (books.count() > 0) {
      const died = books.givenUp();
      if (died !== undefined) throw died;
      return false;
    }
    this.buffer.settlePuts();
    return books.count() === 0;
  }

  join(wait: WaitOptions | undefined): Operation<boolean> {
    this.buffer.books!.line.known?.reap(false);
    return !isAborted(wait) && this.buffer.books!.count() === 0 && this.isJoined() ? yes : new Join(this, wait);
  }

  joinSync(above: Above, timeout: number): boolean {
    const books = this.buffer.books!;
    books.line.known?.reap(timeout !== 0);
    const attempt = (): true | undefined => (this.isJoined() ? true : undefined);
    if (attempt() === true) return true;
    if (timeout === 0) return false;
    const deadline = new Deadline(timeout);
    return this.#blocking('joinSync', above, () => this.joiners.waitSync(attempt, deadline)) === true;
  }

  // The end.

  shutdown(isImmediate: boolean): void {
    this.buffer.shutdown(isImmediate);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const error = new InvalidStateError(`${this.name}.close(): this handle was closed while the call waited`);
    this.getters.endAll((one) => (one as Get<T>).reject(error));
    for (const one of this.loading) one.reject(error);
  }
}
