/**
 * The state of a `Process`, kept beside the object: an instance travels to its child with its own fields, and those are the user's alone.
 */

import { commonHere } from '../copies.ts';
import { InvalidStateError } from '../errors.ts';
import type { StartMethod } from '../worker/ground.ts';
import type { RunOrder, StartedRun } from './run.ts';

/** The process that runs here, for the object that stands for it. */
export interface Self {
  readonly ident: number;
  send(signal: NodeJS.Signals): void;
}

export interface State extends RunOrder {
  name: string;
  daemon: boolean;
  /** Undefined: the start method of the program. */
  readonly method: StartMethod | undefined;
  run: StartedRun | undefined;
  /** Waits by `join`, which keep this program alive. */
  joins: number;
  sentinel: Promise<number> | undefined;
  isClosed: boolean;
  /** Undefined except for the object that is the process that runs here. */
  readonly self: Self | undefined;
}

/** The same for all copies of heddle: the first file of a child has one, and a loader may give the user's modules another. */
export const states: WeakMap<object, State> = commonHere('process.states', () => new WeakMap());

/** @throws InvalidStateError if the object is closed, or its class has not called `super()` */
export function stateOf(process: object): State {
  const state = states.get(process);
  if (state === undefined) throw new InvalidStateError('this Process was not made by its constructor: a subclass must call super()');
  if (state.isClosed) throw new InvalidStateError('the Process is closed');
  return state;
}

export function keep(process: object, state: State): void {
  states.set(process, state);
}

/** Makes a decoded instance the process that runs here. */
export function adopt(process: object, given: Omit<RunOrder, 'stdio'>, self: Self): void {
  const state = { ...given, self, method: undefined, stdio: 'inherit' } as const;
  keep(process, { ...state, run: undefined, joins: 0, sentinel: undefined, isClosed: false });
}
