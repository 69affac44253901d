import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SchedulerOptions, createState, hasRoom } from '#src/pool/scheduler/index.js';
import { type Instruction, type SchedulerEvent, step } from './scheduler-by-ids.ts';
import { World, defaults } from './scheduler-world.ts';

/** The instructions, written short: `dispatch 3 1` is task 3 to worker 1. */
function play(options: Partial<SchedulerOptions>, ...events: SchedulerEvent[]): string[] {
  const state = createState({ ...defaults, ...options });
  // The handlers of ended tasks do nothing: the pool winds down at once.
  return events.map((event) => [event, windDown].flatMap((each) => step(state, each).map(short)).join(', '));
}

const windDown: SchedulerEvent = { type: 'windDown' };

function short(instruction: Instruction): string {
  const { type, ...rest } = instruction;
  return [type, ...Object.values(rest)].join(' ');
}

const submit = (task: number, more: Partial<Extract<SchedulerEvent, { type: 'submit' }>> = {}): SchedulerEvent => ({
  type: 'submit',
  task,
  ...more,
});
const started = (worker: number): SchedulerEvent => ({ type: 'workerStarted', worker });
const ended = (task: number, again: boolean = false): SchedulerEvent => ({ type: 'taskEnded', task, again });
const lost = (worker: number, ...notBegun: number[]): SchedulerEvent => ({ type: 'workerLost', worker, notBegun });
const abort = (task: number, again: boolean = false): SchedulerEvent => ({ type: 'abort', task, again });
const graceOver = (task: number, isResponsive: boolean): SchedulerEvent => ({ type: 'graceOver', task, isResponsive });
const broadcast = (...tasks: number[]): SchedulerEvent => ({ type: 'broadcast', tasks });
const shutdown = (cancelFutures: boolean = false): SchedulerEvent => ({ type: 'shutdown', cancelFutures });

// ---- workers start

test('a worker is started when there is work, once for one task', () => {
  assert.deepEqual(play({}, { type: 'announce' }, submit(1), started(1)), ['start 1', '', 'dispatch 1 1']);
});

test('a task does not wait while another worker may be started', () => {
  assert.deepEqual(play({}, submit(1), submit(2), submit(3)), ['start 1', 'start 2', '']);
});

test('a worker that is already on its way counts for a burst', () => {
  const out = play({ maxWorkers: 8, tasksPerWorker: 4 }, submit(1), submit(2), submit(3), submit(4), submit(5));
  assert.deepEqual(out, ['start 1', '', '', '', 'start 2']);
});

test('a worker that will be replaced after one task counts for one', () => {
  const out = play({ maxWorkers: 4, tasksPerWorker: 4, maxTasksPerChild: 1 }, submit(1), submit(2), started(1), started(2));
  assert.deepEqual(out, ['start 1', 'start 2', 'dispatch 1 1', 'dispatch 2 2']);
});

test('a task does not wait behind a heavy one whose worker takes no more', () => {
  const out = play({ tasksPerWorker: 2, maxTasksPerChild: 2 }, submit(1, { weight: 2 }), submit(2), started(1));
  assert.deepEqual(out, ['start 1', '', 'dispatch 1 1, start 2']);
});

test('a worker whose own pools work is not idle, is kept, and makes no room for another', () => {
  const poolsWork = (worker: number, doWork: boolean): SchedulerEvent => ({ type: 'poolsWork', worker, doWork });
  const idle = play({}, submit(1), started(1), poolsWork(1, true), ended(1), { type: 'idleOver', worker: 1 }, submit(2));
  assert.deepEqual(idle, ['start 1', 'dispatch 1 1', '', '', '', 'dispatch 2 1']);
  const one = { maxWorkers: 1, maxTasksPerChild: 1 };
  const replaced = play(one, submit(1), started(1), submit(2), poolsWork(1, true), ended(1), poolsWork(1, false), lost(1));
  assert.deepEqual(replaced, ['start 1', 'dispatch 1 1', '', '', '', 'stop 1, start 2', '']);
  const retired = play({}, { type: 'announce' }, started(1), poolsWork(1, true), { type: 'retire', worker: 1 }, poolsWork(1, false));
  assert.deepEqual(retired, ['start 1', '', '', '', 'stop 1']);
  const shut = play(one, submit(1), started(1), poolsWork(1, true), ended(1), shutdown());
  assert.deepEqual(shut, ['start 1', 'dispatch 1 1', '', '', 'stop 1']);
});

