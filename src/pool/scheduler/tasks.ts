/** Tasks come, end and are given up. */

import type { Instruction, Key, Submission, TaskId } from './events.ts';
import { laneOf } from './lanes.ts';
import { keepMinimum, start, takers } from './staff.ts';
import { type SchedulerState, type TaskRecord, canStart, takesRetries } from './state.ts';
import { land, landFirst } from './ahead.ts';
import { dispatch, freest } from './dispatch.ts';
import { drop, leave, line, lineInFront, pin, waitAgain } from './waiting.ts';
import { freed } from './workers.ts';

export function submit(state: SchedulerState, submission: Submission, out: Instruction[]): void {
  const { task: id, isBounded = false, key, isTaken = false } = submission;
  if (isTaken && state.isCancelled) return void out.push({ type: 'cancelled', task: id });
  if (state.isShutDown && !(isTaken && takesRetries(state))) return void out.push({ type: 'refuse', task: id, why: 'shutDown' });
  if (state.isBroken) return void out.push({ type: 'refuse', task: id, why: 'broken' });
  if (state.waiting >= state.options.queueLimit && !isBounded && !beginsAtOnce(state, key))
    return void out.push({ type: 'refuse', task: id, why: 'full' });
  const lane = key === undefined ? undefined : laneOf(state, key);
  const task = record(submission, lane, undefined);
  state.tasks.set(id, task);
  state.waiting++;
  if (lane === undefined && !task.isHeld && state.queue.length === 0 && state.free.size > 0)
    dispatch(state, task, freest(state, task), out);
  else if (lane === undefined || lane.head === undefined) {
    if (lane !== undefined) lane.head = task;
    if (!task.isHeld) line(state, task);
  } else {
    task.queue = lane.behind;
    lane.behind.push(task);
  }
  if (state.active < state.options.minWorkers) keepMinimum(state, out);
}

function beginsAtOnce(state: SchedulerState, key: Key | undefined): boolean {
  const lane = key === undefined ? undefined : state.lanes.get(key);
  if (lane?.head !== undefined) return false;
  return lane?.worker === undefined ? state.free.size > 0 : state.free.has(lane.worker);
}

function record(submission: Submission, lane: TaskRecord['lane'], group: TaskRecord['broadcast']): TaskRecord {
  return {
    id: submission.task,
    priority: submission.priority ?? 0,
    lane,
    weight: submission.weight ?? 1,
    broadcast: group,
    retriesLeft: submission.retries ?? 0,
    holdsRetries: submission.holdsRetries ?? false,
    isHeld: submission.startsHeld ?? false,
    goesAhead: (submission.goesAhead ?? false) && lane === undefined && group === undefined,
    worker: undefined,
    isAhead: false,
    queue: undefined,
    interrupted: 'no',
    isStuck: false,
    previous: undefined,
    next: undefined,
  };
}

/** One task for each worker; those that are missing start. */
export function broadcast(state: SchedulerState, ids: readonly TaskId[], out: Instruction[]): void {
  const targets = takers(state);
  const why = state.isShutDown ? 'shutDown' : canStart(state) || targets.length >= ids.length ? undefined : 'broken';
  if (why !== undefined) {
    for (const task of ids) out.push({ type: 'refuse', task, why });
    return;
  }
  const group: TaskRecord['broadcast'] = new Set();
  for (const [i, id] of ids.entries()) {
    const task = record({ task: id, weight: 0 }, undefined, group);
    state.tasks.set(id, task);
    state.waiting++;
    pin(state, task, targets[i] ?? start(state, out));
  }
}

export function taskEnded(state: SchedulerState, id: TaskId, again: boolean, out: Instruction[]): void {
  const task = state.tasks.get(id);
  const worker = task?.worker;
  if (task === undefined || worker === undefined) return;
  worker.isSilent = false;
  land(state, task);
  worker.tasks.delete(task);
  const isForGood = task.interrupted === 'forGood';
  if (again && !isForGood && mayRetry(state, task)) waitAgain(state, task, 'retry', out);
  else {
    leave(state, task);
    if (isForGood) out.push({ type: 'release', task: id });
    else if (again) out.push({ type: 'settle', task: id });
  }
  landFirst(state, worker);
  freed(state, worker, out);
}

function mayRetry(state: SchedulerState, task: TaskRecord): boolean {
  return task.retriesLeft > 0 && !state.isCancelled;
}

/** A held task stands where it would have stood. */
export function resume(state: SchedulerState, id: TaskId): void {
  const task = state.tasks.get(id);
  if (task?.isHeld !== true) return;
  task.isHeld = false;
  // One that waits behind another of its key stands there already.
  if (task.queue === undefined) lineInFront(state, task);
}

export function giveUp(state: SchedulerState, id: TaskId, out: Instruction[]): void {
  const task = state.tasks.get(id);
  if (task?.isHeld === true) drop(state, task, 'settle', out);
}

export function cancel(state: SchedulerState, id: TaskId, out: Instruction[]): void {
  const task = state.tasks.get(id);
  if (task !== undefined && task.worker === undefined) drop(state, task, 'cancelled', out);
}

/** It is not wanted any more, or (`again`) this attempt takes too long. */
export function abort(state: SchedulerState, id: TaskId, again: boolean, out: Instruction[]): void {
  const task = state.tasks.get(id);
  if (task === undefined) return;
  if (task.worker === undefined) return drop(state, task, 'aborted', out);
  land(state, task);
  if (task.interrupted === 'forGood') return;
  const isFinal = !again || !mayRetry(state, task);
  // Told twice: first that it took too long, then that it is not wanted any more.
  const isNews = task.interrupted === 'no' || isFinal;
  task.interrupted = isFinal ? 'forGood' : 'forRetry';
  if (isNews) out.push({ type: 'interrupt', task: id, worker: task.worker.id, isFinal });
}
