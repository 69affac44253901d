/**
 * The record of a task in the scheduler. The jobs of a pool are such records: one object is job and queue entry at once, and is never looked up by a
 * number.
 *
 *   state.tasks          all that have not ended, in the order in which they came
 *   one of these lists   a queue, or of the worker that has it `tasks` or `ahead`
 */

import type { Key } from './events.ts';
import type { Lane, WorkerRecord } from './state.ts';
import type { Queued, TaskQueue } from './task-queue.ts';

/** The wishes with which a task comes. */
export interface Wishes {
  /** Higher first; default 0. */
  readonly priority?: number;
  /** Tasks of one key run one after another, in order, by the same worker as long as that lives. */
  readonly key?: Key | undefined;
  /** Further attempts it may have; default 0. */
  readonly retries?: number;
  /** Whether further attempts are held: each waits for `resume`, or `giveUp`. */
  readonly holdsRetries?: boolean;
  /** Whether the work was there before the shutdown, which does not refuse it then: a further attempt, or what a worker gave back. */
  readonly isTaken?: boolean;
  /** The part of `maxTasksPerChild` that the task uses up; default 1. */
  readonly weight?: number;
  /** Whether the task may be sent ahead to a busy worker; default false. A task with a key is not. */
  readonly goesAhead?: boolean;
}

/** A task is made for each call, so the constructor alone writes all fields, and none has an initializer. */
export class Task implements Queued {
  declare readonly id: number;
  declare readonly key: Key | undefined;
  declare priority: number;
  declare weight: number;
  declare retriesLeft: number;
  declare holdsRetries: boolean;
  declare isTaken: boolean;
  declare goesAhead: boolean;
  declare lane: Lane | undefined;
  /** All workers that got a task of the same broadcast; undefined of other tasks. */
  declare broadcast: Set<WorkerRecord> | undefined;
  /** Whether the scheduler has the task. */
  declare isListed: boolean;
  /** Whether the task waits for `resume`, and stands in no queue of a worker. */
  declare isHeld: boolean;
  /** The worker that has the task; undefined while that waits at the host. */
  declare worker: WorkerRecord | undefined;
  /** Whether the task waits at a busy worker, and can be recalled. */
  declare isAhead: boolean;
  /** The queue in which the task waits. */
  declare queue: TaskQueue<Task> | undefined;
  /** Whether the worker was told to stop the task, and whether another attempt follows. */
  declare interrupted: 'no' | 'forGood' | 'forRetry';
  /** Whether the task had time to stop, and has not. */
  declare isStuck: boolean;
  /** Neighbours in a queue, or in a row of the worker. */
  declare previous: Queued | undefined;
  declare next: Queued | undefined;
  /** Neighbours among all tasks. */
  declare before: Task | undefined;
  declare after: Task | undefined;

  constructor(id: number, wishes: Wishes) {
    const { key, priority = 0, weight = 1, retries = 0, holdsRetries = false, isTaken = false, goesAhead = false } = wishes;
    this.id = id;
    this.key = key;
    this.priority = priority;
    this.weight = weight;
    this.retriesLeft = retries;
    this.holdsRetries = holdsRetries;
    this.isTaken = isTaken;
    this.goesAhead = goesAhead;
    this.lane = undefined;
    this.broadcast = undefined;
    this.isListed = this.isHeld = this.isAhead = this.isStuck = false;
    this.worker = undefined;
    this.queue = undefined;
    this.interrupted = 'no';
    this.previous = this.next = this.before = this.after = undefined;
  }
}

/** Tasks in the order in which they came. */
export class TaskList {
  #first: Task | undefined;
  #last: Task | undefined;
  /** Not to be written. */
  size = 0;

  add(task: Task): void {
    task.isListed = true;
    task.before = this.#last;
    task.after = undefined;
    if (this.#last === undefined) this.#first = task;
    else this.#last.after = task;
    this.#last = task;
    this.size++;
  }

  delete(task: Task): void {
    if (!task.isListed) return;
    const { before, after } = task;
    task.isListed = false;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    task.before = task.after = undefined;
    this.size--;
  }

  /** Goes on when the task that was given out is deleted. */
  *[Symbol.iterator](): Generator<Task> {
    for (let at = this.#first, next; at !== undefined; at = next) {
      next = at.after;
      yield at;
    }
  }
}

/** Tasks that a worker has, in the order in which it got them. */
export class TaskRow {
  first: Task | undefined = undefined;
  #last: Task | undefined;
  /** Not to be written. */
  size = 0;

  add(task: Task): void {
    task.previous = this.#last;
    task.next = undefined;
    if (this.#last === undefined) this.first = task;
    else this.#last.next = task;
    this.#last = task;
    this.size++;
  }

  /** Takes a task out that is there. */
  delete(task: Task): void {
    const previous = task.previous as Task | undefined;
    const next = task.next as Task | undefined;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    task.previous = task.next = undefined;
    this.size--;
  }

  *[Symbol.iterator](): Generator<Task> {
    for (let at = this.first; at !== undefined; at = at.next as Task | undefined) yield at;
  }
}
