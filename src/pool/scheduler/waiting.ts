/**
 * Where tasks wait, and how they stop waiting without having run.
 *
 *   queue      a b c            any worker may have them
 *   own        d                of a worker: the first of a key that it had before, or its part of a broadcast
 *   behind     e f              of a key: they wait for the one before them to end
 *   none       g                held: its next attempt waits for `resume`; those of its key wait behind it
 *
 * No worker gets a task here: `feed` does that when all is in its place.
 */

import type { Instruction } from './events.ts';
import type { SchedulerState, WorkerRecord } from './state.ts';
import type { Task } from './task.ts';

/** Lets a new one, or the next of its key, wait where it may run. */
export function line(state: SchedulerState, task: Task): void {
  queueOf(state, task).push(task);
}

/** Puts it before its equals. */
export function lineInFront(state: SchedulerState, task: Task): void {
  queueOf(state, task).pushFront(task);
}

function queueOf(state: SchedulerState, task: Task): NonNullable<Task['queue']> {
  const worker = task.lane?.worker;
  if (worker !== undefined) state.unfed.push(worker);
  return (task.queue = worker === undefined ? state.queue : worker.own);
}

/** Lets a task of a broadcast wait for this worker. */
export function pin(state: SchedulerState, task: Task, worker: WorkerRecord): void {
  task.broadcast!.add(worker);
  task.queue = worker.own;
  worker.own.push(task);
  state.unfed.push(worker);
}

/** Called when its attempt has ended; it waits once more, before its equals. */
export function waitAgain(state: SchedulerState, task: Task, why: 'retry' | 'requeue', out: Instruction[], isLost: boolean = false): void {
  if (why === 'retry') {
    task.retriesLeft--;
    task.isHeld = task.holdsRetries;
  }
  task.interrupted = 'no';
  task.isStuck = false;
  task.worker = undefined;
  state.waiting++;
  out.push(isLost && task.isHeld ? { type: why, task, isLost } : { type: why, task });
  if (task.broadcast === undefined && !task.isHeld) lineInFront(state, task);
}

/** Removes it; the next of its key may begin. */
export function leave(state: SchedulerState, task: Task): void {
  state.tasks.delete(task);
  const { lane } = task;
  if (lane === undefined || lane.head !== task) return;
  lane.head = lane.behind.shift();
  if (lane.head === undefined) return;
  lane.head.queue = undefined;
  if (!lane.head.isHeld) line(state, lane.head);
}

/** Takes one that waits out. */
export function drop(state: SchedulerState, task: Task, type: 'cancelled' | 'aborted' | 'settle', out: Instruction[]): void {
  task.queue?.remove(task);
  state.waiting--;
  out.push({ type, task });
  leave(state, task);
}

/** Takes all out that wait. */
export function dropAll(state: SchedulerState, type: 'cancelled' | 'fail', out: Instruction[]): void {
  for (const task of state.tasks) {
    if (task.worker !== undefined) continue;
    task.queue?.remove(task);
    state.waiting--;
    state.tasks.delete(task);
    // Later ones of the lane go as well.
    if (task.lane?.head === task) task.lane.head = undefined;
    out.push({ type, task });
  }
}
