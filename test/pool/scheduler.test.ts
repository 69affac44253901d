import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Instruction, type SchedulerEvent, type SchedulerOptions, createState, hasRoom, step } from '#dist/pool/scheduler.js';

const defaults: SchedulerOptions = { maxWorkers: 2, tasksPerWorker: 1, queueLimit: Infinity, maxFailedStarts: 3 };
const rounds = process.env['HEDDLE_LONG'] === undefined ? 300 : 20_000;

function play(options: Partial<SchedulerOptions>, ...events: SchedulerEvent[]): Instruction[][] {
  const state = createState({ ...defaults, ...options });
  return events.map((event) => step(state, event));
}

const submit = (task: number): SchedulerEvent => ({ type: 'submit', task });
const started = (worker: number): SchedulerEvent => ({ type: 'workerStarted', worker });
const settled = (task: number): SchedulerEvent => ({ type: 'taskSettled', task });
const lost = (worker: number, ...notBegun: number[]): SchedulerEvent => ({ type: 'workerLost', worker, notBegun });
const shutdown = (cancelFutures = false): SchedulerEvent => ({ type: 'shutdown', cancelFutures });

test('a worker is started before there is work, or twice for one task', () => {
  assert.deepEqual(play({}, { type: 'announce' }, submit(1), started(1)), [
    [{ type: 'start', worker: 1 }],
    [],
    [{ type: 'dispatch', task: 1, worker: 1 }],
  ]);
});

test('a task waits while another worker may be started', () => {
  assert.deepEqual(play({}, submit(1), submit(2), submit(3)), [[{ type: 'start', worker: 1 }], [{ type: 'start', worker: 2 }], []]);
});

test('a worker that is already on its way is not counted for a burst', () => {
  const out = play({ maxWorkers: 8, tasksPerWorker: 4 }, submit(1), submit(2), submit(3), submit(4), submit(5));
  assert.equal(out.flat().filter((i) => i.type === 'start').length, 2);
});

test('tasks overtake each other', () => {
  const out = play({ maxWorkers: 1 }, submit(1), submit(2), submit(3), started(1), settled(1), settled(2)).flat();
  assert.deepEqual(
    out.filter((i) => i.type === 'dispatch').map((i) => i.task),
    [1, 2, 3],
  );
});

test('the task of a lost worker hangs, or its neighbours go with it', () => {
  const out = play({}, submit(1), submit(2), submit(3), started(1), started(2), lost(1));
  assert.deepEqual(out[5], [
    { type: 'lose', task: 1, worker: 1 },
    { type: 'start', worker: 3 },
  ]);
});

test('a task that its lost worker had not begun is lost, or loses its turn', () => {
  const out = play({ maxWorkers: 1, tasksPerWorker: 2 }, submit(1), submit(2), submit(3), started(1), lost(1, 2), started(2));
  assert.deepEqual(out[4], [
    { type: 'lose', task: 1, worker: 1 },
    { type: 'requeue', task: 2 },
    { type: 'start', worker: 2 },
  ]);
  assert.deepEqual(out[5], [
    { type: 'dispatch', task: 2, worker: 2 },
    { type: 'dispatch', task: 3, worker: 2 },
  ]);
});

test('a pool whose workers cannot start tries for ever', () => {
  const out = play({ maxWorkers: 1 }, submit(1), lost(1), lost(2), lost(3), submit(2));
  assert.deepEqual(out, [
    [{ type: 'start', worker: 1 }],
    [{ type: 'start', worker: 2 }],
    [{ type: 'start', worker: 3 }],
    [{ type: 'fail', task: 1 }],
    [{ type: 'refuse', task: 2, why: 'broken' }],
  ]);
});

test('failed starts break a pool that has a good worker', () => {
  const out = play({}, submit(1), submit(2), started(1), lost(2), lost(3), lost(4), settled(1), settled(2));
  assert.ok(!out.flat().some((i) => i.type === 'fail'));
  assert.deepEqual(out[6], [{ type: 'dispatch', task: 2, worker: 1 }]);
});