test('minWorkers are started, and kept', () => {
  const out = play({ maxWorkers: 3, minWorkers: 2 }, { type: 'open' }, started(1), started(2), { type: 'idleOver', worker: 1 });
  assert.deepEqual(out, ['start 1, start 2', '', '', '']);
  const used = play({ minWorkers: 1 }, { type: 'open' }, started(1), submit(1), lost(1));
  assert.deepEqual(used, ['start 1', '', 'dispatch 1 1', 'lose 1, start 2']);
});

test('a worker that dies whenever it has started is not replaced without end', () => {
  const out = play({ minWorkers: 1 }, { type: 'open' }, started(1), lost(1), submit(1));
  assert.deepEqual(out, ['start 1', '', '', 'start 2']);
});

test('an idle worker is stopped, and a busy one kept', () => {
  const idle = (worker: number): SchedulerEvent => ({ type: 'idleOver', worker });
  const out = play({}, submit(1), submit(2), started(1), started(2), ended(1), idle(1), idle(2));
  assert.deepEqual(out.slice(5), ['stop 1', '']);
});

// ---- order

test('tasks keep their order', () => {
  const out = play({ maxWorkers: 1 }, submit(1), submit(2), submit(3), started(1), ended(1), ended(2));
  assert.deepEqual(out.slice(3), ['dispatch 1 1', 'dispatch 2 1', 'dispatch 3 1']);
});

test('a task of higher priority goes before others', () => {
  const out = play({ maxWorkers: 1 }, submit(1), submit(2, { priority: -1 }), submit(3, { priority: 5 }), started(1), ended(3), ended(1));
  assert.deepEqual(out.slice(3), ['dispatch 3 1', 'dispatch 1 1', 'dispatch 2 1']);
});

test('a task that is tried again goes before its equals', () => {
  const out = play({ maxWorkers: 1 }, submit(1, { retries: 1 }), submit(2), started(1), ended(1, true), ended(1, true));
  assert.deepEqual(out.slice(3), ['retry 1, dispatch 1 1', 'settle 1, dispatch 2 1']);
});

test('a hundred thousand waiting tasks do not make steps slow', () => {
  const state = createState({ ...defaults, maxWorkers: 1 });
  for (let i = 1; i <= 100_000; i++) step(state, submit(i));
  for (let i = 50_001; i <= 100_000; i++) step(state, { type: 'cancel', task: i });
  step(state, started(1));
  for (let i = 1; i < 50_000; i++) assert.equal(step(state, ended(i)).map(short).join(', '), `dispatch ${i + 1} 1`);
});

// ---- keys

test('tasks of one key run one at a time, in one worker', () => {
  const key = 'a';
  const out = play({}, submit(1, { key }), submit(2, { key }), submit(3), started(1), started(2), ended(3), ended(1));
  assert.deepEqual(out, ['start 1', '', 'start 2', 'dispatch 1 1', 'dispatch 3 2', '', 'dispatch 2 1']);
});

test('a key does not wait for a worker that is no more', () => {
  const key = 7;
  const out = play({}, submit(1, { key }), submit(2, { key }), started(1), lost(1), started(2));
  assert.deepEqual(out.slice(3), ['lose 1, start 2', 'dispatch 2 2']);
});

test('of two keys the one of higher priority takes the place of their lost worker', () => {
  const a = { key: 'a', priority: 5 };
  const b = { key: 'b' };
  const events = [submit(1, a), started(1), ended(1), submit(2, b), ended(2), submit(3), submit(4), started(2), submit(5, a), submit(6, b)];
  const out = play({}, ...events, ended(4), lost(1));
  assert.equal(out.at(-1), 'lose 3, dispatch 5 2, start 3');
});

test('keys whose worker was lost keep their order', () => {
  const [a, b] = [{ key: 'a' }, { key: 'b' }];
  const events = [submit(1, a), started(1), ended(1), submit(2, b), ended(2), submit(3), submit(4), started(2), submit(5, a), submit(6, b)];
  assert.equal(play({}, ...events, ended(4), lost(1)).at(-1), 'lose 3, dispatch 5 2, start 3');
});

