/** Tasks come, end and are given up. */

import type { Instruction, Key } from './events.ts';
import { laneOf } from './lanes.ts';
import { keepMinimum, start, takers } from './staff.ts';
import { type Lane, type SchedulerState, canStart, takesRetries } from './state.ts';
import type { Task } from './task.ts';
import { land, landFirst } from './ahead.ts';
import { dispatch, freest } from './dispatch.ts';
import { drop, leave, line, lineInFront, pin, waitAgain } from './waiting.ts';
import { freed } from './workers.ts';

export function submit(state: SchedulerState, task: Task, isBounded: boolean, startsHeld: boolean, out: Instruction[]): void {
  const { key, isTaken } = task;
  if (isTaken && state.isCancelled) return void out.push({ type: 'cancelled', task });
  if (state.isShutDown && !(isTaken && takesRetries(state))) return void out.push({ type: 'refuse', task, why: 'shutDown' });
  if (state.isBroken) return void out.push({ type: 'refuse', task, why: 'broken' });
  if (state.waiting >= state.options.queueLimit && !isBounded && !beginsAtOnce(state, key))
    return void out.push({ type: 'refuse', task, why: 'full' });
  state.tasks.add(task);
  state.waiting++;
  if (startsHeld) task.isHeld = true;
  if (key !== undefined) lineOfKey(state, task, laneOf(state, key));
  else if (!startsHeld) {
    if (state.queue.length === 0 && state.free.size > 0) dispatch(state, task, freest(state, task), out);
    else line(state, task);
  }
  if (state.active < state.options.minWorkers) keepMinimum(state, out);
}

/** The first of a key stands where it can be given to a worker, the others behind it. */
function lineOfKey(state: SchedulerState, task: Task, lane: Lane): void {
  task.lane = lane;
  task.goesAhead = false;
  if (lane.head === undefined) {
    lane.head = task;
    if (!task.isHeld) line(state, task);
  } else {
    task.queue = lane.behind;
    lane.behind.push(task);
  }
}

function beginsAtOnce(state: SchedulerState, key: Key | undefined): boolean {
  const lane = key === undefined ? undefined : state.lanes.get(key);
  if (lane?.head !== undefined) return false;
  return lane?.worker === undefined ? state.free.size > 0 : state.free.has(lane.worker);
}

/** One task for each worker; those that are missing start. */
export function broadcast(state: SchedulerState, tasks: readonly Task[], out: Instruction[]): void {
  const targets = takers(state);
  const why = state.isShutDown ? 'shutDown' : canStart(state) || targets.length >= tasks.length ? undefined : 'broken';
  if (why !== undefined) {
    for (const task of tasks) out.push({ type: 'refuse', task, why });
    return;
  }
  const group: NonNullable<Task['broadcast']> = new Set();
  for (const [i, task] of tasks.entries()) {
    task.broadcast = group;
    // The task is one of the worker's own: its other requirements do not count.
    task.priority = task.weight = task.retriesLeft = 0;
    task.holdsRetries = task.goesAhead = false;
    state.tasks.add(task);
    state.waiting++;
    pin(state, task, targets[i] ?? start(state, out));
  }
}

export function taskEnded(state: SchedulerState, task: Task, again: boolean, out: Instruction[]): void {
  const { worker } = task;
  if (!task.isListed || worker === undefined) return;
  worker.isSilent = false;
  if (task.isAhead) land(state, task);
  worker.tasks.delete(task);
  const isForGood = task.interrupted === 'forGood';
  if (again && !isForGood && mayRetry(state, task)) waitAgain(state, task, 'retry', out);
  else {
    leave(state, task);
    if (isForGood) out.push({ type: 'release', task });
    else if (again) out.push({ type: 'settle', task });
  }
  if (worker.ahead.size > 0) landFirst(state, worker);
  freed(state, worker, out);
}

function mayRetry(state: SchedulerState, task: Task): boolean {
  return task.retriesLeft > 0 && !state.isCancelled;
}

/** A held task stands where it would have stood. */
export function resume(state: SchedulerState, task: Task): void {
  if (!task.isListed || !task.isHeld) return;
  task.isHeld = false;
  // One that waits behind another of its key stands there already.
  if (task.queue === undefined) lineInFront(state, task);
}

export function giveUp(state: SchedulerState, task: Task, out: Instruction[]): void {
  if (task.isListed && task.isHeld) drop(state, task, 'settle', out);
}

export function cancel(state: SchedulerState, task: Task, out: Instruction[]): void {
  if (task.isListed && task.worker === undefined) drop(state, task, 'cancelled', out);
}

/** Called when it is not wanted any more, or (`again`) this attempt takes too long. */
export function abort(state: SchedulerState, task: Task, again: boolean, out: Instruction[]): void {
  if (!task.isListed) return;
  if (task.worker === undefined) return drop(state, task, 'aborted', out);
  land(state, task);
  if (task.interrupted === 'forGood') return;
  const isFinal = !again || !mayRetry(state, task);
  // Told twice: first that it took too long, then that it is not wanted any more.
  const isNews = task.interrupted === 'no' || isFinal;
  task.interrupted = isFinal ? 'forGood' : 'forRetry';
  if (isNews) out.push({ type: 'interrupt', task, worker: task.worker.id, isFinal });
}
