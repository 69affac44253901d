/** Steps that only tests make, in the body of a thread. */

import { store } from '#atomics';
import { slotFields, slotOf } from '../../../memory/index.ts';
import { theRun } from './host.ts';
import type { WokenBy } from './world.ts';

/**
 * Performs a step once, however often the body is run again; returns the first result. For state outside of the model's memory: counts,
 * logs, assertions. An error in it fails the run at once. It must make no steps itself.
 */
export function once<T>(what: () => T): T {
  return theRun().once(what);
}

/**
 * A turn of the thread's event loop. Waits until its bell rings, clears the word in its slot, and calls `onRing` of the bell that was
 * opened in this body, or `step` of all in `agent.waits`. After a death it may be a tick instead, which calls `probe` of them all.
 *
 * @param ms until it gives up, which counts as a time-out
 */
export function turn(ms: number = Infinity): WokenBy {
  const run = theRun();
  const { agent, onRing, bellPlace } = run.thread();
  const { waits, memory, id } = agent;
  const word = onRing === undefined ? slotOf(id) + slotFields.rung : bellPlace / 4;
  const isKicked = waits.isKicked;
  waits.isKicked = false;
  const by = isKicked ? 'wake' : run.listen(ms);
  if (by === 'timeout') return by;
  // ORDER: before it looks, so that a later change rings again.
  if (!isKicked) store(memory.segment(0), word, 0);
  if (by === 'slice') for (const wait of waits) wait.probe();
  else if (onRing !== undefined && !isKicked) onRing();
  else for (const wait of waits) wait.step();
  return by;
}
