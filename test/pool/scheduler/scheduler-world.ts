/**
 * The world around a scheduler, played honestly: it does what instructions say, and checks each against what it knows. It
 * keeps its own books: of the scheduler's state only what other parts of the pool read is looked at.
 */

import assert from 'node:assert/strict';
import { type FailedStart, type Key, type SchedulerOptions, type SchedulerState, createState, hasRoom } from '#src/pool/scheduler/index.js';
import { type Instruction, type SchedulerEvent, type Submission, step, taskOf } from './scheduler-by-ids.ts';

export const defaults: SchedulerOptions = {
  maxWorkers: 2,
  minWorkers: 0,
  tasksPerWorker: 1,
  queueLimit: Infinity,
  maxTasksPerChild: Infinity,
  maxFailedStarts: 3,
};

export interface Task {
  readonly id: number;
  readonly key: Key | undefined;
  readonly priority: number;
  readonly retries: number;
  readonly weight: number;
  readonly goesAhead: boolean;
  readonly holdsRetries: boolean;
  /** The next attempt waits for `resume` or `giveUp`. */
  isHeld: boolean;
  /** The workers that had a task of its broadcast. */
  readonly group: Set<number> | undefined;
  /** `ahead`: it waits at its worker. `over`: the attempt is, and the scheduler has to say what becomes of the task. */
  status: 'new' | 'waiting' | 'ahead' | 'running' | 'over' | 'gone';
  isSettled: boolean;
  /** The order among equal priorities. */
  turn: number;
  attempts: number;
  /** Counts dispatches. */
  dispatched: number;
  worker: number | undefined;
  interrupted: 'no' | 'forRetry' | 'forGood';
  /** The task had time to stop, and has not. */
  isStuck: boolean;
  /** The host asked it back, and heard that it had begun. */
  isKnown: boolean;
  /** The task was sent ahead, and the host took it for begun when there was room. */
  hasLanded: boolean;
  /** The worker was lost before it began. */
  isUntouched: boolean;
}

export interface Worker {
  readonly id: number;
  phase: 'starting' | 'ready' | 'retiring' | 'ending';
  readonly tasks: Set<Task>;
  /** The tasks that it begins when it has room, in this order. */
  readonly ahead: Set<Task>;
  takesAhead: boolean;
  /** The worker was given `maxTasksPerChild`. */
  isSpent: boolean;
  used: number;
  /** The worker's own pools have work. */
  isHost: boolean;
}

export class World {
  readonly options: SchedulerOptions;
  readonly state: SchedulerState;
  readonly tasks: Map<number, Task> = new Map();
  readonly workers: Map<number, Worker> = new Map();
  /** The worker that had a key's last task, as long as it takes tasks. */
  readonly #homes: Map<Key, Worker> = new Map();
  isShutDown = false;
  isCancelled = false;
  isTerminated = false;
  isFinished = false;
  failedStarts = 0;
  isBroken = false;
  /** A worker was lost that had done nothing: it is not replaced before something comes. */
  #mayMissMinimum = true;
  /** Waiters are told of ended tasks; the pool does not wind down before they were. */
  #isTelling = false;
  depth = 0;
  /** Of the tasks that are asked back from a worker next, how many it has begun, unknown to the host. */
  begins = 0;
  #nextTask = 1;
  #back = 0;
  #front = 0;
  #dispatches = 0;

  constructor(options: Partial<SchedulerOptions> = {}) {
    this.options = { ...defaults, ...options };
    this.state = createState(this.options);
  }

  // ---- what happens

  open(): void {
    this.#mayMissMinimum = false;
    this.#tell({ type: 'open' });
  }

  announce(): void {
    this.#mayMissMinimum &&= this.isShutDown;
    this.#tell({ type: 'announce' });
  }