test('a full queue takes one more task, or refuses one that could run', () => {
  const out = play({ maxWorkers: 1, queueLimit: 1 }, submit(1), started(1), submit(2), submit(3));
  assert.deepEqual(out[3], [{ type: 'refuse', task: 3, why: 'full' }]);
});

test('shutdown drops what waits, or never ends', () => {
  const out = play({ maxWorkers: 1 }, submit(1), submit(2), started(1), shutdown(), settled(1), submit(3), settled(2), lost(1));
  assert.deepEqual(out.slice(3), [
    [],
    [{ type: 'dispatch', task: 2, worker: 1 }],
    [{ type: 'refuse', task: 3, why: 'shutDown' }],
    [{ type: 'stop', worker: 1 }],
    [{ type: 'finished' }],
  ]);
});

test('shutdown with cancelFutures runs what waits', () => {
  const out = play({ maxWorkers: 1 }, submit(1), submit(2), started(1), shutdown(true));
  assert.deepEqual(out[3], [{ type: 'cancelled', task: 2 }]);
});

test('an unused pool cannot be shut down, or ends twice', () => {
  assert.deepEqual(play({}, shutdown(), shutdown()), [[{ type: 'finished' }], []]);
});

test('a hundred thousand waiting tasks make each step slow', () => {
  const state = createState({ ...defaults, maxWorkers: 1 });
  for (let i = 1; i <= 100_000; i++) step(state, submit(i));
  for (let i = 50_001; i <= 100_000; i++) step(state, { type: 'cancel', task: i });
  step(state, started(1));
  for (let i = 1; i < 50_000; i++) assert.deepEqual(step(state, settled(i)), [{ type: 'dispatch', task: i + 1, worker: 1 }]);
});

/** What a pool would do: it carries out instructions at random moments and checks each against what it knows. */
class Pool {
  readonly state;
  readonly waiting: Set<number> = new Set();
  readonly running: Map<number, number> = new Map();
  readonly settled: Set<number> = new Set();
  readonly starting: Set<number> = new Set();
  readonly ready: Set<number> = new Set();
  readonly stopping: Set<number> = new Set();
  isShutDown = false;
  isFinished = false;
  isBroken = false;
  readonly options: SchedulerOptions;

  constructor(options: SchedulerOptions) {
    this.options = options;
    this.state = createState(options);
  }

  settle(task: number): void {
    assert.ok(!this.settled.has(task), `task ${task} settles twice`);
    this.settled.add(task);
    this.waiting.delete(task);
    this.running.delete(task);
  }

  load(worker: number): number {
    return [...this.running.values()].filter((w) => w === worker).length;
  }

  handle(event: SchedulerEvent): void {
    for (const i of step(this.state, event)) {
      assert.ok(!this.isFinished || i.type === 'refuse', 'something happens after the end');
      switch (i.type) {
        case 'start':
          assert.ok(this.starting.size + this.ready.size + this.stopping.size < this.options.maxWorkers);
          this.starting.add(i.worker);
          break;
        case 'dispatch':
          assert.ok(this.ready.has(i.worker), 'a task for a worker that cannot take it');
          assert.ok(this.waiting.has(i.task));
          assert.ok(this.load(i.worker) < this.options.tasksPerWorker, 'too many tasks for a worker');
          this.waiting.delete(i.task);
          this.running.set(i.task, i.worker);
          break;
        case 'requeue':
          this.running.delete(i.task);
          this.waiting.add(i.task);
          break;
        case 'lose':
          assert.equal(this.running.get(i.task), i.worker);
          this.settle(i.task);
          break;
        case 'refuse':
        case 'cancelled':
        case 'fail':
          assert.ok(this.waiting.has(i.task), 'a task that runs is taken back');
          this.isBroken ||= i.type === 'fail';
          this.settle(i.task);
          break;
        case 'stop':
          assert.ok(this.isShutDown);
          this.starting.delete(i.worker);
          this.ready.delete(i.worker);
          this.stopping.add(i.worker);
          break;
        case 'finished':
          this.isFinished = true;
          break;
      }
    }
    this.check();
  }

