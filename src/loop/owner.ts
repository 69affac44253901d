/** In whom a wait was begun, and who awaits it: an async greenlet can be ended there. */

import type { Living } from './living.ts';
import type { Pending } from './operation.ts';

/** How an async greenlet was ended. */
export interface Ending {
  readonly error: unknown;
  /** Whether its function was told: where it awaited, by its signal, or because it ended itself. Otherwise it is at its next wait. */
  isTold: boolean;
}

/** Somebody who can be ended while it awaits: an async greenlet. */
export interface Owner {
  readonly living: Living;
  /** It awaits this one. */
  adopt(operation: Pending<any>): void;
  disown(operation: Pending<any>): void;
  /** What ended it; undefined while it lives. */
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
