/**
 * Work in whose middle a thread must not be terminated: when koffi sets itself up or describes a function, and finds its thread being ended, it
 * aborts the whole process; and a descriptor that was opened, and is not yet held by a handle of the thread, would stay open. So whoever terminates a thread, and whoever works in it, agree in two words:
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
/** Work takes milliseconds; whoever ends the thread does not wait for longer. */
const patience = 1000;

/** Words that threads share: an `Int32Array<SharedArrayBuffer>`, as compilers before TypeScript 5.7 can read it, too. */
export type SharedWords = Int32Array & { readonly buffer: SharedArrayBuffer };

export type EndGate = SharedWords;

/** This thread's, and those of the threads above it. */
let gates: readonly EndGate[] = [];
let depth = 0;

/** To be told first of all in a thread that somebody may end. */
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
