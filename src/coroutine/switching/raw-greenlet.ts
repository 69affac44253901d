/**
 * greenlet's switch by hand, for one thread of JavaScript.
 *
 * A greenlet is a generator that is left and entered at its `yield*`s. No stack is switched: each `switch` inside of a greenlet is a
 * request that travels up to one loop (`control`), which enters the next greenlet. A million switches therefore need no stack.
 *
 *   main: a.switch(1) ──▶ control ──enters──▶ a: yield* b.switch(2) ──order──▶ control ──enters──▶ b: …
 *          ▲                                                                      │
 *          └── value ◀── the order's target is the greenlet that called ◀─────────┘
 *
 * The rules of life and death are greenlet's. A greenlet that ends passes its value to its parent, and one that fails its error; a
 * `GreenletExit` counts as a value. Source: https://greenlet.readthedocs.io
 */

import { checkFunction, expected } from '../../check.ts';
import { InvalidStateError } from '../../errors.ts';
import { showAsText } from '../../repr.ts';
import { type Body, type Steps, next, stepsOf } from './body.ts';
import type { Activity } from '../task/activity.ts';
import { running, setSwitchedProvider } from '../task/current.ts';
import { SwitchedActivity } from './switched-activity.ts';
import { type Context, type ContextSnapshot, captureContext, contextOf, firstContext, onFirstContext } from '../task/context.ts';
import { GreenletExit } from '../task/greenlet-exit.ts';
import { loose, noSwitch, nothingToRun, withoutStar } from './misuse.ts';
import { type Cargo, ERROR, Order, VALUE, VALUES, single } from './switch-order.ts';
import { isWatched, trace } from './trace.ts';
import { RangeError, TypeError } from '../../refusals.ts';

/** The greenlet that runs. The main greenlet is the program outside of all others. */
let current: RawGreenlet;
/** The loop: enters one greenlet after another until the main one is meant. */
let control: (order: Order) => unknown;
/** The activity in whose step the main greenlet was left: what that runs since, such as a part of it, is inside of `current`. */
let enteredIn: Activity | undefined;
/** The greenlets that wait inside of a `[Symbol.dispose]()` that they called: their generators cannot be entered. */
const disposing: RawGreenlet[] = [];

/** A greenlet that is switched to by hand: what `greenlet()` makes. Source: greenlet.greenlet */
export class RawGreenlet {
  #run: Body | undefined;
  #parent: RawGreenlet | null;
  #state: 'new' | 'alive' | 'dead';
  /** There while it is alive, but for a plain function and the main greenlet. */
  #steps: Steps | undefined;
  #context: Context | undefined = captureContext();
  /** The switch request of this greenlet, used for one switch after another. After its end, the request carries its result to the parent. */
  readonly #order: Order = new Order();
  /** The owner of its `Local` fields and locks, once it has some. */
  #activity: SwitchedActivity | undefined = undefined;