  submit(given: Submission = {}): number {
    const task = this.#task(given, undefined);
    const couldBegin = [...this.workers.values()].some((worker) => this.#isFree(worker) && this.#mayRun(task, worker));
    const isFull = given.isBounded !== true && !couldBegin && this.waiting().length + this.ahead().length >= this.options.queueLimit;
    const { isTaken = false } = given;
    const isLate = this.isShutDown && !(isTaken && !this.isFinished && !this.isBroken);
    const why = isTaken && this.isCancelled ? 'cancelled' : isLate ? 'shutDown' : this.isBroken ? 'broken' : isFull ? 'full' : undefined;
    this.#mayMissMinimum &&= why !== undefined;
    const [first] = this.#tell({ type: 'submit', task: task.id, ...given }, task);
    const answer = first?.type === 'refuse' ? first.why : first?.type === 'cancelled' ? first.type : undefined;
    assert.equal(answer, why, 'a task is taken, or is not');
    return task.id;
  }

  broadcast(): number[] {
    const group = new Set<number>();
    const tasks = Array.from({ length: this.options.maxWorkers }, () => this.#task({ weight: 0 }, group));
    const ids = tasks.map(({ id }) => id);
    this.#mayMissMinimum = true;
    this.#tell({ type: 'broadcast', tasks: ids }, ...tasks);
    return ids;
  }

  started(id: number): void {
    this.worker(id).phase = 'ready';
    this.failedStarts = 0;
    this.#tell({ type: 'workerStarted', worker: id });
  }

  /** @param isBegun whether it had begun a task that it had been given */
  lost(id: number, isBegun: (task: Task) => boolean = () => true, start: FailedStart = 'failed'): void {
    const worker = this.worker(id);
    const notBegun: number[] = [];
    for (const task of worker.ahead) this.#begin(task, worker);
    for (const task of worker.tasks) {
      task.status = 'over';
      const hasBegun = task.isKnown || isBegun(task);
      task.isUntouched = task.interrupted === 'no' && !hasBegun;
      if (!hasBegun) notBegun.push(task.id);
    }
    if (worker.phase === 'starting') this.failedStarts += { hopeless: Infinity, failed: 1, byChance: 0.1 }[start];
    this.#forget(worker);
    this.workers.delete(id);
    this.isBroken ||= !this.canStart() && this.#active().length === 0;
    if (worker.used === 0) this.#mayMissMinimum = true;
    this.#tell({ type: 'workerLost', worker: id, notBegun, start });
    if (worker.used > 0 && !this.isShutDown && this.canStart()) this.#mayMissMinimum = false;
    if (this.isBroken) assert.equal(this.waiting().length, 0, 'a task waits in a broken pool');
  }

  /** Ends something, and tells the waiters. After that the pool may wind down. */
  telling(what: () => void): void {
    this.#isTelling = true;
    what();
    this.#isTelling = false;
    this.#windDown();
  }

  #windDown(): void {
    if (this.#isTelling) return;
    for (const instruction of step(this.state, { type: 'windDown' })) this.#carryOut(instruction, { type: 'windDown' });
    this.#check();
  }

  /** An attempt ends: with an outcome that counts, or with an error after which the task may be tried again. */
  ended(id: number, again: boolean = false): void {
    const task = this.task(id);
    const worker = this.worker(task.worker!);
    task.status = 'over';
    this.#leaveWorker(task);
    this.#takeUp(worker);
    if (!again && task.interrupted !== 'forGood') this.#settle(task);
    this.#tell({ type: 'taskEnded', task: id, again });
  }

  /** A held task may go on: before its equals, unless it stands behind another of its key. */
  resume(id: number): void {
    const task = this.task(id);
    task.isHeld = false;
    if (this.#isFirstOfKey(task)) task.turn = --this.#front;
    this.#tell({ type: 'resume', task: id });
  }

  giveUp(id: number): void {
    const out = this.#tell({ type: 'giveUp', task: id });
    assert.ok(out.some((i) => i.type === 'settle' && i.task === id));
  }

  /** The measured mean has changed. */
  setDepth(depth: number): void {
    this.depth = depth;
    this.#tell({ type: 'depth', depth });
    for (const worker of this.workers.values()) assert.ok(worker.ahead.size <= depth, 'a worker keeps more ahead than the depth');
  }

  takesAhead(id: number): void {
    this.worker(id).takesAhead = true;
    this.#tell({ type: 'takesAhead', worker: id });
  }

  /** @param silent workers that work on one task for long */
  balance(silent: readonly number[]): void {
    this.#tell({ type: 'balance', silent });
    const isFree = [...this.workers.values()].some((worker) => this.#isFree(worker));
    for (const worker of this.workers.values()) {
      if (isFree) assert.equal(worker.ahead.size, 0, 'a worker is free while another has tasks ahead');
      if (silent.includes(worker.id)) assert.equal(worker.ahead.size, 0, 'tasks stay with a worker that works on one task for long');
    }
  }

  /** A worker takes up what it has ahead, while it has room. */
  #takeUp(worker: Worker): void {
    for (const task of worker.ahead) {
      if (worker.tasks.size >= this.options.tasksPerWorker) return;
      this.#begin(task, worker);
      task.hasLanded = true;
    }
  }

  #begin(task: Task, worker: Worker): void {
    worker.ahead.delete(task);
    worker.tasks.add(task);
    task.status = 'running';
    task.attempts++;
  }

  /** The host asks a worker for tasks that it has ahead: all but the first few, which it has begun, go back. */
  takeBack(asked: readonly Task[]): void {
    const here = asked.filter((task) => task.status === 'ahead' || this.#isUnbegun(task));
    const [begun, back] = [here.slice(0, this.begins), here.slice(this.begins)];
    for (const task of begun) {
      if (task.status === 'ahead') this.#begin(task, this.worker(task.worker!));
      task.isKnown = true;
    }
    const givers = new Set(back.map((task) => this.worker(task.worker!)));
    for (const task of [...back].reverse()) {
      const worker = this.worker(task.worker!);
      if (task.status === 'running') task.attempts--;
      worker.ahead.delete(task);
      worker.tasks.delete(task);
      worker.used -= task.weight;
      if (worker.isSpent && worker.phase === 'retiring' && worker.used < this.options.maxTasksPerChild) {
        worker.phase = 'ready';
        worker.isSpent = false;
      }
      task.status = 'waiting';
      task.worker = undefined;
      task.hasLanded = false;
      task.turn = --this.#front;
    }
    for (const worker of givers) this.#takeUp(worker);
    const event = { type: 'recalled', tasks: back.map(({ id }) => id), begun: begun.map(({ id }) => id) } as const;
    const out = step(this.state, event);
    assert.ok(
      out.every(({ type }) => type !== 'dispatch'),
      'something begins before it is known why tasks were taken back',
    );
    for (const instruction of out) this.#carryOut(instruction, event);
  }

  /** The task before it has ended, and its worker has not begun it yet. */
  #isUnbegun({ status, hasLanded, isKnown, isStuck, interrupted }: Task): boolean {
    return status === 'running' && hasLanded && !isKnown && !isStuck && interrupted === 'no';
  }

  #takeAllBack(): void {
    for (const worker of this.workers.values()) this.takeBack([...worker.tasks, ...worker.ahead]);
  }

  cancel(id: number): void {
    const given = this.tasks.get(id);
    if (given !== undefined) this.takeBack([given]);
    const wasWaiting = this.tasks.get(id)?.status === 'waiting';
    const out = this.#tell({ type: 'cancel', task: id });
    const isCancelled = out.some((i) => i.type === 'cancelled' && i.task === id);
    assert.equal(isCancelled, wasWaiting, 'just what waits can be cancelled');
  }

  abort(id: number, again: boolean = false): void {
    const task = this.tasks.get(id);
    if (task !== undefined) this.takeBack([task]);
    const isRunning = task?.status === 'running';
    const before = task?.interrupted;
    const isFinal = !again || !this.#hasRetries(task) || this.isCancelled;
    const wasWaiting = task?.status === 'waiting';
    const out = this.#tell({ type: 'abort', task: id, again });
    if (wasWaiting) assert.ok(out.some((i) => i.type === 'aborted' && i.task === id));
    if (!isRunning || before === 'forGood') return;
    assert.equal(task.interrupted, isFinal ? 'forGood' : 'forRetry', 'what was interrupted may be tried again, or not');
  }

  graceOver(id: number, isResponsive: boolean): void {
    const task = this.task(id);
    task.isStuck = true;
    const { worker } = task;
    const mayBeKilled = !isResponsive || [...this.worker(worker!).tasks].every(({ isStuck }) => isStuck);
    const wasEnding = this.worker(worker!).phase === 'ending';
    // There is no event for this: the worker just gets no more tasks.
    if (!mayBeKilled && this.worker(worker!).phase === 'ready') this.#retires(this.worker(worker!));
    const out = this.#tell({ type: 'graceOver', task: id, isResponsive });
    const isKilled = out.some((i) => i.type === 'kill' && i.worker === worker);
    if (!wasEnding) assert.equal(isKilled, mayBeKilled, 'a stuck worker is left alone, or one with others at work is killed');
  }

  /** The item of a chunk that was stuck has ended after all. */
  movedOn(id: number): void {
    this.task(id).isStuck = false;
    this.#tell({ type: 'movedOn', task: id });
  }

  idleOver(id: number): void {
    this.#tell({ type: 'idleOver', worker: id });
  }

  poolsWork(id: number, doWork: boolean): void {
    const worker = this.worker(id);
    worker.isHost = doWork;
    if (worker.phase === 'retiring' && worker.tasks.size === 0 && !doWork) this.#mayMissMinimum = false;
    this.#tell({ type: 'poolsWork', worker: id, doWork });
  }

  retire(id: number): void {
    const worker = this.worker(id);
    this.takeBack([...worker.tasks, ...worker.ahead]);
    if (worker.phase === 'ready') {
      this.#retires(worker);
      if (worker.tasks.size === 0 && !worker.isHost) this.#mayMissMinimum = false;
    }
    this.#tell({ type: 'retire', worker: id });
  }

  shutdown(cancelFutures: boolean = false): void {
    this.isShutDown = true;
    this.isCancelled ||= cancelFutures;
    if (cancelFutures) this.#takeAllBack();
    this.#tell({ type: 'shutdown', cancelFutures });
    if (cancelFutures) assert.equal(this.waiting().length, 0, 'a task waits though it was to be cancelled');
  }

  terminate(): void {
    this.isShutDown = this.isCancelled = this.isTerminated = true;
    this.#takeAllBack();
    const out = this.#tell({ type: 'terminate' });
    for (const id of this.workers.keys())
      assert.ok(
        out.some((i) => i.type === 'kill' && i.worker === id),
        'a worker is not killed',
      );
  }

  /** From here on everything ends, except what is stuck; and it must come to its end. */
  windUp(): void {
    if (!this.isShutDown) this.shutdown();
    for (let turn = 0; !this.isFinished; turn++) {
      assert.ok(turn < 1000, 'it never ends');
      for (const worker of this.workers.values()) {
        if (worker.phase === 'starting') this.started(worker.id);
        for (const task of worker.tasks) {
          if (task.status !== 'running' || task.isStuck) continue;
          if (task.interrupted === 'no') this.ended(task.id);
          else this.graceOver(task.id, true);
        }
        if (worker.isHost) this.poolsWork(worker.id, false);
        if (worker.phase === 'ending') this.lost(worker.id);
      }
      for (const task of this.held()) this.resume(task.id);
    }
    for (const task of this.tasks.values()) {
      assert.ok(task.isSettled, `task ${task.id} never settled`);
      assert.equal(task.status, 'gone', `task ${task.id} is still there`);
    }
    assert.equal(this.state.tasks.size, 0, 'tasks are never forgotten');
    assert.deepEqual(this.#tell({ type: 'shutdown', cancelFutures: true }), [], 'it ends twice');
  }

  // ---- what is there

  task(id: number): Task {
    return this.tasks.get(id)!;
  }

  worker(id: number): Worker {
    return this.workers.get(id)!;
  }

  waiting(): Task[] {
    return this.#all('waiting');
  }

  held(): Task[] {
    return this.waiting().filter(({ isHeld }) => isHeld);
  }

  ahead(): Task[] {
    return this.#all('ahead');
  }

  running(): Task[] {
    return this.#all('running');
  }

  canStart(): boolean {
    return this.failedStarts < this.options.maxFailedStarts;
  }

  #all(status: Task['status']): Task[] {
    return [...this.#live()].filter((task) => task.status === status);
  }

  *#live(): Generator<Task> {
    for (const { id } of this.#unfinished) yield this.task(id);
  }

  readonly #unfinished: Set<Task> = new Set();

  #active(): Worker[] {
    return [...this.workers.values()].filter(({ phase }) => phase !== 'ending');
  }

  #isFree(worker: Worker): boolean {
    return worker.phase === 'ready' && worker.tasks.size < this.options.tasksPerWorker;
  }

