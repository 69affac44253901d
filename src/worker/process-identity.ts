/** Which process this is, as all its threads know it. */

/** A process that another one of heddle's has started. */
export interface ProcessIdentity {
  readonly name: string;
  /** Numbers of the process and of the processes above it: `[2, 1]` is called `Process-2:1` by default. */
  readonly path: readonly number[];
  /** True: it ends with its parent, and may have no children. */
  readonly daemon: boolean;
  readonly parent: { readonly pid: number; readonly name: string };
}

let here: ProcessIdentity | undefined;

/** Undefined in the main program. */
export function identity(): ProcessIdentity | undefined {
  return here;
}

export function setIdentity(known: ProcessIdentity | undefined): void {
  here = known;
}
