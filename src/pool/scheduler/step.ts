/**
 * Decides which worker runs which task, when workers start and when they end. No I/O, no clocks, no promises: an event goes
 * in, instructions come out, and the pool carries them out. (The idea is dask's `worker_state_machine.py`.) The same events
 * always give the same instructions.
 *
 *   task:    waiting --dispatch--> running --taskEnded--> gone
 *              |  ^                  | | `--abort--> interrupted --ends, or its worker does--> gone, or waiting again
 *              |  |                  | |
 *              |  `-- not begun, or may be tried again
 *              `-- cancel, abort, broken --> gone
 *
 *   worker:  starting --workerStarted--> ready --maxTasksPerChild, retire--> retiring
 *                 \                        \                                   \
 *                  `------------------------`-------- stop or kill -------------`--> stopping --workerLost--> gone
 *
 * A task waits in the queue of all, in that of one worker (its key or a broadcast binds it), or behind another of its key.
 */

import type { Instruction, SchedulerEvent, Submission, TaskId, WorkerId } from './events.ts';
import { bind, laneOf } from './lanes.ts';
import { type SchedulerState, type TaskRecord, type WorkerRecord, canStart } from './state.ts';
import { TaskQueue } from './task-queue.ts';

export function step(state: SchedulerState, event: SchedulerEvent): Instruction[] {
  const out: Instruction[] = [];
  switch (event.type) {
    case 'open':
      startFor(state, out);
      break;
    case 'announce':
      if (!state.isShutDown) startFor(state, out, 1);
      break;
    case 'submit':
      submit(state, event, out);
      break;
    case 'broadcast':
      broadcast(state, event.tasks, out);
      break;
    case 'workerStarted':
      workerStarted(state, event.worker, out);
      break;
    case 'workerLost':
      workerLost(state, event.worker, event.notBegun, event.isHopeless ?? false, out);
      break;
    case 'taskEnded':
      taskEnded(state, event.task, event.again ?? false, out);
      break;
    case 'cancel':
      cancel(state, event.task, out);
      break;
    case 'abort':
      abort(state, event.task, event.again ?? false, out);
      break;
    case 'graceOver':
      graceOver(state, event.task, event.isResponsive, out);
      break;
    case 'idleOver':
      idleOver(state, event.worker, out);
      break;
    case 'retire':
      retire(state, event.worker, out);
      break;
    case 'shutdown':
      shutDown(state, event.cancelFutures, out);
      break;
    case 'terminate':
      shutDown(state, true, out);
      for (const worker of state.workers.values()) dismiss(state, worker, 'kill', out);
      break;
  }
  return out;
}

// ---- tasks come

function submit(state: SchedulerState, submission: Submission, out: Instruction[]): void {
  const { task: id, isBounded = false, key } = submission;
  if (state.isShutDown) return void out.push({ type: 'refuse', task: id, why: 'shutDown' });
  if (state.isBroken) return void out.push({ type: 'refuse', task: id, why: 'broken' });
  const begins = key === undefined ? state.queue.length === 0 && state.free.size > 0 : false;
  if (!begins && !isBounded && state.waiting >= state.options.queueLimit) return void out.push({ type: 'refuse', task: id, why: 'full' });
  const task = record(submission, key === undefined ? undefined : laneOf(state, key), false);
  state.tasks.set(id, task);
  const { lane } = task;
  state.waiting++;
  if (lane === undefined) enqueue(state, task, 'back', out);
  else if (lane.head === undefined) {
    lane.head = task;
    enqueue(state, task, 'back', out);
  } else {
    task.queue = lane.behind;
    lane.behind.push(task);
  }
  startFor(state, out);
}

function record(submission: Submission, lane: TaskRecord['lane'], isPinned: boolean): TaskRecord {
  return {
    id: submission.task,
    priority: submission.priority ?? 0,
    lane,
    weight: submission.weight ?? 1,
    isPinned,
    retriesLeft: submission.retries ?? 0,
    worker: undefined,
    queue: undefined,
    interrupted: 'no',
    previous: undefined,
    next: undefined,
  };
}

