/** Which process this is, as all its threads know it. */

import { commonHere } from '../../copies.ts';
import type { SharedWords } from '../../undisturbed.ts';

/** A process that another one of heddle's has started. */
export interface ProcessIdentity {
  readonly name: string;
  /** Numbers of the process and of the processes above it: `[2, 1]` is called `Process-2:1` by default. */
  readonly path: readonly number[];
  /** True: it ends with its parent, and may have no children. */
  readonly daemon: boolean;
  readonly parent: { readonly pid: number; readonly name: string };
  /** How many children it has had, where it is one of several in its program: a thread. */
  readonly children?: SharedWords | undefined;
}

/** The same for all copies of heddle: a loader may give the user's modules one of their own. */
const here = commonHere<{ identity?: ProcessIdentity | undefined }>('process', () => ({}));

/** Undefined in the main program. */
export function identity(): ProcessIdentity | undefined {
  return here.identity;
}

export function setIdentity(known: ProcessIdentity | undefined): void {
  here.identity = known;
}
