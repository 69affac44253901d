/**
 * Critical sections in which a thread must not be terminated. koffi aborts the whole process if it sets itself up, or describes a function,
 * in a thread that is being terminated. A descriptor that was opened, and that no handle of the thread holds yet, would stay open. The
 * terminating thread and the working one therefore agree in two words:
 *
 *    thread:  WORKING + 1, look at ENDING ── 0 ──▶ work, WORKING - 1
 *                                    └────── 1 ──▶ WORKING - 1, wait for the end
 *    host:    ENDING = 1, wait until WORKING is 0, terminate
 *
 * With a thread end those that it has started: each works under the words of all above it, too.
 */

const WORKING = 0;
const ENDING = 1;
/** Imports under way: Node leaves the descriptors of their files open when the thread ends meanwhile. */
const IMPORTING = 2;
/** A critical section takes milliseconds; a terminating thread does not wait longer than this. */
const patience = 1000;

/** Words that threads share: an `Int32Array<SharedArrayBuffer>`, as compilers before TypeScript 5.7 can read it, too. */
export type SharedWords = Int32Array & { readonly buffer: SharedArrayBuffer };

export type EndGate = SharedWords;

/** This thread's, and those of the threads above it. */
let gates: readonly EndGate[] = [];
let depth = 0;

/** Must be called first of all in a thread that others may terminate. */
export function setEndGates(given: readonly EndGate[]): void {
  gates = given;
}

/** For a thread that this one starts. */
export function endGatesBelow(): readonly [EndGate, ...EndGate[]] {
  return [new Int32Array(new SharedArrayBuffer(12)), ...gates];
}

/** Does work in whose middle this thread is not ended. */
export function undisturbed<R>(work: () => R): R {
  if (gates.length === 0 || depth > 0) return work();
  // ORDER: first this, then the look; pairs with `closeEndGate`. One of both sees the other.
  for (const gate of gates) Atomics.add(gate, WORKING, 1);
  for (const gate of gates) if (Atomics.load(gate, ENDING) === 1) awaitEnd(gate);
  depth += 1;
  try {
    return work();
  } finally {
    depth -= 1;
    leave();
  }
}

function leave(): void {
  for (const gate of gates) if (Atomics.sub(gate, WORKING, 1) === 1) Atomics.notify(gate, WORKING);
}

function awaitEnd(gate: EndGate): never {
  leave();
  for (;;) Atomics.wait(gate, ENDING, 1);
}

/** An import of this thread begins (1), or has ended (-1). */
export function importing(change: 1 | -1): void {
  for (const gate of gates) Atomics.add(gate, IMPORTING, change);
}

/** True while a thread, or one below it, imports something. */
export function isImporting(gate: EndGate): boolean {
  return Atomics.load(gate, IMPORTING) > 0;
}

/** The thread is about to be ended: waits until it may be. */
export function closeEndGate(gate: EndGate): void {
  // ORDER: as in `undisturbed`.
  Atomics.store(gate, ENDING, 1);
  const until = performance.now() + patience;
  for (let working = Atomics.load(gate, WORKING); working > 0; working = Atomics.load(gate, WORKING)) {
    const left = until - performance.now();
    if (left <= 0) return;
    Atomics.wait(gate, WORKING, working, left);
  }
}
