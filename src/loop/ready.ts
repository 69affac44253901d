/**
 * The ready queue, which is processed in a microtask.
 *
 *   ready(x) ──▶ [ a b c x ] ──microtask──▶ step a, step b, …     more than 10 ms of it ──▶ the rest after the event loop has turned
 *
 * Steps make others ready, so that a queue may never get empty. Therefore our part of each turn of Node's event loop is bounded:
 * its timers and sockets go on.
 */

import { queueMicrotask, setImmediate } from '../real-timers.ts';
import { Deque } from './deque.ts';
import { withoutContext } from '../no-context.ts';

/** The greenlet, or the awaiting function, that runs in a step. */
export interface Actor {
  /** For people. */
  describe(): string;
  /** True for an async function that awaits: promises must call back after its step. */
  readonly isAsync: boolean;
}

export interface Steppable {
  /** Goes on with it. */
  step(): void;
  /** The actor of the step, if that is not this object. Only tests ask. */
  readonly whose?: Actor | undefined;
  /** True if this step must keep its place in the queue. A test that chooses the order must not move it. */
  readonly keepsPlace?: boolean;
}

/** In milliseconds, of each turn of the event loop. */
const BUDGET = 10;
/** The number of steps between two looks at the clock. */
const STEPS_A_LOOK = 64;

const queue = new Deque<Steppable>();
let isScheduled = false;
let isDraining = false;
/** How long we ran since the event loop turned. */
let spent = 0;
let isTurnAwaited = false;
/** True while a test chooses the next step: then only `stepReady` processes the queue. */
export let isHeld = false;

/** Goes on with it, after those that are ready already. */
export function ready(one: Steppable): void {
  queue.push(one);
  if (!isScheduled && !isDraining) schedule();
}

function schedule(): void {
  if (isHeld) return;
  isScheduled = true;
  if (spent < BUDGET) queueMicrotask(drain);
  else setImmediate(drainAfterTurn);
}

function drainAfterTurn(): void {
  spent = 0;
  drain();
}

/** How often the queue was begun: what may be done once in a while is counted by it. */
export let drains = 0;

function drain(): void {
  isScheduled = false;
  if (isHeld) return;
  isDraining = true;
  drains += 1;
  const begin = performance.now();
  try {
    withoutContext(() => work(begin + BUDGET - spent));
  } finally {
    // Reached by an error as well: of a step that is broken itself, as greenlets keep their own.
    isDraining = false;
    spent += performance.now() - begin;
    awaitTurn();
    if (queue.length > 0) schedule();
  }
}

function work(end: number): void {
  for (let steps = 0; queue.length > 0; steps += 1) {
    if (steps === STEPS_A_LOOK) {
      if (performance.now() >= end) return;
      steps = 0;
    }
    queue.shift()!.step();
  }
}

/** Unreferenced: it tells that the loop has turned, and does not make it turn. */
function awaitTurn(): void {
  if (isTurnAwaited) return;
  isTurnAwaited = true;
  setImmediate(() => {
    isTurnAwaited = false;
    spent = 0;
  }).unref();
}

/** The number of greenlets and awaited operations of this thread that wait for their next step, and for nothing else. */
export function readyCount(): number {
  return queue.length;
}

/** Returns the entry at an index of the ready queue, counted from the first. */
export function readyAt(index: number): Steppable {
  return queue.at(index)!;
}

/** Counts as a new run of the queue: actions limited to one a run are allowed again. */
export function countDrain(): void {
  drains += 1;
}

/** Stops the queue: from now on only `stepReady` runs steps. Must not be called by a step. */
export function hold(): void {
  isHeld = true;
}

export function release(): void {
  isHeld = false;
  if (queue.length > 0 && !isScheduled) schedule();
}

/** Runs one step. */
export function stepReady(one: Steppable): void {
  let place = 0;
  while (queue.at(place) !== one) place += 1;
  queue.take(place);
  withoutContext(() => one.step());
}