  check(): void {
    const isIdle = [...this.ready].some((worker) => this.load(worker) < this.options.tasksPerWorker);
    assert.ok(this.waiting.size === 0 || !isIdle, 'a task waits while a worker is free');
    const onTheWay = this.starting.size * this.options.tasksPerWorker;
    const mayStart =
      this.starting.size + this.ready.size + this.stopping.size < this.options.maxWorkers &&
      this.state.failedStarts < this.options.maxFailedStarts;
    assert.ok(this.waiting.size <= onTheWay || !mayStart, 'a task waits while a worker may be started');
    if (this.waiting.size > 0) assert.ok(this.starting.size + this.ready.size > 0, 'a task waits and nobody will ever run it');
    if (this.isShutDown && this.waiting.size + this.running.size === 0)
      assert.ok(this.isFinished || this.starting.size + this.ready.size === 0);
    assert.ok(!hasRoom(this.state) || (this.waiting.size === 0 && !this.isShutDown));
  }
}

test('some order of events loses a task, settles it twice, overloads a worker or never ends', () => {
  const options = fc.record({
    maxWorkers: fc.integer({ min: 1, max: 4 }),
    tasksPerWorker: fc.integer({ min: 1, max: 3 }),
    queueLimit: fc.constantFrom(Infinity, 2),
    maxFailedStarts: fc.constant(3),
  });
  const move = fc.record({
    what: fc.constantFrom(
      'submit',
      'submit',
      'submit',
      'started',
      'settled',
      'settled',
      'cancel',
      'lost',
      'announce',
      'shutdown',
      'cancelAll',
    ),
    which: fc.nat(),
  });
  fc.assert(
    fc.property(options, fc.array(move, { maxLength: 120 }), (given, moves) => {
      const pool = new Pool(given);
      let next = 1;
      const oneOf = <T>(set: Iterable<T>, which: number): T | undefined => {
        const list = [...set];
        return list[which % Math.max(1, list.length)];
      };
      const lose = (worker: number, which: number): void => {
        for (const set of [pool.starting, pool.ready, pool.stopping]) set.delete(worker);
        const notBegun = [...pool.running].filter(([task, w]) => w === worker && (task + which) % 2 === 0).map(([task]) => task);
        pool.handle({ type: 'workerLost', worker, notBegun });
      };
      for (const { what, which } of moves) {
        const starting = oneOf(pool.starting, which);
        const task = oneOf(pool.running.keys(), which);
        if (what === 'announce') pool.handle({ type: 'announce' });
        if (what === 'submit') {
          pool.waiting.add(next);
          pool.handle(submit(next++));
        }
        if (what === 'started' && starting !== undefined) {
          pool.starting.delete(starting);
          pool.ready.add(starting);
          pool.handle(started(starting));
        }
        if (what === 'settled' && task !== undefined) {
          pool.settle(task);
          pool.handle(settled(task));
        }
        if (what === 'cancel') {
          const any = next === 1 ? 0 : 1 + (which % next);
          const isWaiting = pool.waiting.has(any);
          pool.handle({ type: 'cancel', task: any });
          assert.equal(isWaiting, isWaiting && pool.settled.has(any), 'a waiting task cannot be cancelled');
        }
        if (what === 'lost') {
          const worker = oneOf([...pool.starting, ...pool.ready, ...pool.stopping], which);
          if (worker !== undefined) lose(worker, which);
        }
        if ((what === 'shutdown' || what === 'cancelAll') && which % 4 === 0) {
          pool.isShutDown = true;
          pool.handle(shutdown(what === 'cancelAll'));
        }
      }
      // Whatever happened: from here on everything goes well, and must come to its end.
      pool.isShutDown = true;
      pool.handle(shutdown());
      for (let turn = 0; !pool.isFinished; turn++) {
        assert.ok(turn < 1000, 'it never ends');
        for (const worker of pool.starting) {
          if (!pool.starting.delete(worker)) continue;
          pool.ready.add(worker);
          pool.handle(started(worker));
        }
        for (const task of pool.running.keys()) {
          pool.settle(task);
          pool.handle(settled(task));
        }
        for (const worker of pool.stopping) lose(worker, 0);
      }
      assert.equal(pool.settled.size, next - 1, 'a task never settled');
    }),
    { numRuns: rounds },
  );
});
