/** The events of workers. */

import type { FailedStart, Instruction, WorkerId } from './events.ts';
import { land } from './ahead.ts';
import { dismiss, expel, isAtWork, keepMinimum, letGo, replace, retire } from './staff.ts';
import { type SchedulerState, type WorkerRecord, canStart } from './state.ts';
import type { Task } from './task.ts';
import { dropAll, leave, waitAgain } from './waiting.ts';

export function workerStarted(state: SchedulerState, id: WorkerId): void {
  const worker = state.workers.get(id);
  if (worker?.state !== 'starting') return;
  worker.state = 'ready';
  state.failedStarts = 0;
  state.free.add(worker);
  state.unfed.push(worker);
}

/** The weight of a killed start among failed ones. A system without memory kills all starts, so a kill must count. */
const chance = 0.1;

export function workerLost(state: SchedulerState, id: WorkerId, notBegun: readonly Task[], start: FailedStart, out: Instruction[]): void {
  const worker = state.workers.get(id);
  if (worker === undefined) return;
  if (worker.state === 'starting') state.failedStarts += start === 'hopeless' ? Infinity : start === 'byChance' ? chance : 1;
  state.workers.delete(id);
  const pinned = expel(state, worker);
  const untouched = new Set(notBegun);
  while (worker.ahead.first !== undefined) land(state, worker.ahead.first);
  // The last one first: each goes before its equals.
  for (const task of [...worker.tasks].reverse()) {
    loseTask(state, task, untouched.has(task), out);
    if (task.broadcast !== undefined && task.worker === undefined) pinned.push(task);
  }
  replace(state, pinned, out);
  // A worker that was never used is not replaced for nothing: it might be the start that ends it.
  if (worker.used > 0) keepMinimum(state, out);
  // Starts no more workers. Living ones go on with the waiting tasks; without any, waiting tasks fail.
  if (canStart(state) || state.active > 0) return;
  state.isBroken = true;
  dropAll(state, 'fail', out);
}

/** Says what becomes of a task whose worker was lost. */
function loseTask(state: SchedulerState, task: Task, isUntouched: boolean, out: Instruction[]): void {
  const { interrupted, retriesLeft } = task;
  const { isCancelled } = state;
  if (interrupted === 'no' && isUntouched && !isCancelled) return waitAgain(state, task, 'requeue', out);
  if (interrupted !== 'forGood' && retriesLeft > 0 && !isCancelled) return waitAgain(state, task, 'retry', out, interrupted === 'no');
  leave(state, task);
  if (interrupted === 'forGood') out.push({ type: 'release', task });
  else if (interrupted === 'forRetry') out.push({ type: 'settle', task });
  else out.push({ type: isUntouched ? 'cancelled' : 'lose', task });
}

/** A worker has had nothing to do for long. */
export function idleOver(state: SchedulerState, id: WorkerId, out: Instruction[]): void {
  const worker = state.workers.get(id);
  if (worker?.state !== 'ready' || worker.tasks.size > 0 || worker.isHost || state.active <= state.options.minWorkers) return;
  dismiss(state, worker, 'stop', out);
}

/** Records that its own pools have work, or none any more. */
export function poolsWork(state: SchedulerState, id: WorkerId, doWork: boolean, out: Instruction[]): void {
  const worker = state.workers.get(id);
  if (worker === undefined) return;
  worker.isHost = doWork;
  if (!doWork) letGo(state, worker, out);
}

/** Lets it stop when it has done what it has. */
export function recycle(state: SchedulerState, id: WorkerId, out: Instruction[]): void {
  const worker = state.workers.get(id);
  if (worker?.state !== 'ready') return;
  retire(state, worker, out);
  letGo(state, worker, out);
}

/** A worker has room for one more task, or has one less to end. */
export function freed(state: SchedulerState, worker: WorkerRecord, out: Instruction[]): void {
  if (worker.state === 'ready') {
    if (worker.tasks.size < state.options.tasksPerWorker) state.free.add(worker);
    if (worker.own.length > 0) state.unfed.push(worker);
  } else letGo(state, worker, out);
}

/** Called when the interrupted task has not stopped. */
export function graceOver(state: SchedulerState, task: Task, isResponsive: boolean, out: Instruction[]): void {
  const { worker } = task;
  if (!task.isListed || worker === undefined) return;
  task.isStuck = true;
  if (worker.state === 'stopping') return;
  if (isResponsive && isAtWork(worker)) return retire(state, worker, out);
  dismiss(state, worker, 'kill', out);
  keepMinimum(state, out);
}

/** Called when the task was late, but goes on. */
export function movedOn(task: Task): void {
  task.isStuck = false;
}
