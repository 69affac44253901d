/**
 * Every call of heddle that blocks its thread (`Lock.acquireSync`) passes through here. `monkey.patchAll()` of the coroutines observes such
 * calls here, without their knowledge.
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

/** True while blocking calls are observed. The arguments of an observer are worth computing only then. */
export function isBlockingSeen(): boolean {
  return around !== undefined;
}

/** Lets `next` make all such calls. */
export function replaceBlocking(next: Around | undefined): void {
  around = next;
}
