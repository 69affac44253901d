/** Waiting for room, for an item, or for the end of all tasks, without blocking the thread. */

import { isAborted, Pending, type WaitOptions } from '../loop/index.ts';
import { withCount } from '../errors.ts';
import { own, type Packed } from './items.ts';
import type { Claim, Line } from './line.ts';
import type { QueueCore } from './queue-core.ts';
import type { Message } from './store.ts';

/** Converts a value thrown by the shared heap: an error is for the waiter. Any other value is rethrown: the model's way out of a thread. */
export function asError(error: unknown): Error {
  if (error instanceof Error) return error;
  throw error;
}

/** A put that has happened, and is said to be over when the event loop has had its turn. */
export class Later extends Pending<void> {
  readonly #call: string;

  constructor(turn: Promise<void>, call: string) {
    super();
    this.#call = call;
    void turn.then(() => this.settle());
  }

  describe(): string {
    return this.#call;
  }
}

abstract class Waiting<R> extends Pending<R> implements Claim {
  protected readonly core: QueueCore<any>;
  readonly #line: Line;
  ticket = 0;
  since = 0;

  constructor(core: QueueCore<any>, line: Line) {
    super();
    this.core = core;
    this.#line = line;
  }

  /** Takes its place in line. Last in a constructor. @param mayLook as of `Line.add` */
  protected wait(options: WaitOptions | undefined, mayLook: boolean = options?.timeout !== 0): void {
    if (!isAborted(options)) this.#stand(mayLook);
    this.limit(options);
  }

  #stand(mayLook: boolean): void {
    try {
      this.#line.add(this, mayLook);
    } catch (error) {
      // The heap is full.
      this.reject(asError(error));
    }
  }

  /** Leaves the line. */
  protected left(): void {
    this.#line.left();
  }

  abstract attempt(): boolean;

  protected override abandon(): void {
    this.left();
  }
}

export class Put extends Waiting<void> {
  readonly #messages: readonly Packed[];
  readonly #verb: string;
  readonly #isAtOnce: boolean;
  /** The first that is not in. */
  #at: number;

  constructor(core: QueueCore<any>, messages: readonly Packed[], at: number, verb: string, options: WaitOptions | undefined) {
    super(core, core.putters);
    this.#messages = messages.map((message, i) => (i < at ? message : own(message)));
    this.#at = at;
    this.#verb = verb;
    this.#isAtOnce = options?.timeout === 0;
    // A queue that is shut down, or has no memory, needs no line to say so.
    if (core.putters.length > 0 || isAborted(options) || !this.attempt()) this.wait(options);
  }

  describe(): string {
    return `${this.core.name}.${this.#verb}()`;
  }