function broadcast(state: SchedulerState, ids: readonly TaskId[], out: Instruction[]): void {
  const why = state.isShutDown ? 'shutDown' : canStart(state) || state.active >= ids.length ? undefined : 'broken';
  if (why !== undefined) {
    for (const task of ids) out.push({ type: 'refuse', task, why });
    return;
  }
  const targets = [...state.workers.values()].filter(({ state: is }) => is === 'starting' || is === 'ready');
  for (const [i, id] of ids.entries()) {
    const worker = targets[i] ?? start(state, out);
    const task = record({ task: id, weight: 0 }, undefined, true);
    state.tasks.set(id, task);
    state.waiting++;
    pin(state, task, worker, out);
  }
}

/** Lets it wait for this worker. */
function pin(state: SchedulerState, task: TaskRecord, worker: WorkerRecord, out: Instruction[]): void {
  task.queue = worker.own;
  worker.own.push(task);
  feedOwn(state, worker, out);
}

/** Lets it wait where it may run, or run at once. */
function enqueue(state: SchedulerState, task: TaskRecord, where: 'back' | 'front', out: Instruction[]): void {
  const worker = task.lane?.worker;
  const queue = worker === undefined ? state.queue : worker.own;
  task.queue = queue;
  if (where === 'back') queue.push(task);
  else queue.pushFront(task);
  if (worker === undefined) feed(state, out);
  else feedOwn(state, worker, out);
}

// ---- tasks are given to workers

/** Gives what waits to those that are free. */
function feed(state: SchedulerState, out: Instruction[]): void {
  while (state.queue.length > 0) {
    const worker = pick(state, state.queue.first!);
    if (worker === undefined) return;
    dispatch(state, state.queue.first!, worker, out);
  }
}

function feedOwn(state: SchedulerState, worker: WorkerRecord, out: Instruction[]): void {
  while (worker.own.length > 0 && state.free.has(worker)) dispatch(state, worker.own.first!, worker, out);
}

/** A worker can take more: what only it may run and what all may run compete by priority, then by age. */
function feedFreed(state: SchedulerState, worker: WorkerRecord, out: Instruction[]): void {
  while (state.free.has(worker)) {
    const own = worker.own.first;
    const any = state.queue.first;
    const next = own === undefined || (any !== undefined && isBefore(any, own)) ? any : own;
    if (next === undefined) return;
    dispatch(state, next, worker, out);
  }
}

function isBefore(a: TaskRecord, b: TaskRecord): boolean {
  return a.priority === b.priority ? a.id < b.id : a.priority > b.priority;
}

/** The free worker with the fewest tasks; for the first task of a key, the one with the fewest keys. */
function pick(state: SchedulerState, task: TaskRecord): WorkerRecord | undefined {
  let best: WorkerRecord | undefined;
  for (const worker of state.free) {
    if (task.lane === undefined ? worker.tasks.size === 0 : worker.lanes.size === 0) return worker;
    if (best === undefined || load(worker, task) < load(best, task)) best = worker;
  }
  return best;
}

const load = (worker: WorkerRecord, task: TaskRecord): number => (task.lane === undefined ? worker.tasks.size : worker.lanes.size);

function dispatch(state: SchedulerState, task: TaskRecord, worker: WorkerRecord, out: Instruction[]): void {
  task.queue!.remove(task);
  task.queue = undefined;
  state.waiting--;
  task.worker = worker;
  worker.tasks.add(task);
  worker.used += task.weight;
  if (task.lane !== undefined) bind(task.lane, worker);
  out.push({ type: 'dispatch', task: task.id, worker: worker.id });
  if (worker.used >= state.options.maxTasksPerChild) beginRetiring(state, worker, out);
  else if (worker.tasks.size >= state.options.tasksPerWorker) state.free.delete(worker);
}

// ---- tasks go

