/**
 * The seam between values and functions: how the codec takes a function apart and puts it together again.
 * `codec/function` is the implementation; the value encoder knows only this.
 *
 *   sender:   fn --dismantle--> { early, late }     both are made of ordinary values and go through the codec
 *   receiver: early --assemble--> { fn, complete }, then complete(values of late)
 *
 * `early` has the values that are needed to make the function object (its code, a class's parent); it never leads back to the function
 * itself. `late` has the values that the function refers to (captured variables, static values) and may lead back to it. The encoder writes
 * it after the rest of the message; the decoder fills it in when all objects exist.
 */

import type { Destination } from './packet/packet.ts';

export type AnyFunction = (...args: never[]) => unknown;

/** A value a function refers to, and how errors call it: `worker → config`. */
export interface Part {
  readonly path: string;
  readonly value: unknown;
}

export interface Dismantled {
  readonly early: unknown;
  /** Written as: their number, then each value in turn. */
  readonly late: readonly Part[];
  /** Keys of modules the receiver has to load before it can assemble. */
  readonly modules: readonly string[];
}

export interface Assembled {
  readonly fn: AnyFunction;
  complete(late: readonly unknown[]): void;
}

/** An object that is found by name on the other side, not copied: `console`, `node:fs`, a whole CommonJS module. */
export interface Named {
  /** A plain value that names it. */
  readonly name: unknown;
  readonly modules: readonly string[];
}

export interface Courier {
  /**
   * @param path where the function stands in the message, for errors: `args[0].compare`
   * @param message one object per message: functions in one message that share a variable share it on the other side
   * @throws SerializationError if it cannot cross
   */
  dismantle(fn: AnyFunction, border: Destination, path: string, message: object): Dismantled;
  assemble(early: unknown): Assembled;

  /** Asked for every object that is not plainly data, and for plain ones that hold functions. */
  nameOf(value: object): Named | undefined;
  named(name: unknown): unknown;

  /** Why an instance's state cannot be seen from outside (`#private` fields, or what compilers make of them), if so. */
  privateState(instance: object): string | undefined;

  /** True if Node keeps a class private, so that the other side cannot get it. */
  isInternalClass(fn: AnyFunction): boolean;

  /** Loads modules by key; `undefined` if all are loaded. */
  loadModules(keys: readonly string[]): Promise<void> | undefined;

  /** Loads them at once; what only an `import()` can load is refused by a `SerializationError`. */
  requireModules(keys: readonly string[]): void;

  /** A stack trace with its frames inside rebuilt code put back to the original source. */
  originalStack(stack: string): string;
}
