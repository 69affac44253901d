/**
 * Decides which worker runs which task, when workers start and when they stop. No I/O, no clocks, no promises: an event goes
 * in, instructions come out, and the pool carries them out. (The idea is dask's `worker_state_machine.py`.) The state is
 * changed in place, because 100,000 waiting tasks cannot be copied at each step; the same events always give the same instructions.
 *
 *   task:    queued --dispatch--> running --taskSettled--> gone
 *              |  ^------ not begun when its worker was lost
 *              \-- cancel, cancelFutures, broken --> gone
 *
 *   worker:  starting --workerStarted--> ready --stop--> stopping --workerLost--> gone
 */

import { type Queued, TaskQueue } from './task-queue.ts';

export type TaskId = number;
export type WorkerId = number;

export interface SchedulerOptions {
  readonly maxWorkers: number;
  /** Tasks a worker may have at once. */
  readonly tasksPerWorker: number;
  /** Tasks that may wait; one more is refused. */
  readonly queueLimit: number;
  /** After this many failed starts in a row no more are tried; without a running worker the pool is broken. */
  readonly maxFailedStarts: number;
}

export type SchedulerEvent =
  /** A task is being made: a worker for it may start meanwhile. */
  | { readonly type: 'announce' }
  /** `isBounded`: its maker limits by itself how many it has waiting, and is not refused at the `queueLimit`. */
  | { readonly type: 'submit'; readonly task: TaskId; readonly isBounded?: boolean }
  | { readonly type: 'workerStarted'; readonly worker: WorkerId }
  /** A worker ended, for whatever reason. `notBegun`: tasks it had been given and had certainly not begun. */
  | { readonly type: 'workerLost'; readonly worker: WorkerId; readonly notBegun: readonly TaskId[] }
  | { readonly type: 'taskSettled'; readonly task: TaskId }
  /** Only a task that waits can be cancelled. */
  | { readonly type: 'cancel'; readonly task: TaskId }
  | { readonly type: 'shutdown'; readonly cancelFutures: boolean };

export type Instruction =
  | { readonly type: 'start'; readonly worker: WorkerId }
  | { readonly type: 'dispatch'; readonly task: TaskId; readonly worker: WorkerId }
  /** The task was not taken. */
  | { readonly type: 'refuse'; readonly task: TaskId; readonly why: 'shutDown' | 'full' | 'broken' }
  /** Its worker was lost while it may have been running. */
  | { readonly type: 'lose'; readonly task: TaskId; readonly worker: WorkerId }
  /** It waits again: its worker was lost before it began. */
  | { readonly type: 'requeue'; readonly task: TaskId }
  | { readonly type: 'cancelled'; readonly task: TaskId }
  /** No worker can be started. */
  | { readonly type: 'fail'; readonly task: TaskId }
  | { readonly type: 'stop'; readonly worker: WorkerId }
  /** Shut down, and the last worker has ended. */
  | { readonly type: 'finished' };

interface TaskRecord extends Queued {
  readonly id: TaskId;
  /** The worker that has it; undefined while it waits. */
  worker: WorkerRecord | undefined;
}

interface WorkerRecord {
  readonly id: WorkerId;
  state: 'starting' | 'ready' | 'stopping';
  readonly tasks: Set<TaskRecord>;
}

export interface SchedulerState {
  readonly options: SchedulerOptions;
  readonly tasks: Map<TaskId, TaskRecord>;
  readonly queue: TaskQueue<TaskRecord>;
  readonly workers: Map<WorkerId, WorkerRecord>;
  /** Ready workers that can take one more task. */
  readonly free: Set<WorkerRecord>;
  starting: number;
  nextWorker: WorkerId;
  failedStarts: number;
  isBroken: boolean;
  isShutDown: boolean;
  isFinished: boolean;
}

export function createState(options: SchedulerOptions): SchedulerState {
  return {
    options,
    tasks: new Map(),
    queue: new TaskQueue(),
    workers: new Map(),
    free: new Set(),
    starting: 0,
    nextWorker: 1,
    failedStarts: 0,
    isBroken: false,
    isShutDown: false,
    isFinished: false,
  };
}

/** Whether one more task would begin at once, or as soon as a worker has started. */
export function hasRoom(state: SchedulerState): boolean {
  if (state.isShutDown || state.isBroken) return false;
  return state.queue.length === 0 && (state.free.size > 0 || state.workers.size < state.options.maxWorkers);
}

export function step(state: SchedulerState, event: SchedulerEvent): Instruction[] {
  const out: Instruction[] = [];
  switch (event.type) {
    case 'announce':
      if (!state.isShutDown && !state.isBroken) startFor(state, state.queue.length + 1, out);
      break;
    case 'submit':
      submit(state, event.task, event.isBounded ?? false, out);
      break;
    case 'workerStarted':
      workerStarted(state, event.worker, out);
      break;
    case 'workerLost':
      workerLost(state, event.worker, event.notBegun, out);
      break;
    case 'taskSettled':
      taskSettled(state, event.task, out);
      break;
    case 'cancel':
      cancel(state, event.task, out);
      break;
    case 'shutdown':
      state.isShutDown = true;
      if (event.cancelFutures)
        for (let task = state.queue.shift(); task !== undefined; task = state.queue.shift()) drop(state, task, 'cancelled', out);
      windDown(state, out);
      break;
  }
  return out;
}