test('a full queue accepts a task whose key has a free worker', () => {
  const events = [submit(1, { key: 'a' }), started(1), submit(2), started(2), submit(3, { key: 'a' }), ended(2), submit(4, { key: 'b' })];
  assert.deepEqual(play({ queueLimit: 1 }, ...events, submit(5, { key: 'a' })).slice(-2), ['dispatch 4 2', 'refuse 5 full']);
});

// ---- workers are lost

test('the task of a lost worker settles, and its neighbours go on', () => {
  assert.equal(play({}, submit(1), submit(2), submit(3), started(1), started(2), lost(1)).at(-1), 'lose 1, start 3');
});

test('a task that its lost worker had not begun runs, in its turn', () => {
  const out = play({ maxWorkers: 1, tasksPerWorker: 2 }, submit(1), submit(2), submit(3), started(1), lost(1, 2), started(2));
  assert.deepEqual(out.slice(4), ['requeue 2, lose 1, start 2', 'dispatch 2 2, dispatch 3 2']);
});

test('a task that was begun is tried again as often as it may', () => {
  const out = play({ maxWorkers: 1 }, submit(1, { retries: 1 }), started(1), lost(1), started(2), lost(2));
  assert.deepEqual(out.slice(1), ['dispatch 1 1', 'retry 1, start 2', 'dispatch 1 2', 'lose 1']);
});

test('a pool whose workers cannot start breaks', () => {
  const out = play({ maxWorkers: 1 }, submit(1), lost(1), lost(2), lost(3), submit(2), broadcast(3));
  assert.deepEqual(out, ['start 1', 'start 2', 'start 3', 'fail 1', 'refuse 2 broken', 'refuse 3 broken']);
});

test('workers that are killed while they start break a pool after some tries', () => {
  const killed = (worker: number): SchedulerEvent => ({ type: 'workerLost', worker, notBegun: [], start: 'byChance' });
  const deaths = Array.from({ length: 100 }, (_, i) => killed(i + 1));
  const out = play({ maxWorkers: 1 }, submit(1), ...deaths).flatMap((line) => line.split(', '));
  const starts = out.filter((line) => line.startsWith('start')).length;
  assert.ok(starts > 20 && starts < 40, `${starts} starts`);
  assert.equal(out.filter((line) => line === 'fail 1').length, 1);
  const saved = play({ maxWorkers: 1 }, submit(1), ...deaths.slice(0, 10), started(11));
  assert.equal(saved.at(-1), 'dispatch 1 11');
});

test('a start that is hopeless is not tried again', () => {
  assert.deepEqual(play({}, submit(1), { type: 'workerLost', worker: 1, notBegun: [], start: 'hopeless' }), ['start 1', 'fail 1']);
});

test('failed starts do not break a pool that has a good worker', () => {
  const out = play({}, submit(1), submit(2), started(1), lost(2), lost(3), lost(4), ended(1), ended(2));
  assert.deepEqual(out.slice(3), ['start 3', 'start 4', '', 'dispatch 2 1', '']);
});

// ---- recycling

test('a worker gets at most maxTasksPerChild, and is replaced after its work', () => {
  const out = play({ maxWorkers: 1, maxTasksPerChild: 2 }, submit(1), submit(2), submit(3), started(1), ended(1), ended(2), lost(1));
  assert.deepEqual(out.slice(3), ['dispatch 1 1', 'dispatch 2 1', 'stop 1, start 2', '']);
});

test('a worker that will be replaced gets no other task', () => {
  const out = play({ maxWorkers: 1 }, submit(1), submit(2), started(1), { type: 'retire', worker: 1 }, ended(1), started(2));
  assert.deepEqual(out.slice(3), ['', 'stop 1, start 2', 'dispatch 2 2']);
});

// ---- aborts and time-outs

test('a waiting task that is aborted never runs', () => {
  assert.deepEqual(play({}, submit(1), abort(1), started(1)), ['start 1', 'aborted 1', '']);
});

