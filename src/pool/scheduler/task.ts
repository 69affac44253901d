/**
 * The scheduler's record of a task. The jobs of a pool are such records: one object is job and queue entry at once, and is never looked up
 * by a number.
 *
 *   state.tasks          all that have not ended, in the order in which they came
 *   one of these lists   a queue, or of the worker that has it `tasks` or `ahead`
 */

import type { Key } from './events.ts';
import type { Lane, WorkerRecord } from './state.ts';
import type { Queued, TaskQueue } from './task-queue.ts';

/** The requirements of a task. */
export interface Wishes {
  /** Higher first; default 0. */
  readonly priority?: number;
  /** Tasks of one key run one after another, in order, by the same worker as long as that lives. */
  readonly key?: Key | undefined;
  /** Further attempts it may have; default 0. */
  readonly retries?: number;
  /** True if further attempts are held: each waits for `resume`, or `giveUp`. */
  readonly holdsRetries?: boolean;
  /** True if its work was there before the shutdown, which does not refuse it: a further attempt, or a returned part. */
  readonly isTaken?: boolean;
  /** How much it counts towards `maxTasksPerChild`; default 1. */
  readonly weight?: number;
  /** True if it may be sent ahead to a busy worker; default false. A task with a key is not. */
  readonly goesAhead?: boolean;
}

/** The constructor writes each field once: a task is made for each call. */
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
  /** For a task that is meant for one worker: all workers that got a task of the same broadcast. */
  declare broadcast: Set<WorkerRecord> | undefined;
  /** The scheduler has it. */
  declare isListed: boolean;
  /** True if it waits for `resume`, and is in no queue from which a worker could get it. */
  declare isHeld: boolean;
  /** The worker that has it; undefined while it waits at the host. */
  declare worker: WorkerRecord | undefined;
  /** True if its worker has it, but works on others: it waits there, and can be recalled. */
  declare isAhead: boolean;
  /** The queue it waits in. */
  declare queue: TaskQueue<Task> | undefined;
  /** Set when its worker was told to stop it; then says whether it will be tried again. */
  declare interrupted: 'no' | 'forGood' | 'forRetry';
  /** True if it has had time to stop, and has not. */
  declare isStuck: boolean;
  /** The neighbours in a queue, or among those that a worker has. */
  declare previous: Queued | undefined;
  declare next: Queued | undefined;
  /** The neighbours among all. */
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

  /** The one that is looked at may be deleted. */
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

  /** Removes a task that is in the list. */
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
