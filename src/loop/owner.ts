/** The async greenlet in which a wait was begun, and the one that awaits it. An async greenlet can be ended at such a wait. */

import type { Living } from './living.ts';
import type { Pending } from './operation.ts';

/** How an async greenlet was ended. */
export interface Ending {
  readonly error: unknown;
  /**
   * True once the function was told: at the wait, by its signal, or because it ended itself. Otherwise it will be told at its next wait.
   */
  isTold: boolean;
}

/** An async greenlet, which can be ended while it awaits. */
export interface Owner {
  readonly living: Living;
  /** Called when this greenlet begins to await the operation. */
  adopt(operation: Pending<any>): void;
  disown(operation: Pending<any>): void;
  /** The error that ended the greenlet; undefined while it lives. */
  readonly ending: Ending | undefined;
}

let findOwner: (() => Owner | undefined) | undefined;

/** Async greenlets, once there are any, own what is begun in them. */
export function setOwnerOf(find: () => Owner | undefined): void {
  findOwner = find;
}

export function currentOwner(): Owner | undefined {
  return findOwner === undefined ? undefined : findOwner();
}
