/**
 * The running thread as the heap knows it: its slot id and the memory. (ECMAScript calls a thread of a shared memory an agent.) Each thread
 * has one, made with its first shared object. Tests of the model swap several in one thread.
 */

import type { Block } from '../heap/block.ts';
import type { Memory } from '../heap/memory.ts';

/** Gives blocks, and never takes them back. */
export interface Blocks {
  /** A block of zeros but for its first word, the tag. */
  allocate(tag: number, words: number): Block;
}

export interface Agent {
  /** The id of its slot in the heap: what it writes into the words it takes. Never 0, and positive. */
  readonly id: number;
  readonly memory: Memory;
  /** Calls `step` of each on a ring of the bell, and `probe` of each some times a second. */
  readonly waits: AsyncWaits;
  /** Where blocks come from, if not from the heap: in models of something else than the heap. */
  readonly blocks?: Blocks | undefined;
}

/** Something of this thread that waits without blocking it. */
export interface AsyncWait {
  /** Called after a ring of the bell: it may be this wait's turn. */
  step(): void;
  /** Called from time to time, to find dead owners and rings that were lost with their ringer. */
  probe(): void;
  /** Called before the thread blocks: a call that this wait got is passed to another one. The wait is stepped when the thread is back. */
  pass(): void;
}

/** All that wait in this thread without blocking it. While there are any, the program stays alive. */
export interface AsyncWaits extends Iterable<AsyncWait> {
  add(wait: AsyncWait): void;
  delete(wait: AsyncWait): void;
  /** Calls `step` of all soon, as if the bell had been rung. */
  kick(): void;
  /** Opens the bell, also without waits, and calls `onRing` on each ring. An open bell does not keep the program alive. */
  listen?(onRing: () => void): void;
}

/** This thread's; 0 while it has none. Kept apart because it is what the fast paths need. */
export let me = 0;
let agent: Agent | undefined;
let attach: (() => Agent) | undefined;

/** How a thread comes by its agent: `heap.ts` says it. */
export function setAttach(make: () => Agent): void {
  attach = make;
}

/** This thread's agent; the heap is made or joined if it has none yet. @throws UnsupportedPlatformError */
export function theAgent(): Agent {
  if (agent !== undefined) return agent;
  return become(attach!());
}

/** Lets this thread act as another agent; the former one is returned by `theAgent`. Tests only, and `theAgent`. */
export function become(next: Agent): Agent {
  agent = next;
  me = next.id;
  return next;
}
