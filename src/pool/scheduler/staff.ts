/** Taking workers on and letting them go. */

import type { Instruction } from './events.ts';
import { bind } from './lanes.ts';
import { type SchedulerState, type WorkerRecord, canStart } from './state.ts';
import { type Task, TaskRow } from './task.ts';
import { TaskQueue } from './task-queue.ts';
import { lineInFront, pin } from './waiting.ts';

export function start(state: SchedulerState, out: Instruction[]): WorkerRecord {
  const worker: WorkerRecord = {
    id: state.nextWorker++,
    state: 'starting',
    tasks: new TaskRow(),
    ahead: new TaskRow(),
    own: new TaskQueue(),
    lanes: new Set(),
    used: 0,
    takesAhead: false,
    isSilent: false,
    isSpent: false,
    isHost: false,
  };
  state.workers.set(worker.id, worker);
  state.active++;
  out.push({ type: 'start', worker: worker.id });
  return worker;
}

/**
 * Starts workers until each task that waits for any of them has one on the way, as far as `maxWorkers` goes.
 *
 * @param coming tasks that will wait soon
 */
export function startNeeded(state: SchedulerState, out: Instruction[], coming: number = 0): void {
  const wanted = state.queue.length + state.ahead + coming;
  const { maxWorkers, tasksPerWorker, maxTasksPerChild } = state.options;
  if (wanted === 0 || state.active >= maxWorkers || !canStart(state)) return;
  const perWorker = Math.min(tasksPerWorker, maxTasksPerChild);
  let onTheWay = 0;
  for (const worker of state.workers.values())
    if (worker.state === 'starting') onTheWay += Math.max(0, perWorker - worker.own.length);
    else if (worker.state === 'ready')
      onTheWay += Math.max(0, Math.min(tasksPerWorker - worker.tasks.size, maxTasksPerChild - worker.used));
  for (; onTheWay < wanted && state.active < maxWorkers; onTheWay += perWorker) start(state, out);
}

/** Starts workers until `minWorkers` are there. */
export function keepMinimum(state: SchedulerState, out: Instruction[]): void {
  if (state.isShutDown || !canStart(state)) return;
  while (state.active < state.options.minWorkers) start(state, out);
}

/** Returns the workers that may take tasks, now or soon. */
export function takers(state: SchedulerState): WorkerRecord[] {
  return [...state.workers.values()].filter((worker) => worker.state === 'starting' || worker.state === 'ready');
}

/** Gives it no more tasks; tasks that waited for it alone go elsewhere. The worker ends with the tasks it has. */
export function retire(state: SchedulerState, worker: WorkerRecord, out: Instruction[]): void {
  if (worker.state !== 'ready') return;
  state.free.delete(worker);
  worker.state = 'retiring';
  replace(state, unburden(state, worker), out);
}

/** If it retires, and all it has to do is done or will not be done, also by its own pools: tells it to end. */
export function letGo(state: SchedulerState, worker: WorkerRecord, out: Instruction[]): void {
  if (worker.state !== 'retiring' || isAtWork(worker) || (worker.isHost && worker.tasks.size === 0)) return;
  dismiss(state, worker, worker.tasks.size === 0 ? 'stop' : 'kill', out);
  keepMinimum(state, out);
}

/** True if it has tasks that are not stuck. */
export function isAtWork(worker: WorkerRecord): boolean {
  for (const task of worker.tasks) if (!task.isStuck) return true;
  return false;
}

/** Tells it to end. It counts no more; its place may be taken. */
export function dismiss(state: SchedulerState, worker: WorkerRecord, how: 'stop' | 'kill', out: Instruction[]): void {
  out.push({ type: how, worker: worker.id });
  replace(state, expel(state, worker), out);
}

/** Removes it from the count. Returns the tasks that only this worker could run. */
export function expel(state: SchedulerState, worker: WorkerRecord): Task[] {
  state.free.delete(worker);
  if (worker.state !== 'stopping') state.active--;
  worker.state = 'stopping';
  return unburden(state, worker);
}

/** Lets tasks that waited for it alone wait for all. Returns the tasks that only this worker could run. */
function unburden(state: SchedulerState, worker: WorkerRecord): Task[] {
  for (const lane of worker.lanes) bind(lane, undefined);
  const pinned: Task[] = [];
  // The last one first: each goes before its equals.
  for (const task of [...worker.own].reverse()) {
    worker.own.remove(task);
    if (task.broadcast === undefined) lineInFront(state, task);
    else pinned.push(task);
  }
  return pinned.reverse();
}

/** Reassigns the tasks of a worker that takes no more to its replacement: one that has no task of that broadcast. */
export function replace(state: SchedulerState, pinned: readonly Task[], out: Instruction[]): void {
  for (const task of pinned) {
    const worker = takers(state).find((each) => !task.broadcast!.has(each)) ?? (canStart(state) ? start(state, out) : undefined);
    if (worker !== undefined) pin(state, task, worker);
    else {
      state.waiting--;
      state.tasks.delete(task);
      out.push({ type: 'fail', task });
    }
  }
}
