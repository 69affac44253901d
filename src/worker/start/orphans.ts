/**
 * Child processes of threads that end before them. The system counts a child to the process, while Node collects it in the loop of the thread that
 * started it: when that loop is gone, the child would stay a zombie for as long as the program runs.
 *
 *    thread ── starts a child ──▶ notes it in its own list and in those of the threads above it
 *    end of a thread ──▶ its starter collects what is left in its list; the lifelines of these children end with the thread
 */

import { collectChild } from '../../platform/index.ts';
import { setInterval, clearInterval } from '../../real-timers.ts';
import { type ChildList, childLists } from './thread-ground.ts';

/** Children of one thread, and of those below it, at a time; further ones are not noted. */
const capacity = 1024;
/** Milliseconds between two looks at children that are about to end. */
const lookEvery = 10;

/** For a thread that this one starts. */
export function childListsBelow(): readonly [ChildList, ...ChildList[]] {
  return [new Int32Array(new SharedArrayBuffer(4 * capacity)), ...childLists()];
}

export function noteChild(pid: number): void {
  for (const list of childLists()) replace(list, 0, pid);
}

/** Node has collected it. */
export function forgetChild(pid: number): void {
  for (const list of childLists()) replace(list, pid, 0);
}

function replace(list: ChildList, from: number, to: number): void {
  for (let i = 0; i < list.length; i += 1) if (Atomics.compareExchange(list, i, from, to) === from) return;
}

/** The thread whose list it is has ended: collects its children as they end. */
export function collectChildrenOf(list: ChildList): void {
  let left = [...list].filter((pid) => pid !== 0);
  if (left.length === 0) return;
  const look = (): void => {
    left = left.filter((pid) => {
      if (!collectChild(pid)) return true;
      forgetChild(pid);
      return false;
    });
    if (left.length === 0) clearInterval(timer);
  };
  const timer = setInterval(look, lookEvery).unref();
  look();
}
