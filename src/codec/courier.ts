/**
 * The seam between values and functions: how the codec takes a function apart and puts it together again.
 * `codec/function` is the implementation; the value encoder knows only this.
 *
 *   sender:   fn --dismantle--> { early, late }     both are ordinary values and go through the codec
 *   receiver: early --assemble--> { fn, complete }, then complete(late)
 *
 * `early` is what is needed to make the function object (its code, a class's parent); it never leads back to the
 * function itself. `late` is what the function refers to (captured variables, static values) and may lead back to
 * it: the encoder writes it after the rest of the message, the decoder fills it in when everything exists.
 */

import type { Border } from './packet.ts';

export type AnyFunction = (...args: never[]) => unknown;

export interface Dismantled {
  readonly early: unknown;
  readonly late: unknown;
  /** Modules the receiver has to import before it can assemble. */
  readonly modules: readonly string[];
}

export interface Assembled {
  readonly fn: AnyFunction;
  complete(late: unknown): void;
}

export interface Courier {
  /**
   * @param path where the function stands in the message, for errors: `args[0].compare`
   * @throws SerializationError if it cannot cross
   */
  dismantle(fn: AnyFunction, border: Border, path: string): Dismantled;
  assemble(early: unknown): Assembled;
}
