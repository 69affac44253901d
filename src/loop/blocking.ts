/**
 * heddle's own calls that block their thread (`Lock.acquireSync`) go through here, so that `monkey.patchAll()` of the coroutines can see
 * them, and they need not know of it.
 */

type Around = <R>(name: string, above: (...args: any[]) => unknown, call: () => R) => R;

let around: Around | undefined;

/**
 * Makes a call that blocks, `name` in reports. Only where it really will: to ask costs nothing then.
 *
 * @param above the function whose caller makes it
 */
export function blocking<R>(name: string, above: (...args: any[]) => unknown, call: () => R): R {
  return around === undefined ? call() : around(name, above, call);
}

/** Whether such calls are seen: what has to be known before one is only then worth its time. */
export function isBlockingSeen(): boolean {
  return around !== undefined;
}

/** Lets `next` make all such calls. */
export function replaceBlocking(next: Around | undefined): void {
  around = next;
}