  attempt(): boolean {
    let placed: number;
    try {
      placed = this.core.place(this.#messages, this.#at);
    } catch (error) {
      this.#end(asError(error));
      return true;
    }
    if (placed < 0) {
      this.#end(this.core.shutDownError(this.#verb, true));
      return true;
    }
    this.#at += placed;
    if (this.#at < this.#messages.length) return false;
    this.settle();
    return true;
  }

  /** Ends the wait. Items that are not in never will be. */
  #end(error: Error): void {
    this.#drop();
    this.fail(this.#counted(error));
  }

  #counted(error: Error): Error {
    return this.#verb === 'putMany' ? withCount(error, this.#at) : error;
  }

  #drop(): void {
    for (const message of this.#messages.slice(this.#at)) this.core.items.drop(message);
  }

  override expire(): void {
    this.reject(this.#counted(this.core.fullError(this.#verb, this.#isAtOnce)));
  }

  protected override abandon(): void {
    this.#drop();
    this.left();
  }
}

/** A message that a get has taken, in the time before it is opened: its modules are loaded, or the event loop has its turn. */
export interface Loading {
  readonly message: Message;
  readonly loading: Promise<void>;
}

/** The same for several items. */
interface Taken {
  readonly messages: readonly Message[];
  readonly turn: Promise<void> | undefined;
}

export class Get<T> extends Waiting<T> {
  readonly #verb: string;
  readonly #isAtOnce: boolean;
  #number = 0;
  #message: Message | undefined;

  /** @param taken `wait later`: the constructor of a subclass calls `wait` */
  constructor(core: QueueCore<T>, verb: string, options: WaitOptions | undefined, taken?: Loading | 'wait later') {
    super(core, core.getters);
    this.#verb = verb;
    this.#isAtOnce = options?.timeout === 0;
    if (taken === 'wait later') return;
    if (taken === undefined) this.wait(options);
    else {
      this.#load(taken);
      this.limit(options);
    }
  }

  /** How many messages were put before the one that it has taken. */
  protected get number(): number {
    return this.#number;
  }

  describe(): string {
    return `${this.core.name}.${this.#verb}()`;
  }

  attempt(): boolean {
    const { core } = this;
    // ORDER: before the take: nothing comes after it was shut down.
    const { isOver } = core;
    let isTaken: boolean;
    try {
      isTaken = this.take();
    } catch (error) {
      this.fail(asError(error));
      return true;
    }
    if (!isTaken) {
      if (this.isPending && !isOver) return false;
      this.ended();
      return true;
    }
    this.#number = core.buffer.number;
    try {
      const loading = core.loadModules();
      if (loading === undefined) this.came(this.read());
      else this.#load({ message: core.buffer.keep(), loading });
    } catch (error) {
      this.fail(error);
    }
    return true;
  }

  /** Takes the first item. May fail the wait: then nothing is taken. */
  protected take(): boolean {
    return this.core.buffer.take(true);
  }

  /** The value of a message; by default of the one that was taken last. */
  protected read(message?: Message): T {
    return message === undefined ? this.core.open() : (this.core.items.open(message) as T);
  }

  /** An item has come. */
  protected came(value: unknown): void {
    this.settle(value as T);
  }

  /** Leaves the line, with what it would have got at the end. */
  protected withdraw(value: T): void {
    if (!this.isPending) return;
    this.detach();
    this.abandon();
    this.settle(value);
  }

  /** Nothing will come any more. */
  protected ended(): void {
    this.fail(this.core.shutDownError(this.#verb));
  }

  #load({ message, loading }: Loading): void {
    this.#message = message;
    this.#number = message.number;
    this.core.loading.add(this);
    const isGone = (): boolean => this.#message !== message;
    loading.then(
      () => {
        if (isGone()) return;
        this.#loaded();
        try {
          this.came(this.read(message));
        } catch (error) {
          this.fail(error);
        }
      },
      (error: unknown) => {
        if (isGone()) return;
        this.#loaded();
        this.core.items.drop(message);
        this.fail(error);
      },
    );
  }

  #loaded(): void {
    this.#message = undefined;
    this.core.loading.delete(this);
  }

  /** The time is that of the wait for an item: one that has come is given out, however long its modules take. */
  override expire(): void {
    if (this.#message === undefined) this.reject(this.core.emptyError(this.#verb, this.#isAtOnce));
  }

  protected override abandon(): void {
    const message = this.#message;
    this.#loaded();
    if (message === undefined) this.left();
    else this.core.giveBack(message);
  }

  protected override giveBack(value: T): void {
    this.core.giveBackValue(value, this.#number);
  }
}

/** A step of an iteration: done when the queue is shut down and drained. */
export class Next<T> extends Get<any> {
  protected override came(value: unknown): void {
    this.settle({ done: false, value });
  }

  protected override ended(): void {
    this.settle({ done: true, value: undefined });
  }

  /** The iteration is left: nothing is taken for it. */
  end(): void {
    this.withdraw({ done: true, value: undefined });
  }

  protected override giveBack(step: IteratorResult<T, undefined>): void {
    if (step.done !== true) super.giveBack(step.value);
  }
}

export class GetMany<T> extends Waiting<T[]> {
  readonly #max: number;
  readonly #isAtOnce: boolean;
  readonly #numbers: number[] = [];
  /** The messages that were taken. */
  #messages: readonly Message[] = [];
  /** The values of the first of them. */
  #values: T[] = [];

  constructor(core: QueueCore<T>, max: number, options: WaitOptions | undefined, taken?: Taken) {
    super(core, core.getters);
    this.#max = max;
    this.#isAtOnce = options?.timeout === 0;
    if (taken === undefined) this.wait(options);
    else {
      this.#open(taken.messages, taken.turn);
      this.limit(options);
    }
  }

  describe(): string {
    return `${this.core.name}.getMany()`;
  }

  attempt(): boolean {
    const { buffer } = this.core;
    // ORDER: as in `Get`.
    const { isShutDown } = buffer;
    let messages: readonly Message[];
    try {
      messages = buffer.takeMany(this.#max, true);
    } catch (error) {
      this.fail(asError(error));
      return true;
    }
    if (messages.length > 0) this.#open(messages);
    else if (isShutDown) this.fail(this.core.shutDownError('getMany'));
    else return false;
    return true;
  }

  #open(messages: readonly Message[], turn?: Promise<void>): void {
    this.#messages = messages;
    const values = this.#values;
    const { core } = this;
    const goOn = (): void => {
      if (!this.isPending) return;
      try {
        while (values.length < this.#messages.length) {
          const message = this.#messages[values.length]!;
          const loading = core.loadModules(message);
          if (loading !== undefined) return void loading.then(goOn, fail);
          this.#numbers.push(message.number);
          values.push(core.items.open(message) as T);
        }
      } catch (error) {
        return fail(error);
      }
      this.#messages = [];
      this.settle(values);
    };
    /** The item at fault is gone; those behind it go back, and those before it, too. */
    const fail = (error: unknown): void => {
      if (!this.isPending) return;
      this.#giveAllBack(values.length + 1);
      this.fail(error);
    };
    if (turn === undefined) goOn();
    else void turn.then(goOn);
  }

  /** @param from the first of those that were not opened */
  #giveAllBack(from: number): void {
    const messages = this.#messages.slice(from);
    this.#messages = [];
    for (const message of messages) this.core.giveBack(message);
    this.giveBack(this.#values);
  }

  /** As that of `Get`. */
  override expire(): void {
    if (this.#messages.length === 0) this.reject(this.core.emptyError('getMany', this.#isAtOnce));
  }

  protected override abandon(): void {
    if (this.#messages.length === 0) this.left();
    else this.#giveAllBack(this.#values.length);
  }

  protected override giveBack(values: T[]): void {
    for (const [i, value] of values.entries()) this.core.giveBackValue(value, this.#numbers[i]!);
  }
}

export class Join extends Waiting<boolean> {
  constructor(core: QueueCore<any>, options: WaitOptions | undefined) {
    super(core, core.joiners);
    this.wait(options);
  }

  describe(): string {
    return `${this.core.name}.join()`;
  }

  attempt(): boolean {
    try {
      if (!this.core.isJoined()) return false;
      this.settle(true);
    } catch (error) {
      this.fail(asError(error));
    }
    return true;
  }

  override expire(): void {
    this.settle(false);
    this.left();
  }
}

/** Until an item is there, or none will come. Takes nothing. */
export class Ready extends Waiting<boolean> {
  readonly #verb: string;

  /** @param options undefined: the constructor of a subclass calls `wait` */
  constructor(core: QueueCore<any>, verb: string, options: WaitOptions | undefined) {
    super(core, core.getters);
    this.#verb = verb;
    if (options !== undefined) this.wait(options);
  }

  describe(): string {
    return `${this.core.name}.${this.#verb}()`;
  }

  attempt(): boolean {
    if (!this.core.isReady()) return false;
    this.settle(true);
    return true;
  }

  override expire(): void {
    this.settle(false);
    this.left();
  }
}