test('an aborted task settles once, and is not tried again', () => {
  const out = play({}, submit(1, { retries: 3 }), started(1), abort(1), abort(1), ended(1, true));
  assert.deepEqual(out.slice(2), ['interrupt 1 1 true', '', 'release 1']);
});

test('an attempt begins after the one that took too long has ended', () => {
  const out = play({}, submit(1, { retries: 1 }), started(1), abort(1, true), graceOver(1, false), started(2), lost(1));
  assert.deepEqual(out.slice(2), ['interrupt 1 1 false', 'kill 1', '', 'retry 1, start 2']);
});

test('a stuck worker that answers is ended when it has no other tasks', () => {
  assert.equal(play({ tasksPerWorker: 2 }, submit(1), started(1), abort(1), graceOver(1, true)).at(-1), 'kill 1');
});

test('neighbours of a stuck task end by themselves, and the worker after them', () => {
  const out = play(
    { maxWorkers: 1, tasksPerWorker: 3 },
    submit(1),
    submit(2),
    started(1),
    abort(1),
    graceOver(1, true),
    submit(3),
    ended(2),
  );
  assert.deepEqual(out.slice(4), ['', '', 'kill 1, start 2']);
});

test('an attempt is not taken for stuck because the one before it was', () => {
  const retire = [submit(1, { retries: 1 }), submit(2), started(1), abort(1, true), graceOver(1, true), ended(1, true), ended(2)];
  const events = [...retire, started(2), submit(3), abort(3), graceOver(3, true)];
  const out = play({ maxWorkers: 1, tasksPerWorker: 2 }, ...events);
  assert.deepEqual(out.slice(5), ['retry 1', 'stop 1, start 2', 'dispatch 1 2', 'dispatch 3 2', 'interrupt 3 2 true', '']);
});

test('a chunk with a stuck item ends, though it was not interrupted as a whole', () => {
  assert.equal(play({}, submit(1), started(1), graceOver(1, true)).at(-1), 'kill 1');
});

test('a chunk whose stuck item ended after all is not killed when its neighbour ends', () => {
  const events = [submit(1), submit(2), started(1), graceOver(1, true), { type: 'movedOn', task: 1 } as const, ended(2), ended(1)];
  assert.deepEqual(play({ tasksPerWorker: 2 }, ...events).slice(3), ['', '', '', 'stop 1']);
});

// ---- broadcasts

test('a broadcast has each worker once', () => {
  const out = play({}, submit(1), started(1), broadcast(2, 3), started(2), ended(1));
  assert.deepEqual(out.slice(2), ['start 2', 'dispatch 3 2', 'dispatch 2 1']);
});

test('the part of a lost worker goes to its replacement', () => {
  const out = play({}, broadcast(1, 2), started(1), lost(2), started(3), lost(3, 2), started(4));
  assert.deepEqual(out, ['start 1, start 2', 'dispatch 1 1', 'start 3', 'dispatch 2 3', 'requeue 2, start 4', 'dispatch 2 4']);
});

test('a broadcast starts no worker beside the one that has replaced the lost one', () => {
  const events = [submit(1), started(1), broadcast(2), submit(3), abort(1), graceOver(1, false)];
  const out = play({ maxWorkers: 1, tasksPerWorker: 2 }, ...events, lost(1, 2));
  assert.deepEqual(out.slice(-2), ['kill 1, start 2', 'requeue 2, release 1']);
});

test('a broadcast starts no workers that cannot start', () => {
  const hopeless = { type: 'workerLost', worker: 3, notBegun: [], start: 'hopeless' } as const;
  const events = [submit(1), submit(2), started(1), started(2), broadcast(3, 4), { type: 'retire', worker: 1 } as const, hopeless];
  assert.deepEqual(play({}, ...events, broadcast(5, 6)).slice(-3), ['start 3', 'fail 3', 'refuse 5 broken, refuse 6 broken']);
});

// ---- limits and the end

test('a full queue takes no more tasks, but one that could run', () => {
  const out = play({ maxWorkers: 1, queueLimit: 1 }, submit(1), started(1), submit(2), submit(3), submit(4, { isBounded: true }));
  assert.deepEqual(out.slice(2), ['', 'refuse 3 full', '']);
});