function taskEnded(state: SchedulerState, id: TaskId, again: boolean, out: Instruction[]): void {
  const task = state.tasks.get(id);
  const worker = task?.worker;
  if (task === undefined || worker === undefined) return;
  worker.tasks.delete(task);
  const { interrupted } = task;
  if (interrupted !== 'forGood' && again && mayRetry(state, task)) waitAgain(state, task, 'retry', out);
  else {
    leave(state, task, out);
    if (interrupted === 'forGood') out.push({ type: 'release', task: id });
    else if (again) out.push({ type: 'settle', task: id });
  }
  freed(state, worker, out);
  windDown(state, out);
}

function mayRetry(state: SchedulerState, task: TaskRecord): boolean {
  return task.retriesLeft > 0 && !state.isCancelled;
}

/** It waits once more, before its equals. */
function waitAgain(state: SchedulerState, task: TaskRecord, why: 'retry' | 'requeue', out: Instruction[]): void {
  if (why === 'retry') {
    task.retriesLeft--;
    task.interrupted = 'no';
  }
  task.worker = undefined;
  state.waiting++;
  out.push({ type: why, task: task.id });
  enqueue(state, task, 'front', out);
}

/** It is gone; the next of its key may begin. */
function leave(state: SchedulerState, task: TaskRecord, out: Instruction[]): void {
  state.tasks.delete(task.id);
  const { lane } = task;
  if (lane === undefined || lane.head !== task) return;
  lane.head = lane.behind.shift();
  if (lane.head !== undefined) enqueue(state, lane.head, 'back', out);
}

function freed(state: SchedulerState, worker: WorkerRecord, out: Instruction[]): void {
  if (worker.state === 'ready' && worker.tasks.size < state.options.tasksPerWorker) {
    state.free.add(worker);
    feedFreed(state, worker, out);
  } else if (worker.state === 'retiring' && worker.tasks.size === 0) {
    dismiss(state, worker, worker.farewell, out);
    startFor(state, out);
  }
}

function cancel(state: SchedulerState, id: TaskId, out: Instruction[]): void {
  const task = state.tasks.get(id);
  if (task === undefined || task.worker !== undefined) return;
  drop(state, task, 'cancelled', out);
  windDown(state, out);
}

/** Takes one that waits out. */
function drop(state: SchedulerState, task: TaskRecord, type: 'cancelled' | 'aborted' | 'fail', out: Instruction[]): void {
  task.queue!.remove(task);
  task.queue = undefined;
  state.waiting--;
  out.push({ type, task: task.id });
  leave(state, task, out);
}

function dropAll(state: SchedulerState, type: 'cancelled' | 'fail', out: Instruction[]): void {
  for (const task of state.tasks.values()) {
    if (task.worker !== undefined || task.queue === undefined) continue;
    // Those behind it are about to be dropped as well: they must not begin when it leaves.
    task.queue.remove(task);
    task.queue = undefined;
    state.waiting--;
    state.tasks.delete(task.id);
    if (task.lane?.head === task) task.lane.head = undefined;
    out.push({ type, task: task.id });
  }
}

function abort(state: SchedulerState, id: TaskId, again: boolean, out: Instruction[]): void {
  const task = state.tasks.get(id);
  if (task === undefined) return;
  if (task.worker === undefined) {
    drop(state, task, 'aborted', out);
    return windDown(state, out);
  }
  if (task.interrupted === 'forGood') return;
  const isFinal = !again || !mayRetry(state, task);
  // Told twice: first that it took too long, then that it is not wanted any more.
  const isNews = task.interrupted === 'no' || isFinal;
  task.interrupted = isFinal ? 'forGood' : 'forRetry';
  if (isNews) out.push({ type: 'interrupt', task: id, worker: task.worker.id, isFinal });
}

function graceOver(state: SchedulerState, id: TaskId, isResponsive: boolean, out: Instruction[]): void {
  const task = state.tasks.get(id);
  const worker = task?.worker;
  if (task === undefined || worker === undefined || worker.state === 'stopping') return;
  worker.farewell = 'kill';
  if (isResponsive && othersAtWork(worker, task)) return beginRetiring(state, worker, out);
  dismiss(state, worker, 'kill', out);
  startFor(state, out);
}

