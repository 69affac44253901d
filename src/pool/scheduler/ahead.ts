/**
 * Tasks that are sent ahead: a busy worker has the next ones already, and takes them up without asking the host.
 *
 *   queue ──dispatch, ahead──▶ ahead ──a task of the worker ends: the first lands──▶ tasks
 *     ^                          │
 *     └────recalled, ok──────────┘        recalled, not ok: the worker has begun it, and it lands
 *
 * Tasks ahead count as waiting. A worker begins them in the order in which they were sent.
 */

import type { Instruction, WorkerId } from './events.ts';
import { retire } from './staff.ts';
import { type SchedulerState, type WorkerRecord, canStart } from './state.ts';
import type { Task } from './task.ts';
import { lineInFront } from './waiting.ts';

/** Gives what waits to busy workers, to those with the fewest first, as far as `depth` goes. */
export function sendAhead(state: SchedulerState, out: Instruction[]): void {
  const { depth, queue } = state;
  if (depth === 0 || queue.length === 0 || mayGrow(state)) return;
  for (let task = queue.first; task?.goesAhead === true; task = queue.first) {
    const worker = leastAhead(state, depth);
    if (worker === undefined) return;
    queue.remove(task);
    task.queue = undefined;
    task.worker = worker;
    task.isAhead = true;
    state.ahead++;
    worker.ahead.add(task);
    worker.used += task.weight;
    out.push({ type: 'dispatch', task, worker: worker.id, isAhead: true });
    if (worker.used >= state.options.maxTasksPerChild) spend(state, worker, out);
  }
}

/** A worker that starts is better than one that is busy. */
const mayGrow = (state: SchedulerState): boolean => state.active < state.options.maxWorkers && canStart(state);

function leastAhead(state: SchedulerState, depth: number): WorkerRecord | undefined {
  let best: WorkerRecord | undefined;
  for (const worker of state.workers.values()) {
    const { state: phase, takesAhead: can, isSilent, own, ahead } = worker;
    // A task that waits for this worker alone must not wait indefinitely.
    if (can && phase === 'ready' && !isSilent && own.length === 0 && ahead.size < (best?.ahead.size ?? depth)) best = worker;
  }
  return best;
}

/** Asks back the tasks beyond a smaller depth: they would wait for longer than intended. */
export function setDepth(state: SchedulerState, depth: number, out: Instruction[]): void {
  const isLess = depth < state.depth;
  state.depth = depth;
  if (isLess && state.ahead > 0) for (const worker of state.workers.values()) recall(worker, out, depth);
}

/** From now on tasks may be sent to it while it is busy. */
export function takesAhead(state: SchedulerState, id: WorkerId): void {
  const worker = state.workers.get(id);
  if (worker !== undefined) worker.takesAhead = true;
}

/** Called when the worker was given as much as `maxTasksPerChild` allows. */
export function spend(state: SchedulerState, worker: WorkerRecord, out: Instruction[]): void {
  if (worker.state === 'ready') worker.isSpent = true;
  retire(state, worker, out);
}

/** Called when its worker works on it. */
export function land(state: SchedulerState, task: Task): void {
  if (!task.isAhead) return;
  const worker = task.worker!;
  task.isAhead = false;
  state.ahead--;
  state.waiting--;
  worker.ahead.delete(task);
  worker.tasks.add(task);
  if (worker.tasks.size >= state.options.tasksPerWorker) state.free.delete(worker);
}

/** The worker has room for what it has ahead. */
export function landFirst(state: SchedulerState, worker: WorkerRecord): void {
  while (worker.ahead.first !== undefined && worker.tasks.size < state.options.tasksPerWorker) land(state, worker.ahead.first);
}

/**
 * Called after tasks were asked back: they wait before their equals. Tasks that had begun have landed.
 *
 * @returns workers that have less to do now: a task had landed, because the one before it has ended, and was not begun
 */
export function recalled(state: SchedulerState, tasks: readonly Task[], begun: readonly Task[]): ReadonlySet<WorkerRecord> {
  for (const task of begun) land(state, task);
  const relieved: Set<WorkerRecord> = new Set();
  // The last one first: each goes before its equals.
  for (let i = tasks.length - 1; i >= 0; i--) {
    const task = tasks[i]!;
    const { worker } = task;
    if (!task.isListed || worker === undefined) continue;
    if (!task.isAhead) relieved.add(worker);
    comeBack(state, task, worker);
  }
  for (const worker of relieved) landFirst(state, worker);
  return relieved;
}

function comeBack(state: SchedulerState, task: Task, worker: WorkerRecord): void {
  const { tasksPerWorker, maxTasksPerChild } = state.options;
  if (task.isAhead) {
    state.ahead--;
    worker.ahead.delete(task);
  } else {
    state.waiting++;
    worker.tasks.delete(task);
  }
  task.isAhead = false;
  task.worker = undefined;
  worker.used -= task.weight;
  lineInFront(state, task);
  if (!worker.isSpent || worker.state !== 'retiring' || worker.used >= maxTasksPerChild) return;
  worker.state = 'ready';
  worker.isSpent = false;
  if (worker.tasks.size < tasksPerWorker) state.free.add(worker);
}

/** While a worker is free, others have nothing ahead; nor have those that work on one task for long. */
export function balance(state: SchedulerState, silent: readonly WorkerId[], out: Instruction[]): void {
  if (state.ahead === 0) return;
  let most: WorkerRecord | undefined;
  for (const worker of state.workers.values()) {
    if (silent.includes(worker.id)) worker.isSilent = true;
    if (worker.isSilent) recall(worker, out);
    else if (worker.ahead.size > (most?.ahead.size ?? 0)) most = worker;
  }
  if (state.free.size > 0 && most !== undefined) recall(most, out);
}

/** @param but the first tasks, which it keeps */
function recall(worker: WorkerRecord, out: Instruction[], but: number = 0): void {
  if (worker.ahead.size <= but) return;
  out.push({ type: 'recall', worker: worker.id, tasks: [...worker.ahead].slice(but) });
}