test('there is no room while a task waits, or after the end', () => {
  const state = createState({ ...defaults, maxWorkers: 1 });
  const rooms = [submit(1), started(1), ended(1), shutdown()].map((event) => [step(state, event), hasRoom(state)][1]);
  assert.deepEqual(rooms, [false, false, true, false]);
});

test('a waiting task can be cancelled, and a running one cannot', () => {
  const cancel = (task: number): SchedulerEvent => ({ type: 'cancel', task });
  const out = play({ maxWorkers: 1 }, submit(1), submit(2), submit(3), started(1), cancel(1), cancel(2), cancel(2), ended(1));
  assert.deepEqual(out.slice(4), ['', 'cancelled 2', '', 'dispatch 3 1']);
});

test('shutdown does what waits, and ends', () => {
  const out = play({ maxWorkers: 1 }, submit(1), submit(2), started(1), shutdown(), ended(1), submit(3), ended(2), lost(1));
  assert.deepEqual(out.slice(3), ['', 'dispatch 2 1', 'refuse 3 shutDown', 'stop 1', 'finished']);
});

test('shutdown with cancelFutures cancels what waits, and tries no failed task again', () => {
  const out = play({ maxWorkers: 1 }, submit(1, { retries: 1 }), submit(2), started(1), shutdown(true), ended(1, true), lost(1));
  assert.deepEqual(out.slice(3), ['cancelled 2', 'settle 1, stop 1', 'finished']);
});

test('after a shutdown a task that is submitted again on news of a failure finds the pool open', () => {
  const state = createState({ ...defaults, maxWorkers: 1 });
  const told = [submit(1), started(1), shutdown(), ended(1), shutdown(), submit(2, { isTaken: true }), lost(1), submit(3), windDown];
  const out = told.map((event) => step(state, event).map(short).join(', '));
  assert.deepEqual(out, ['start 1', 'dispatch 1 1', '', '', '', 'dispatch 2 1', 'lose 2', 'refuse 3 shutDown', 'finished']);
  assert.deepEqual(step(state, submit(4, { isTaken: true })).map(short), ['refuse 4 shutDown']);
});

test('a task from before is not refused as new work after a cancel', () => {
  const out = play({ maxWorkers: 1 }, submit(1), started(1), shutdown(true), submit(2, { isTaken: true }), submit(3));
  assert.deepEqual(out.slice(3), ['cancelled 2', 'refuse 3 shutDown']);
});

test('an unused pool can be shut down, and ends once', () => {
  assert.deepEqual(play({}, shutdown(), shutdown(), { type: 'terminate' }), ['finished', '', '']);
});

test('terminate ends every worker, and starts no other', () => {
  const out = play({ minWorkers: 2 }, submit(1), submit(2, { retries: 1 }), submit(3), started(1), { type: 'terminate' }, lost(1), lost(2));
  assert.deepEqual(out.slice(4), ['cancelled 2, cancelled 3, kill 1, kill 2', 'lose 1', 'finished']);
});

test('a broken pool ends', () => {
  const world = new World({ maxWorkers: 1 });
  world.submit();
  for (let worker = 1; worker <= 3; worker++) world.lost(worker);
  world.windUp();
});

test('a task that fails in a worker that was killed does not wait for that worker to be gone', () => {
  const events = [submit(1), submit(2, { retries: 1 }), started(1), abort(1), graceOver(1, false), ended(2, true)];
  assert.equal(play({ maxWorkers: 1, tasksPerWorker: 2 }, ...events).at(-1), 'retry 2, start 2');
});

test('not every key that was ever used is remembered', () => {
  const state = createState(defaults);
  for (let task = 1; task <= 50_000; task++) {
    for (const out of step(state, { type: 'submit', task, key: `key ${task}` }))
      if (out.type === 'start') step(state, { type: 'workerStarted', worker: out.worker });
    step(state, { type: 'taskEnded', task });
  }
  assert.ok(state.lanes.size <= 10_001, `${state.lanes.size} are remembered`);
  assert.equal(state.tasks.size, 0);
  // In use they are kept, however many.
  for (let task = 100_001; task <= 130_000; task++) step(state, { type: 'submit', task, key: task });
  assert.ok(state.lanes.size >= 30_000);
});