  #hasRetries(task: Task | undefined): boolean {
    return task !== undefined && task.attempts <= task.retries;
  }

  /** Nothing of its key is before it. */
  #isFirstOfKey(task: Task): boolean {
    if (task.key === undefined) return true;
    for (const other of this.#unfinished) if (other.key === task.key && other.id < task.id) return false;
    return true;
  }

  /** True if a waiting task may be given to this worker. A broadcast's tasks each have their worker, which is not known here. */
  #mayRun(task: Task, worker: Worker): boolean {
    if (task.group !== undefined || task.isHeld || !this.#isFirstOfKey(task)) return false;
    const home = task.key === undefined ? undefined : this.#homes.get(task.key);
    return home === undefined || home === worker;
  }

  // ---- carrying out and checking

  #task(given: Omit<Submission, 'task'>, group: Set<number> | undefined): Task {
    const { key, priority = 0, retries = 0, weight = 1, holdsRetries = false, startsHeld = false, goesAhead = false } = given;
    const task: Task = {
      id: this.#nextTask++,
      key,
      priority,
      retries,
      weight,
      goesAhead: goesAhead && key === undefined && group === undefined,
      holdsRetries,
      isHeld: startsHeld,
      group,
      status: 'new',
      isSettled: false,
      turn: 0,
      attempts: 0,
      dispatched: 0,
      worker: undefined,
      interrupted: 'no',
      isStuck: false,
      isKnown: false,
      hasLanded: false,
      isUntouched: false,
    };
    this.tasks.set(task.id, task);
    return task;
  }

  #settle(task: Task): void {
    assert.ok(!task.isSettled, `task ${task.id} settles twice`);
    task.isSettled = true;
    this.#go(task);
  }

  #go(task: Task): void {
    this.#leaveWorker(task);
    task.status = 'gone';
    this.#unfinished.delete(task);
  }

  #leaveWorker(task: Task): void {
    if (task.worker === undefined) return;
    this.workers.get(task.worker)?.tasks.delete(task);
    this.workers.get(task.worker)?.ahead.delete(task);
  }

  #forget(worker: Worker): void {
    for (const [key, home] of this.#homes) if (home === worker) this.#homes.delete(key);
  }

  #retires(worker: Worker): void {
    worker.phase = 'retiring';
    this.#forget(worker);
  }

  #tell(event: SchedulerEvent, ...coming: Task[]): Instruction[] {
    for (const task of coming) {
      task.status = 'waiting';
      task.turn = ++this.#back;
      this.#unfinished.add(task);
    }
    const wasFinished = this.isFinished;
    const out = step(this.state, event);
    if (wasFinished)
      assert.ok(
        out.every((i) => i.type === 'refuse' || (i.type === 'cancelled' && event.type === 'submit')),
        'something happens after the end',
      );
    // Returned tasks go before their equals, in the order in which they were given out.
    const back = out.flatMap((i) => (i.type === 'retry' || i.type === 'requeue' ? [this.task(i.task)] : []));
    for (const task of back.sort((a, b) => b.dispatched - a.dispatched)) task.turn = --this.#front;
    for (const instruction of out) this.#carryOut(instruction, event);
    this.#windDown();
    return out;
  }

  #carryOut(instruction: Instruction, event: SchedulerEvent): void {
    switch (instruction.type) {
      case 'start':
        return this.#start(instruction.worker);
      case 'dispatch':
        return this.#dispatch(this.task(instruction.task), this.worker(instruction.worker), instruction.isAhead === true);
      case 'recall':
        this.takeBack(instruction.tasks.map((id) => this.task(id)));
        for (const more of step(this.state, { type: 'balance', silent: [] })) this.#carryOut(more, event);
        return;
      case 'stop':
      case 'kill': {
        const worker = this.worker(instruction.worker);
        assert.ok(worker.phase !== 'ending' || (instruction.type === 'kill' && event.type === 'terminate'), 'a worker ends twice');
        if (instruction.type === 'stop') {
          assert.equal(worker.tasks.size, 0, 'a worker that has tasks is stopped');
          assert.ok(!worker.isHost || this.isShutDown, 'a worker is stopped while its pools work');
        }
        if (event.type === 'windDown') assert.ok(this.isShutDown && this.waiting().length === 0, 'a worker is ended before its time');
        const mayKill = this.isTerminated || [...worker.tasks].some(({ isStuck }) => isStuck) || event.type === 'taskEnded';
        if (instruction.type === 'kill') assert.ok(mayKill, 'a worker is killed for nothing');
        worker.phase = 'ending';
        return this.#forget(worker);
      }
      case 'finished':
        assert.ok(!this.isFinished && this.isShutDown && this.workers.size === 0, 'it ends too early, or twice');
        assert.equal(event.type, 'windDown', 'it ends before all have heard of what has ended');
        this.isFinished = true;
        return;
      default:
        return this.#taskInstruction(instruction, event);
    }
  }

  #start(id: number): void {
    assert.ok(!this.workers.has(id));
    assert.ok(this.canStart(), 'a pool whose workers cannot start never gives up');
    assert.ok(!this.isTerminated, 'a worker is started after the end');
    this.workers.set(id, {
      id,
      phase: 'starting',
      tasks: new Set(),
      ahead: new Set(),
      takesAhead: false,
      isSpent: false,
      used: 0,
      isHost: false,
    });
    const takers = this.#active().filter(({ phase }) => phase !== 'retiring').length;
    assert.ok(takers <= this.options.maxWorkers, 'more than maxWorkers');
  }

  #dispatch(task: Task, worker: Worker, isAhead: boolean): void {
    assert.equal(task.status, 'waiting', 'a task runs twice');
    assert.ok(!task.isHeld, 'a held task runs');
    assert.equal(worker.phase, 'ready', 'a task for a worker that takes none');
    if (isAhead) {
      assert.ok(worker.takesAhead, 'a task is sent ahead to a worker that would not give it back');
      assert.ok(task.goesAhead, 'a task is sent ahead that must not be');
      assert.ok(worker.tasks.size >= this.options.tasksPerWorker, 'a task waits at a worker that is free');
      assert.ok(worker.ahead.size < this.depth, 'a worker has more ahead than the depth');
      assert.ok(this.#active().length >= this.options.maxWorkers || !this.canStart(), 'a task is sent ahead while a worker may be started');
    } else assert.ok(worker.tasks.size < this.options.tasksPerWorker, 'too many tasks for a worker');
    assert.ok(!this.isTerminated, 'a task begins after the end');
    assert.ok(task.attempts <= task.retries, 'too many attempts');
    assert.ok(this.#isFirstOfKey(task), 'tasks of one key run at once, or out of order');
    if (task.key !== undefined) assert.equal(this.#homes.get(task.key) ?? worker, worker, 'a key leaves its worker');
    for (const other of this.#unfinished) {
      if (other.status !== 'waiting' || other === task || !this.#mayRun(other, worker)) continue;
      assert.ok(other.priority <= task.priority, `task ${task.id} overtakes ${other.id}, of higher priority`);
      const areEqual = other.priority === task.priority && other.key === undefined && task.key === undefined && task.group === undefined;
      assert.ok(!areEqual || task.turn < other.turn, `task ${task.id} overtakes ${other.id}, which came before`);
    }
    if (task.group !== undefined) {
      assert.ok(!task.group.has(worker.id), 'a worker has two tasks of one broadcast');
      task.group.add(worker.id);
    }
    task.dispatched = ++this.#dispatches;
    task.worker = worker.id;
    if (isAhead) {
      task.status = 'ahead';
      worker.ahead.add(task);
    } else this.#begin(task, worker);
    worker.used += task.weight;
    if (task.key !== undefined) this.#homes.set(task.key, worker);
    if (worker.used < this.options.maxTasksPerChild) return;
    worker.isSpent = true;
    this.#retires(worker);
  }

  #taskInstruction(
    instruction: Exclude<Instruction, { type: 'start' | 'dispatch' | 'recall' | 'stop' | 'kill' | 'finished' }>,
    event: SchedulerEvent,
  ): void {
    const task = this.task(instruction.task);
    const { status, interrupted } = task;
    const isItself = 'task' in event && event.task === task.id;
    const isRetriable = status === 'over' && this.#hasRetries(task) && !this.isCancelled;
    switch (instruction.type) {
      case 'refuse':
        assert.ok(event.type === 'broadcast' || (event.type === 'submit' && isItself));
        return this.#settle(task);
      case 'interrupt':
        assert.ok(event.type === 'abort' && isItself && status === 'running' && task.worker === instruction.worker);
        assert.notEqual(interrupted, 'forGood', 'it was interrupted for good already');
        task.interrupted = instruction.isFinal ? 'forGood' : 'forRetry';
        if (!instruction.isFinal) return;
        assert.ok(!task.isSettled);
        task.isSettled = true;
        return;
      case 'retry':
        assert.ok(isRetriable && interrupted !== 'forGood', 'it is tried again too often, or too early');
        task.interrupted = 'no';
        task.isHeld = task.holdsRetries;
        assert.equal(instruction.isLost === true, event.type === 'workerLost' && interrupted === 'no' && task.isHeld);
        return this.#comesBack(task);
      case 'requeue':
        assert.ok(status === 'over' && task.isUntouched && !this.isCancelled);
        task.attempts--;
        return this.#comesBack(task);
      case 'settle':
        if (event.type === 'giveUp') {
          assert.ok(isItself && status === 'waiting' && task.isHeld);
          return this.#settle(task);
        }
        assert.ok(status === 'over' && !isRetriable && interrupted !== 'forGood');
        assert.ok(event.type === 'taskEnded' ? isItself && event.again : interrupted === 'forRetry');
        return this.#settle(task);
      case 'lose':
        assert.ok(event.type === 'workerLost' && status === 'over' && !isRetriable && interrupted === 'no' && !task.isUntouched);
        return this.#settle(task);
      case 'release':
        assert.ok(status === 'over' && interrupted === 'forGood' && task.isSettled);
        return this.#go(task);
      case 'cancelled':
        assert.ok(status === 'waiting' ? this.isCancelled || (event.type === 'cancel' && isItself) : task.isUntouched && this.isCancelled);
        return this.#settle(task);
      case 'aborted':
        assert.ok(status === 'waiting' && event.type === 'abort' && isItself);
        return this.#settle(task);
      case 'fail':
        assert.ok((status === 'waiting' || task.isUntouched) && !this.canStart(), 'a task fails though a worker could start');
        return this.#settle(task);
    }
  }

  #comesBack(task: Task): void {
    task.status = 'waiting';
    task.worker = undefined;
    task.isStuck = task.isUntouched = task.isKnown = task.hasLanded = false;
  }

  // ---- what holds after every step

  #check(): void {
    const { options, state } = this;
    const waiting = this.waiting();
    const active = this.#active();
    const ahead = this.ahead();
    assert.equal(state.waiting, waiting.length + ahead.length, 'waiting tasks are miscounted');
    assert.equal(state.ahead, ahead.length, 'tasks that were sent ahead are miscounted');
    assert.equal(state.active, active.length, 'workers are miscounted');
    assert.equal(state.tasks.size, this.#unfinished.size, 'tasks are miscounted');
    assert.equal(state.isBroken, this.isBroken);
    assert.equal(this.#all('over').length, 0, 'the outcome of a task is missing');
    if (this.isCancelled) assert.equal(waiting.length, 0, 'a task waits after the end');
    // The tasks that wait for any worker.
    const common = waiting.filter((task) => task.group === undefined && !task.isHeld && this.#isFirstOfKey(task) && this.#isHomeless(task));
    for (const worker of active) {
      if (worker.ahead.size > 0)
        assert.ok(worker.tasks.size >= this.options.tasksPerWorker, 'a worker has room, and tasks ahead that it does not take up');
      if (this.#isFree(worker))
        assert.ok(!waiting.some((task) => this.#mayRun(task, worker)), `a task waits while worker ${worker.id} is free`);
      if (worker.phase === 'retiring') {
        assert.ok(worker.tasks.size > 0 || worker.isHost, 'a worker without tasks is not let go');
        assert.ok(
          worker.tasks.size === 0 || [...worker.tasks].some(({ isStuck }) => !isStuck),
          'a worker with nothing but stuck tasks is not ended',
        );
      }
      if (this.isShutDown && waiting.length + ahead.length === 0 && !this.#isTelling)
        assert.ok(worker.tasks.size > 0, 'a worker is kept after the end');
    }
    const pinned = waiting.filter(({ group }) => group !== undefined).length;
    const starting = active.filter(({ phase }) => phase === 'starting').length;
    const perWorker = Math.min(options.tasksPerWorker, options.maxTasksPerChild);
    if (active.length < options.maxWorkers && this.canStart())
      assert.ok(common.length <= starting * perWorker, 'a task waits while a worker may be started');
    // The tasks that wait for their own worker.
    const unheld = waiting.filter((task) => !task.isHeld && this.#isFirstOfKey(task)).length;
    if (unheld > common.length || pinned > 0) assert.ok(this.workers.size > 0);
    if (unheld > 0) assert.ok(this.workers.size > 0, 'a task waits that no worker will ever run');
    for (const task of waiting) if (task.group !== undefined) this.#checkPinned(task);
    if (!this.#mayMissMinimum && !this.isShutDown && this.canStart())
      assert.ok(active.length >= options.minWorkers, 'less than minWorkers');
    if (hasRoom(state)) assert.ok(common.length === 0 && !this.isShutDown, 'there is room, and there is none');
    if (this.isShutDown && waiting.length + ahead.length === 0 && this.workers.size === 0)
      assert.ok(this.isFinished || this.#isTelling, 'the end is not told');
  }

  #isHomeless(task: Task): boolean {
    return task.key === undefined || !this.#homes.has(task.key);
  }

  /** The task waits for one worker, which will be there and can take it. */
  #checkPinned({ id, group }: Task): void {
    const { queue } = taskOf(this.state, id);
    const owner = [...this.state.workers.values()].find(({ own }) => own === queue);
    const worker = owner === undefined ? undefined : this.workers.get(owner.id);
    assert.ok(worker?.phase === 'starting' || worker?.phase === 'ready', 'a broadcast waits for a worker that is no more');
    assert.ok(!this.#isFree(worker), 'a broadcast waits though its worker is free');
    assert.ok(!group!.has(worker.id), 'a broadcast waits for a worker that had one');
  }
}
