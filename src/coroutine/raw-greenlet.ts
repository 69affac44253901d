/**
 * greenlet's switch by hand, for one thread of JavaScript.
 *
 * A greenlet is a generator that is left and entered at its `yield*`s. Nobody's stack is switched: each `switch` inside of a
 * greenlet is an order that travels up to one loop (`control`), which enters the next. So a million switches need no stack.
 *
 *   main: a.switch(1) ──▶ control ──enters──▶ a: yield* b.switch(2) ──order──▶ control ──enters──▶ b: …
 *          ▲                                                                      │
 *          └── value ◀── the order's target is the greenlet that called ◀─────────┘
 *
 * The rules of life and death are greenlet's: who ends gives its value to its parent, who fails its error; `GreenletExit` is a
 * value. Source: https://greenlet.readthedocs.io
 */

import { checkFunction, expected } from '../check.ts';
import { InvalidStateError } from '../errors.ts';
import { type Context, captureContext, firstContext } from './context.ts';
import { GreenletExit } from './greenlet-exit.ts';

type Body = (...args: any[]) => unknown;

/** What a switch brings: a value or an error. */
interface Delivery {
  target: RawGreenlet;
  value: unknown;
  isThrow: boolean;
  /** All values of a switch, for a greenlet that begins. */
  args: readonly unknown[] | undefined;
}

/**
 * A switch made inside of a greenlet, on its way up to the loop. `yield*` asks it twice: the first time it is the order, the
 * second time it has what came back.
 */
class Order implements IterableIterator<Order, any, unknown>, Delivery {
  target!: RawGreenlet;
  value: unknown;
  isThrow = false;
  args: readonly unknown[] | undefined;
  /** It was made and not yielded: whoever made it does not wait for it. */
  isLoose = false;
  readonly #yielded: IteratorYieldResult<Order> = { done: false, value: this };

  [Symbol.iterator](): this {
    return this;
  }

  next(value?: unknown): IteratorResult<Order> {
    if (!this.isLoose) return { done: true, value };
    this.isLoose = false;
    return this.#yielded;
  }

  throw(error: unknown): never {
    throw error;
  }

  return(value?: unknown): IteratorReturnResult<any> {
    return { done: true, value };
  }
}

/** What runs. The main greenlet is the program outside of all others. */
let current: RawGreenlet;

export class RawGreenlet {
  #run: Body | undefined;
  #parent: RawGreenlet | null;
  #state: 'new' | 'alive' | 'dead' = 'new';
  #generator: Iterator<unknown, unknown, unknown> | undefined;
  #context: Context | undefined = captureContext();
  /** Its switches, one after another: it waits for one at a time. */
  readonly #order: Order = new Order();

  constructor(run: Body | undefined, parent: RawGreenlet | null) {
    this.#run = run;
    this.#parent = parent;
  }

