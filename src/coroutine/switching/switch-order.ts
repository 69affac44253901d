/**
 * The switch request of a greenlet: the greenlet to enter next, and the payload. Each greenlet has one, as it makes one switch after
 * another.
 *
 * `yield*` asks it twice. The first answer is the order itself, on its way up to the loop; the second is what came back. Both
 * answers are objects that are there already: a switch allocates nothing.
 */

import type { RawGreenlet } from './raw-greenlet.ts';

/** The kind of payload that is brought to a greenlet. */
export type Cargo = typeof VALUE | typeof ERROR | typeof VALUES;
/** A value, for one that waits. */
export const VALUE = 0;
/** An error, thrown where it waits. */
export const ERROR = 1;
/** An array of values: the arguments of one that has not begun. */
export const VALUES = 2;

export class Order implements IterableIterator<Order, any, unknown> {
  target: RawGreenlet | undefined = undefined;
  cargo: Cargo = VALUE;
  value: unknown = undefined;
  /** True if the request was made and not yielded: its maker does not wait for it. */
  isLoose = false;
  /** The result of a generator that is left by `yield*` of this request. */
  readonly yielded: IteratorYieldResult<Order> = { done: false, value: this };
  readonly #returned: IteratorReturnResult<unknown> = { done: true, value: undefined };

  fill(target: RawGreenlet, cargo: Cargo, value: unknown): void {
    this.target = target;
    this.cargo = cargo;
    this.value = value;
    // A waiting greenlet does not keep its last value alive.
    this.#returned.value = undefined;
  }

  /** Clears a request that was carried out. */
  clear(): void {
    this.target = undefined;
    this.value = undefined;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(value?: unknown): IteratorResult<Order> {
    if (this.isLoose) {
      this.isLoose = false;
      return this.yielded;
    }
    const returned = this.#returned;
    returned.value = value;
    return returned;
  }

  throw(error: unknown): never {
    throw error;
  }

  return(value?: unknown): IteratorReturnResult<any> {
    return { done: true, value };
  }
}

/** Several values are an array where one is expected. */
export function single(values: readonly unknown[]): unknown {
  return values.length > 1 ? values : values[0];
}