/** Whether it has other tasks that nobody interrupted. (A chunk whose item takes too long is not interrupted as a whole.) */
function othersAtWork(worker: WorkerRecord, overdue: TaskRecord): boolean {
  for (const task of worker.tasks) if (task !== overdue && task.interrupted === 'no') return true;
  return false;
}

// ---- workers

function workerStarted(state: SchedulerState, id: WorkerId, out: Instruction[]): void {
  const worker = state.workers.get(id);
  if (worker === undefined || worker.state !== 'starting') return;
  worker.state = 'ready';
  state.failedStarts = 0;
  state.free.add(worker);
  feedFreed(state, worker, out);
  windDown(state, out);
}

function workerLost(state: SchedulerState, id: WorkerId, notBegun: readonly TaskId[], isHopeless: boolean, out: Instruction[]): void {
  const worker = state.workers.get(id);
  if (worker === undefined) return;
  if (worker.state === 'starting') state.failedStarts = isHopeless ? state.options.maxFailedStarts : state.failedStarts + 1;
  state.workers.delete(id);
  const pinned = expel(state, worker, out);
  const untouched = new Set(notBegun);
  // The last one first: each goes before its equals.
  for (const task of [...worker.tasks].reverse()) {
    const { interrupted } = task;
    if (interrupted !== 'no') {
      if (interrupted === 'forRetry' && mayRetry(state, task)) waitAgain(state, task, 'retry', out);
      else {
        leave(state, task, out);
        out.push({ type: interrupted === 'forGood' ? 'release' : 'settle', task: task.id });
      }
    } else if (untouched.has(task.id) && !state.isCancelled) {
      if (task.isPinned) pinned.push(task);
      else waitAgain(state, task, 'requeue', out);
    } else if (mayRetry(state, task)) waitAgain(state, task, 'retry', out);
    else {
      leave(state, task, out);
      out.push({ type: untouched.has(task.id) ? 'cancelled' : 'lose', task: task.id });
    }
  }
  replace(state, pinned, out);
  // A worker that was never used is not replaced for nothing: it might be the start that ends it.
  startFor(state, out, 0, worker.used > 0);
  if (!canStart(state)) breakDown(state, out);
  windDown(state, out);
}

/** It counts no more. Returns what was meant for just this worker. */
function expel(state: SchedulerState, worker: WorkerRecord, out: Instruction[]): TaskRecord[] {
  state.free.delete(worker);
  if (worker.state !== 'stopping') state.active--;
  worker.state = 'stopping';
  return unburden(state, worker, out);
}

/** What waited for it alone waits for all. Returns what was meant for just this worker. */
function unburden(state: SchedulerState, worker: WorkerRecord, out: Instruction[]): TaskRecord[] {
  for (const lane of worker.lanes) bind(lane, undefined);
  const pinned: TaskRecord[] = [];
  // The last one first: each goes before its equals.
  for (const task of [...worker.own].reverse()) {
    worker.own.remove(task);
    if (task.isPinned) pinned.push(task);
    else enqueue(state, task, 'front', out);
  }
  return pinned.reverse();
}

/** What was meant for a worker that is no more goes to the one that takes its place. */
function replace(state: SchedulerState, pinned: readonly TaskRecord[], out: Instruction[]): void {
  if (pinned.length === 0) return;
  if (!canStart(state)) {
    for (const task of pinned) {
      if (task.worker === undefined) state.waiting--;
      state.tasks.delete(task.id);
      out.push({ type: 'fail', task: task.id });
    }
    return;
  }
  const worker = start(state, out);
  for (const task of pinned) {
    if (task.worker !== undefined) {
      task.worker = undefined;
      state.waiting++;
      out.push({ type: 'requeue', task: task.id });
    }
    pin(state, task, worker, out);
  }
}