  /** What it runs: to be set before it begins, not to be read afterwards. */
  get run(): Body | undefined {
    if (this.#state !== 'new') throw new InvalidStateError('run is not there any more: the greenlet has begun');
    return this.#run;
  }

  set run(run: Body | undefined) {
    if (this.#state !== 'new') throw new InvalidStateError('run cannot be set: the greenlet has begun');
    if (run !== undefined) checkFunction(run, 'run');
    this.#run = run;
  }

  /** Who gets its value or its error when it ends; `null` for the main greenlet. Settable, unless that makes a cycle. */
  get parent(): RawGreenlet | null {
    return this.#parent;
  }

  set parent(parent: RawGreenlet | null) {
    if (this === main) throw new TypeError('the main greenlet can have no parent');
    if (!(parent instanceof RawGreenlet)) throw new TypeError(expected('parent', 'a greenlet', parent));
    for (let at: RawGreenlet | null = parent; at !== null; at = at.#parent)
      if (at === this) throw new RangeError('a greenlet cannot be its own ancestor');
    this.#parent = parent;
  }

  /** Whether it has ended. */
  get dead(): boolean {
    return this.#state === 'dead';
  }

  /** Whether it has begun and not ended. */
  get active(): boolean {
    return this.#state === 'alive';
  }

  /**
   * Goes on with this greenlet, and gives what comes back when somebody switches here again: nothing is `undefined`, one value is
   * itself, several are an array. The first switch calls its function with the values.
   *
   * Inside of a greenlet write `const v = yield* other.switch(x)`; outside of any it returns the value itself. A dead
   * greenlet passes the values on to its parent.
   */
  switch(...values: unknown[]): any {
    return this.#deliver(values.length > 1 ? values : values[0], false, this.#state === 'alive' ? undefined : values);
  }

  /**
   * Goes on with this greenlet by an error that is thrown where it waits; default a `GreenletExit`, which ends it. One that has not
   * begun ends at once; there, and in a dead one, the error goes to the parent.
   */
  throw(error: unknown = new GreenletExit('the greenlet was ended')): any {
    return this.#deliver(error, true, undefined);
  }

  #deliver(value: unknown, isThrow: boolean, args: readonly unknown[] | undefined): unknown {
    const from = current;
    if (from === main) return control({ target: this, value, isThrow, args });
    const order = from.#order;
    if (order.isLoose) throw loose(order);
    order.target = this;
    order.value = value;
    order.isThrow = isThrow;
    order.args = args;
    order.isLoose = true;
    return order;
  }

  /** The loop: enters one greenlet after another until the main one is meant. */
  static control(delivery: Delivery): unknown {
    let { target, value, isThrow, args } = delivery;
    for (;;) {
      if (target === main) {
        if (isThrow) throw value;
        return value;
      }
      const order = target.#enter(value, isThrow, args);
      ({ target, value, isThrow, args } = order);
    }
  }

  /** Runs until its next switch, or its end; returns where to go on. */
  #enter(value: unknown, isThrow: boolean, args: readonly unknown[] | undefined): Delivery {
    if (this.#state === 'dead') return this.#pass(value, isThrow);
    const before = current;
    // oxlint-disable-next-line typescript/no-this-alias -- who runs is told to others
    current = this;
    try {
      this.#context ??= firstContext();
      if (this.#context !== undefined) return this.#context.run(() => this.#step(value, isThrow, args));
      return this.#step(value, isThrow, args);
    } catch (error) {
      this.#end();
      return this.#pass(error, true);
    } finally {
      current = before;
    }
  }

  #step(value: unknown, isThrow: boolean, args: readonly unknown[] | undefined): Delivery {
    if (this.#state === 'new') {
      if (isThrow) {
        this.#end();
        return this.#pass(value, true);
      }
      const begun = this.#begin(args ?? (value === undefined ? [] : [value]));
      if (begun !== undefined) return begun;
      value = undefined;
    }
    const generator = this.#generator!;
    const { done, value: yielded } = isThrow ? generator.throw!(value) : generator.next(value);
    const order = this.#order;
    if (order.isLoose) return this.#complain(loose(order), done === true);
    if (done === true) {
      this.#end();
      return this.#pass(yielded, false);
    }
    if (yielded !== order) return this.#complain(new TypeError(`expected a greenlet to yield* a switch, ${got(yielded)}`), false);
    return order;
  }

  /** Calls its function. One that is no generator runs to its end here. */
  #begin(args: readonly unknown[]): Delivery | undefined {
    const run = this.#run;
    if (run === undefined) throw new TypeError('the greenlet has nothing to run: give it a function');
    this.#state = 'alive';
    this.#run = undefined;
    const result = run(...args);
    if (this.#order.isLoose) throw loose(this.#order);
    if (isGenerator(result)) {
      this.#generator = result;
      return undefined;
    }
    if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function')
      throw new TypeError('expected a plain function or a generator function, got one that returns a promise: spawn() takes those');
    this.#end();
    return this.#pass(result, false);
  }

  /** Throws it where the greenlet is, if it still is anywhere. */
  #complain(error: Error, isDone: boolean): Delivery {
    this.#order.isLoose = false;
    if (isDone) throw error;
    return { target: this, value: error, isThrow: true, args: undefined };
  }

  #end(): void {
    this.#state = 'dead';
    this.#generator = undefined;
    this.#context = undefined;
  }

  /** What it ended with, or what came for it after its end, goes to its parent. */
  #pass(value: unknown, isThrow: boolean): Delivery {
    const isExit = isThrow && value instanceof GreenletExit;
    return { target: this.#parent ?? main, value, isThrow: isThrow && !isExit, args: undefined };
  }
}

const { control } = RawGreenlet;
const main = new RawGreenlet(undefined, null);
current = main;

function isGenerator(value: unknown): value is Generator<unknown, unknown, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Generator).next === 'function' &&
    typeof (value as Generator).throw === 'function'
  );
}

function loose({ isThrow }: Order): InvalidStateError {
  const call = isThrow ? 'throw()' : 'switch()';
  return new InvalidStateError(
    `a ${call} inside of a greenlet has no effect by itself: write yield* other.${call}, in a generator function`,
  );
}

function got(value: unknown): string {
  return typeof value === 'object' && value !== null && typeof (value as Order).isLoose === 'boolean'
    ? 'got that of another greenlet'
    : `got ${String(value)}`;
}

/** The greenlet that runs; outside of all others the main one. */
export function getcurrent(): RawGreenlet {
  return current;
}

/**
 * Makes a greenlet that is switched to by hand. Its function is a generator function, or a plain one, which then cannot switch
 * itself.
 *
 * @param parent who gets its value or error when it ends; default the greenlet that makes it
 * @throws TypeError if they are not a function and a greenlet
 *
 * @example
 * ```ts
 * import { greenlet } from 'heddle/coroutine';
 *
 * const first = greenlet(function* () {
 *   console.log(12);
 *   yield* second.switch();
 *   console.log(34);
 * });
 * const second = greenlet(function* () {
 *   console.log(56);
 *   yield* first.switch();
 *   console.log(78);
 * });
 * first.switch();
 * // prints: 12
 * // prints: 56
 * // prints: 34
 * ```
 */
export function greenlet(run?: Body, parent?: RawGreenlet | null): RawGreenlet {
  if (run !== undefined && run !== null) checkFunction(run, 'fn');
  if (parent !== undefined && parent !== null && !(parent instanceof RawGreenlet))
    throw new TypeError(expected('parent', 'a greenlet', parent));
  return new RawGreenlet(run ?? undefined, parent ?? current);
}