  static {
    control = (order) => RawGreenlet.#control(order);
    setSwitchedProvider(() => {
      if (current === main || running !== enteredIn) return undefined;
      return (current.#activity ??= new SwitchedActivity(current));
    });
    showAsText(RawGreenlet);
  }

  /** @internal */
  constructor(run: Body | undefined, parent: RawGreenlet | null) {
    this.#run = run;
    this.#parent = parent;
    // Only the main greenlet has none.
    this.#state = parent === null ? 'alive' : 'new';
  }

  /** The function that it runs. Set it before the greenlet begins; it cannot be read afterwards. */
  get run(): ((...args: any[]) => unknown) | undefined {
    if (this.#state !== 'new') throw new InvalidStateError('run is not there any more: the greenlet has begun');
    return this.#run;
  }

  set run(run: ((...args: any[]) => unknown) | undefined) {
    if (this.#state !== 'new') throw new InvalidStateError('run cannot be set: the greenlet has begun');
    if (run !== undefined) checkFunction(run, 'run');
    this.#run = run;
  }

  /** The receiver of its value or error when it ends; `null` for the main greenlet. Settable, unless that makes a cycle. */
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

  /** True if the greenlet has ended. */
  get dead(): boolean {
    return this.#state === 'dead';
  }

  /** True if the greenlet has begun and not ended. */
  get active(): boolean {
    return this.#state === 'alive';
  }

  /**
   * The `AsyncLocalStorage` context that it resumes in, as `AsyncLocalStorage.snapshot()` returns it. `undefined` while the program has no
   * context, and after the end. Initially the context of its creator. Settable while it does not run: two greenlets can begin in the same
   * context.
   *
   * Source: greenlet.gr_context
   *
   * @throws InvalidStateError if it is set while the greenlet runs
   */
  get context(): ContextSnapshot | undefined {
    if (this === current || disposing.includes(this)) return captureContext()?.snapshot;
    if (this.#state === 'dead') return undefined;
    return (this.#context ?? firstContext())?.snapshot;
  }

  set context(snapshot: ContextSnapshot) {
    checkFunction(snapshot, 'context');
    if (this === current || disposing.includes(this)) throw new InvalidStateError('context cannot be set: the greenlet runs');
    if (this.#state !== 'dead') this.#context = contextOf(snapshot);
  }

  /**
   * Resumes this greenlet, and returns the values of the next switch back to the caller: `undefined` for none, the value itself for one, an
   * array for several. The first switch calls the greenlet's function with the values.
   *
   * Inside of a greenlet write `const v = yield* other.switch(x)`; outside of any it returns the value itself. A dead
   * greenlet passes the values on to its parent.
   */
  switch(...values: unknown[]): any {
    if (this.#state === 'alive') return this.#deliver(VALUE, values.length > 1 ? values : values[0]);
    this.#check();
    return this.#deliver(VALUES, values);
  }

  /**
   * Goes on with this greenlet by an error that is thrown where it waits; default a `GreenletExit`, which ends it. One that has not
   * begun ends at once; there, and in a dead one, the error goes to the parent.
   */
  throw(error: unknown = new GreenletExit('the greenlet was ended')): any {
    this.#check();
    return this.#deliver(ERROR, error);
  }

  /**
   * Ends it, so that its `finally` blocks run: a suspended greenlet that is merely dropped is freed without them. Unlike `throw()` it
   * returns at once, also inside of another greenlet; nothing goes to the parent. So `using g = greenlet(…)` leaves nothing behind.
   *
   * @throws the error that it ends with, unless that is a `GreenletExit`
   * @throws InvalidStateError if it runs, or switches to another greenlet instead of ending
   *
   * @example
   * ```ts
   * import { getcurrent, greenlet } from 'heddle/coroutine';
   *
   * const main = getcurrent();
   * {
   *   using g = greenlet(function* () {
   *     try {
   *       yield* main.switch();
   *     } finally {
   *       console.log('cleaned up');
   *     }
   *   });
   *   g.switch();
   * } // prints: cleaned up
   * ```
   */
  [Symbol.dispose](): void {
    const from = current;
    if (this === from || this === main || disposing.includes(this))
      throw new InvalidStateError('a greenlet that runs cannot be disposed of');
    if (this.#state !== 'alive') return this.#end();
    const order = this.#order;
    const before = enteredIn;
    enteredIn = running;
    order.fill(this, ERROR, new GreenletExit('the greenlet was disposed of'));
    let back: Brought = { cargo: VALUE, value: undefined };
    disposing.push(from);
    try {
      // A greenlet may switch to itself. An error about what it yields is delivered to it in the same way.
      while (order.target === this && this.#state === 'alive') {
        const origin = current;
        const { cargo, value } = order;
        order.clear();
        // oxlint-disable-next-line typescript/no-this-alias -- others read the running greenlet
        current = this;
        this.#enter(cargo, value, origin);
      }
    } catch (error) {
      this.#end();
      if (!(error instanceof GreenletExit)) back = { cargo: ERROR, value: error };
    }
    disposing.pop();
    enteredIn = before;
    current = from;
    order.clear();
    this.#reclaim();
    if (isWatched) back = traced(back.cargo, back.value, this, from);
    if (back.cargo === ERROR) throw back.value;
    if (this.#state === 'alive')
      throw new InvalidStateError('the greenlet did not end: it switched to another one when it was disposed of');
  }

  /** The state: `pending`, `current`, `suspended` or `dead`. */
  toString(): string {
    const state = this.#state === 'alive' ? 'suspended' : this.#state === 'new' ? 'pending' : 'dead';
    return `greenlet(${this === current ? 'current' : state}${this === main ? ', main' : ''})`;
  }

  /** Checks that there is a greenlet to enter: this one, or the parent of a dead one. */
  #check(): void {
    // oxlint-disable-next-line typescript/no-this-alias, unicorn/no-this-assignment -- where the walk begins
    let at: RawGreenlet = this;
    while (at.#state === 'dead') at = at.#parent!;
    if (at.#state === 'new' && at.#run === undefined) throw nothingToRun();
  }

  /** Fills the switch request of the running greenlet. It is carried out at once in the main greenlet, else when it is yielded. */
  #deliver(cargo: Cargo, value: unknown): unknown {
    const order = current.#order;
    if (order.isLoose) throw loose(order);
    order.fill(this, cargo, value);
    if (current === main) {
      enteredIn = running;
      return control(order);
    }
    order.isLoose = true;
    return order;
  }

  static #control(order: Order): unknown {
    let cargo: Cargo;
    let value: unknown;
    entering: for (;;) {
      try {
        for (;;) {
          const target = order.target!;
          cargo = order.cargo;
          value = order.value;
          order.clear();
          const from = current;
          current = target;
          const steps = target.#steps;
          if (steps !== undefined && cargo === VALUE && !isWatched) {
            const result = next.call(steps, value);
            if (result !== target.#order.yielded) target.#leave(result);
          } else {
            if (isWatched) from.#reclaim();
            if (target === main) {
              if (isWatched) ({ cargo, value } = traced(cargo, value, from, main));
              break entering;
            }
            target.#enter(cargo, value, from);
          }
          order = target.#order;
        }
      } catch (error) {
        if (current === main) throw error;
        current.#end();
        current.#pass(ERROR, error);
        order = current.#order;
      }
    }
    if (cargo === ERROR) throw value;
    return cargo === VALUES ? single(value as unknown[]) : value;
  }

  /** Enters it with anything but a value for one that waits. */
  #enter(cargo: Cargo, value: unknown, from: RawGreenlet): void {
    if (this.#state === 'dead') {
      current = from;
      this.#pass(cargo, value);
    } else if (this.#state === 'new' && this.#run === undefined) {
      current = from;
      this.#pass(ERROR, cargo === ERROR ? value : nothingToRun());
    } else if (isWatched) this.#enterWatched(traced(cargo, value, from, this));
    else this.#step(cargo, value);
  }

  #enterWatched({ cargo, value }: Brought): void {
    const context = (this.#context ??= firstContext());
    if (context === undefined) this.#step(cargo, value);
    else context.run(() => this.#step(cargo, value));
  }

  #step(cargo: Cargo, value: unknown): void {
    if (this.#state === 'new') {
      if (cargo === ERROR) {
        this.#end();
        return this.#pass(cargo, value);
      }
      if (!this.#begin(cargo === VALUES ? (value as unknown[]) : [value])) return;
      cargo = VALUE;
      value = undefined;
    }
    const steps = this.#steps!;
    const result = cargo === ERROR ? steps.throw(value) : next.call(steps, cargo === VALUES ? single(value as unknown[]) : value);
    if (result !== this.#order.yielded) this.#leave(result);
  }

  /** Calls its function. Returns true if the result must be entered; a plain function has run to its end. */
  #begin(args: readonly unknown[]): boolean {
    const run = this.#run!;
    this.#state = 'alive';
    this.#run = undefined;
    const result = run(...args);
    if (this.#order.isLoose) throw loose(this.#order);
    this.#steps = stepsOf(result);
    if (this.#steps !== undefined) return true;
    this.#end();
    this.#pass(VALUE, result);
    return false;
  }

  /** Called when its generator has ended, or has yielded a value that is not a switch: then an error is thrown into it. */
  #leave({ done, value }: IteratorResult<unknown, unknown>): void {
    const order = this.#order;
    if (order.isLoose) {
      order.isLoose = false;
      const error = done !== true && value === order ? withoutStar(order) : loose(order);
      if (done === true) throw error;
      order.fill(this, ERROR, error);
    } else if (done === true) {
      this.#end();
      this.#pass(VALUE, value);
    } else if (value !== order) order.fill(this, ERROR, noSwitch(value));
  }

  #end(): void {
    this.#state = 'dead';
    this.#run = undefined;
    this.#steps = undefined;
    this.#context = undefined;
  }

  /** Passes its result, or what came for it after its end, to its parent. */
  #pass(cargo: Cargo, value: unknown): void {
    this.#order.fill(this.#parent ?? main, cargo === ERROR && value instanceof GreenletExit ? VALUE : cargo, value);
  }

  /** Called when it was left. If it entered the first context of all, it did so in that of the program. */
  #reclaim(): void {
    if (first?.greenlet !== this) return;
    if (this.#state === 'alive') this.#context = captureContext();
    first.takeBack();
    first = undefined;
  }
}

interface Brought {
  cargo: Cargo;
  value: unknown;
}

/** Tells the tracer of a switch; its error is brought instead. */
function traced(cargo: Cargo, value: unknown, from: RawGreenlet, target: RawGreenlet): Brought {
  const failed = trace(cargo === ERROR ? 'throw' : 'switch', from, target);
  return failed === undefined ? { cargo, value } : { cargo: ERROR, value: failed.error };
}

const main = new RawGreenlet(undefined, null);
current = main;

/** The greenlet that entered the first context of all, and the function that takes the context back from the program. */
let first: { greenlet: RawGreenlet; takeBack: () => void } | undefined;
onFirstContext((takeBack) => {
  if (current !== main) first = { greenlet: current, takeBack };
});

/** The greenlet that runs; outside of all others the main one. */
export function getcurrent(): RawGreenlet {
  return current;
}

/**
 * Makes a greenlet that is switched to by hand. Its function is a generator function, or a plain one, which then cannot switch itself.
 *
 * @param parent receives its value or error when it ends; default: the greenlet that makes it
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
export function greenlet(run?: (...args: any[]) => unknown, parent?: RawGreenlet | null): RawGreenlet {
  if (run !== undefined && run !== null) checkFunction(run, 'fn');
  if (parent !== undefined && parent !== null && !(parent instanceof RawGreenlet))
    throw new TypeError(expected('parent', 'a greenlet', parent));
  return new RawGreenlet(run ?? undefined, parent ?? current);
}
