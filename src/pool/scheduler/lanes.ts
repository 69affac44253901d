/** Finds the lane of a key. A lane outlives its tasks, so that later ones go to the same worker; a limited number is remembered. */

import type { Key } from './events.ts';
import type { Lane, SchedulerState, WorkerRecord } from './state.ts';
import type { Task } from './task.ts';
import { TaskQueue } from './task-queue.ts';

const maxRemembered = 10_000;

export function laneOf(state: SchedulerState, key: Key): Lane {
  const found = state.lanes.get(key);
  if (found !== undefined) return found;
  const lane: Lane = { key, head: undefined, behind: new TaskQueue<Task>(true), worker: undefined };
  state.lanes.set(key, lane);
  if (state.lanes.size > maxRemembered) forgetOldest(state);
  return lane;
}

/** Looks at a few of the oldest: those with tasks are put back as the newest, so that the work is the same at any size. */
function forgetOldest(state: SchedulerState): void {
  let looks = 4;
  for (const [key, lane] of state.lanes) {
    if (looks-- === 0) return;
    state.lanes.delete(key);
    if (lane.head === undefined) bind(lane, undefined);
    else state.lanes.set(key, lane);
  }
}

export function bind(lane: Lane, worker: WorkerRecord | undefined): void {
  if (lane.worker === worker) return;
  lane.worker?.lanes.delete(lane);
  lane.worker = worker;
  worker?.lanes.add(lane);
}
