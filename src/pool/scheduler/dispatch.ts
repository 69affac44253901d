/** Gives what waits to workers that are free. */

import type { Instruction } from './events.ts';
import { sendAhead, spend } from './ahead.ts';
import { bind } from './lanes.ts';
import type { SchedulerState, WorkerRecord } from './state.ts';
import type { Task } from './task.ts';

export function feed(state: SchedulerState, out: Instruction[]): void {
  do {
    // Some may come to the list meanwhile.
    for (const worker of state.unfed) feedOwn(state, worker, out);
    state.unfed.length = 0;
    feedAny(state, out);
    sendAhead(state, out);
  } while (state.unfed.length > 0);
}

/** Tasks for this worker alone and tasks for all compete by priority, then by age. */
function feedOwn(state: SchedulerState, worker: WorkerRecord, out: Instruction[]): void {
  while (worker.own.length > 0 && state.free.has(worker)) {
    const own = worker.own.first!;
    const any = state.queue.first;
    dispatch(state, any !== undefined && isBefore(any, own) ? any : own, worker, out);
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.priority === b.priority ? a.id < b.id : a.priority > b.priority;
}

function feedAny(state: SchedulerState, out: Instruction[]): void {
  while (state.queue.length > 0 && state.free.size > 0) {
    const task = state.queue.first!;
    dispatch(state, task, freest(state, task), out);
  }
}

/** The free worker with the fewest tasks; for the first task of a key, the one with the fewest keys. */
export function freest(state: SchedulerState, task: Task): WorkerRecord {
  let best: WorkerRecord | undefined;
  for (const worker of state.free) {
    if (load(worker, task) === 0) return worker;
    if (best === undefined || load(worker, task) < load(best, task)) best = worker;
  }
  return best!;
}

function load(worker: WorkerRecord, task: Task): number {
  return task.lane === undefined ? worker.tasks.size : worker.lanes.size;
}

/** Gives a task to a worker that is free. */
export function dispatch(state: SchedulerState, task: Task, worker: WorkerRecord, out: Instruction[]): void {
  task.queue?.remove(task);
  task.queue = undefined;
  task.worker = worker;
  state.waiting--;
  worker.tasks.add(task);
  worker.used += task.weight;
  if (task.lane !== undefined) bind(task.lane, worker);
  out.push({ type: 'dispatch', task, worker: worker.id });
  if (worker.used >= state.options.maxTasksPerChild) spend(state, worker, out);
  else if (worker.tasks.size >= state.options.tasksPerWorker) state.free.delete(worker);
}