/** No more workers are started. Those that there are go on with what waits; without any, what waits fails. */
function breakDown(state: SchedulerState, out: Instruction[]): void {
  if (state.active > 0) return;
  state.isBroken = true;
  dropAll(state, 'fail', out);
}

/** Lets it stop when it has done what it has. */
function retire(state: SchedulerState, id: WorkerId, out: Instruction[]): void {
  const worker = state.workers.get(id);
  if (worker?.state !== 'ready') return;
  beginRetiring(state, worker, out);
  if (worker.tasks.size > 0) return;
  dismiss(state, worker, worker.farewell, out);
  startFor(state, out);
  windDown(state, out);
}

/** No more tasks for it; those that waited for it alone go elsewhere. */
function beginRetiring(state: SchedulerState, worker: WorkerRecord, out: Instruction[]): void {
  if (worker.state !== 'ready') return;
  state.free.delete(worker);
  worker.state = 'retiring';
  replace(state, unburden(state, worker, out), out);
}

function idleOver(state: SchedulerState, id: WorkerId, out: Instruction[]): void {
  const worker = state.workers.get(id);
  if (worker?.state !== 'ready' || worker.tasks.size > 0 || state.active <= state.options.minWorkers) return;
  dismiss(state, worker, 'stop', out);
}

/** Tells it to end. It counts no more; its place may be taken. */
function dismiss(state: SchedulerState, worker: WorkerRecord, how: 'stop' | 'kill', out: Instruction[]): void {
  if (worker.state === 'stopping') {
    if (how === 'kill') out.push({ type: 'kill', worker: worker.id });
    return;
  }
  const pinned = expel(state, worker, out);
  out.push({ type: how, worker: worker.id });
  replace(state, pinned, out);
}

/**
 * Starts workers until each task that waits for any of them has one on the way, and `minWorkers` are there, as far as
 * `maxWorkers` goes.
 *
 * @param coming tasks that will wait soon
 */
function startFor(state: SchedulerState, out: Instruction[], coming: number = 0, keepMinimum: boolean = true): void {
  const { maxWorkers, minWorkers, tasksPerWorker } = state.options;
  if (state.active >= maxWorkers || !canStart(state)) return;
  const wanted = state.queue.length + coming;
  if (wanted > 0) {
    let onTheWay = 0;
    for (const worker of state.workers.values())
      if (worker.state === 'starting') onTheWay += Math.max(0, tasksPerWorker - worker.own.length);
      else if (worker.state === 'ready') onTheWay += tasksPerWorker - worker.tasks.size;
    for (; onTheWay < wanted && state.active < maxWorkers; onTheWay += tasksPerWorker) start(state, out);
  }
  if (keepMinimum && !state.isShutDown) while (state.active < Math.min(minWorkers, maxWorkers)) start(state, out);
}

function start(state: SchedulerState, out: Instruction[]): WorkerRecord {
  const worker: WorkerRecord = {
    id: state.nextWorker++,
    state: 'starting',
    tasks: new Set(),
    own: new TaskQueue(),
    lanes: new Set(),
    used: 0,
    farewell: 'stop',
  };
  state.workers.set(worker.id, worker);
  state.active++;
  out.push({ type: 'start', worker: worker.id });
  return worker;
}

// ---- the end

function shutDown(state: SchedulerState, cancelFutures: boolean, out: Instruction[]): void {
  state.isShutDown = true;
  if (cancelFutures) {
    state.isCancelled = true;
    dropAll(state, 'cancelled', out);
  }
  windDown(state, out);
}

/** After shutdown: workers that have nothing to do end; the last one ends it all. */
function windDown(state: SchedulerState, out: Instruction[]): void {
  if (!state.isShutDown || state.isFinished || state.waiting > 0) return;
  for (const worker of state.workers.values()) {
    if (worker.state !== 'stopping' && worker.tasks.size === 0) dismiss(state, worker, 'stop', out);
  }
  if (state.workers.size > 0) return;
  state.isFinished = true;
  out.push({ type: 'finished' });
}