function submit(state: SchedulerState, id: TaskId, isBounded: boolean, out: Instruction[]): void {
  if (state.isShutDown) return void out.push({ type: 'refuse', task: id, why: 'shutDown' });
  if (state.isBroken) return void out.push({ type: 'refuse', task: id, why: 'broken' });
  const task: TaskRecord = { id, worker: undefined, previous: undefined, next: undefined };
  const worker = state.queue.length === 0 ? pick(state) : undefined;
  if (worker === undefined && !isBounded && state.queue.length >= state.options.queueLimit)
    return void out.push({ type: 'refuse', task: id, why: 'full' });
  state.tasks.set(id, task);
  if (worker !== undefined) return dispatch(state, task, worker, out);
  state.queue.push(task);
  startFor(state, state.queue.length, out);
}

function workerStarted(state: SchedulerState, id: WorkerId, out: Instruction[]): void {
  const worker = state.workers.get(id);
  if (worker === undefined || worker.state !== 'starting') return;
  worker.state = 'ready';
  state.starting--;
  state.failedStarts = 0;
  state.free.add(worker);
  feed(state, out);
  windDown(state, out);
}

function workerLost(state: SchedulerState, id: WorkerId, notBegun: readonly TaskId[], out: Instruction[]): void {
  const worker = state.workers.get(id);
  if (worker === undefined) return;
  state.workers.delete(id);
  state.free.delete(worker);
  if (worker.state === 'starting') {
    state.starting--;
    state.failedStarts++;
  }
  const again = new Set(notBegun);
  const requeued: TaskRecord[] = [];
  for (const task of worker.tasks) {
    if (again.has(task.id)) requeued.push(task);
    else {
      state.tasks.delete(task.id);
      out.push({ type: 'lose', task: task.id, worker: id });
    }
  }
  for (const task of requeued.reverse()) {
    task.worker = undefined;
    state.queue.pushFront(task);
    out.push({ type: 'requeue', task: task.id });
  }
  if (state.failedStarts >= state.options.maxFailedStarts) breakDown(state, out);
  feed(state, out);
  startFor(state, state.queue.length, out);
  windDown(state, out);
}

/** Workers cannot be started. Those that run go on with what waits; without any, what waits fails. */
function breakDown(state: SchedulerState, out: Instruction[]): void {
  if (state.workers.size > state.starting) return;
  state.isBroken = true;
  for (let task = state.queue.shift(); task !== undefined; task = state.queue.shift()) drop(state, task, 'fail', out);
}

function taskSettled(state: SchedulerState, id: TaskId, out: Instruction[]): void {
  const task = state.tasks.get(id);
  const worker = task?.worker;
  if (task === undefined || worker === undefined) return;
  state.tasks.delete(id);
  worker.tasks.delete(task);
  if (worker.state === 'ready') state.free.add(worker);
  feed(state, out);
  windDown(state, out);
}

function cancel(state: SchedulerState, id: TaskId, out: Instruction[]): void {
  const task = state.tasks.get(id);
  if (task === undefined || task.worker !== undefined) return;
  state.queue.remove(task);
  drop(state, task, 'cancelled', out);
  windDown(state, out);
}

function drop(state: SchedulerState, task: TaskRecord, type: 'cancelled' | 'fail', out: Instruction[]): void {
  state.tasks.delete(task.id);
  out.push({ type, task: task.id });
}

/** Gives what waits to those that are free. */
function feed(state: SchedulerState, out: Instruction[]): void {
  while (state.queue.length > 0) {
    const worker = pick(state);
    if (worker === undefined) return;
    dispatch(state, state.queue.shift()!, worker, out);
  }
}

/** The free worker with the fewest tasks. */
function pick(state: SchedulerState): WorkerRecord | undefined {
  let best: WorkerRecord | undefined;
  for (const worker of state.free) {
    if (worker.tasks.size === 0) return worker;
    if (best === undefined || worker.tasks.size < best.tasks.size) best = worker;
  }
  return best;
}

function dispatch(state: SchedulerState, task: TaskRecord, worker: WorkerRecord, out: Instruction[]): void {
  task.worker = worker;
  worker.tasks.add(task);
  if (worker.tasks.size >= state.options.tasksPerWorker) state.free.delete(worker);
  out.push({ type: 'dispatch', task: task.id, worker: worker.id });
}

/** Starts workers until each of `waiting` tasks has one on the way, as far as `maxWorkers` goes. */
function startFor(state: SchedulerState, waiting: number, out: Instruction[]): void {
  if (state.isBroken || state.failedStarts >= state.options.maxFailedStarts) return;
  let onTheWay = (state.free.size + state.starting) * state.options.tasksPerWorker;
  while (onTheWay < waiting && state.workers.size < state.options.maxWorkers) {
    const worker: WorkerRecord = { id: state.nextWorker++, state: 'starting', tasks: new Set() };
    state.workers.set(worker.id, worker);
    state.starting++;
    onTheWay += state.options.tasksPerWorker;
    out.push({ type: 'start', worker: worker.id });
  }
}

/** After shutdown: workers that have nothing to do stop; the last one ends it all. */
function windDown(state: SchedulerState, out: Instruction[]): void {
  if (!state.isShutDown || state.isFinished || state.queue.length > 0) return;
  for (const worker of state.workers.values()) {
    if (worker.state === 'stopping' || worker.tasks.size > 0) continue;
    if (worker.state === 'starting') state.starting--;
    worker.state = 'stopping';
    state.free.delete(worker);
    out.push({ type: 'stop', worker: worker.id });
  }
  if (state.workers.size > 0) return;
  state.isFinished = true;
  out.push({ type: 'finished' });
}
