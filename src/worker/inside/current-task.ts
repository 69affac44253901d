/** The facts that a task may know of itself while it runs: its number, whether it is still wanted, and a way to report its progress. */

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { expected } from '../../check.ts';
import { setScopeProvider } from '../../scope.ts';
import { type ContextOwner, callInside, callInsideWith } from './own-context.ts';
import type { TaskClock } from './task-clock.ts';
import { RangeError, TypeError } from '../../refusals.ts';

/** The facts that a task may know of itself. */
export interface CurrentTask {
  /** The number in its pool; each item of a map has its own. */
  readonly id: number;
  /** 1 for the first try, one more for each retry. */
  readonly attempt: number;
  /** Aborts when the task is aborted, with the reason, or takes longer than its `timeout`, with a `TimeoutError`. */
  readonly signal: AbortSignal;
  /**
   * Tells the caller how far the task is: the `progress` option of its task hears it, at most some twenty times a second and
   * before the end.
   *
   * @param done how much is done, 0 or more
   * @param total the amount of work, if it is known
   * @throws TypeError if they are not numbers, RangeError if they are less than 0
   */
  progress(done: number, total?: number): void;
}

/** Reports progress to the host. */
export type TellProgress = (id: number, done: number, total: number | undefined) => void;

function checkAmount(value: unknown, what: string): void {
  if (typeof value !== 'number' || Number.isNaN(value)) throw new TypeError(expected(what, 'a number', value));
  if (value < 0) throw new RangeError(expected(what, '0 or more', value));
}

/** Progress is told at most so often, in milliseconds. */
const tellEvery = 50;

/** The state of a call whose signal was asked for. */
interface Asked {
  readonly controller: AbortController;
  /** Where the signal was first asked for: its listeners run there. */
  readonly listening: AsyncResource;
}

/** The state of a call that has reported progress. */
interface Told {
  /** When it was last told. */
  at: number;
  untold: { readonly done: number; readonly total: number | undefined } | undefined;
}

/** One is made for each call: what most never need is made when it is asked for. */
export class TaskContext implements CurrentTask, Holder {
  declare readonly id: number;
  declare readonly attempt: number;
  /** Undefined if it is not timed. */
  declare readonly clock: TaskClock | undefined;
  declare resource: AsyncResource | undefined;
  /** The reason of its abort, if it was aborted. */
  declare aborted: { readonly reason: unknown } | undefined;
  /** The number by which its host knows it, whatever `id` is. */
  readonly #number: number;
  readonly #tell: TellProgress;
  #isOver: boolean;
  #asked: Asked | undefined;
  #told: Told | undefined;

  constructor(id: number, attempt: number, tell: TellProgress, clock?: TaskClock) {
    this.id = this.#number = id;
    this.attempt = attempt;
    this.clock = clock;
    this.resource = undefined;
    this.aborted = undefined;
    this.#tell = tell;
    this.#isOver = false;
  }

  /** Code that its task has left behind, such as a timer, is not part of it. */
  get context(): this | null {
    return this.#isOver ? null : this;
  }

  /** Made when it is first asked for: most tasks never do. */
  get signal(): AbortSignal {
    if (this.#asked === undefined) {
      this.#asked = { controller: new AbortController(), listening: new AsyncResource('heddle.task') };
      if (this.aborted !== undefined) this.#asked.controller.abort(this.aborted.reason);
    }
    return this.#asked.controller.signal;
  }

  /** True if its signal was asked for. */
  get hasSignal(): boolean {
    return this.#asked !== undefined;
  }

  abort(reason: unknown): void {
    this.aborted ??= { reason };
    const asked = this.#asked;
    asked?.listening.runInAsyncScope(() => asked.controller.abort(reason));
  }

  /** Waits for work that its time does not run for. */
  async untimed<T>(work: () => Promise<T>): Promise<T> {
    this.clock?.stops();
    try {
      return await work();
    } finally {
      this.clock?.runs();
    }
  }

  /** Made when it is asked for, so that it may be taken off its object. */
  get progress(): (done: number, total?: number) => void {
    return (done, total) => this.#progress(done, total);
  }

  #progress(done: number, total: number | undefined): void {
    checkAmount(done, 'done');
    if (total !== undefined) checkAmount(total, 'total');
    // Code that goes on after the end of its task has no receiver.
    if (this.#isOver) return;
    const now = performance.now();
    this.#told ??= { at: -Infinity, untold: undefined };
    if (now - this.#told.at < tellEvery) {
      this.#told.untold = { done, total };
      return;
    }
    this.#told.at = now;
    this.#told.untold = undefined;
    this.#tell(this.#number, done, total);
  }

  /** The task has ended: the last that it said is told. */
  end(): void {
    this.#isOver = true;
    const told = this.#told;
    if (told === undefined) return;
    const { untold } = told;
    told.untold = undefined;
    if (untold !== undefined) this.#tell(this.#number, untold.done, untold.total);
  }
}

/** A task, or a chunk that makes the context of its running item at the first request. */
export interface Holder extends ContextOwner {
  readonly context: TaskContext | null;
}

/** Where one task runs at a time, it is simply the one that runs. Only where several do, their contexts must be told apart. */
let current: Holder | null = null;
let storage: AsyncLocalStorage<Holder> | undefined;

/** Several tasks run here at a time. */
export function runSeveral(): void {
  storage ??= new AsyncLocalStorage();
}

/** Calls a function as (a part of) the holder's task. */
export function callAs<T>(holder: Holder, fn: (...args: unknown[]) => T, args: readonly unknown[]): T {
  // Not earlier: in a program that runs no tasks, no code must check for a running one.
  setScopeProvider('task', contextNow);
  if (storage !== undefined) {
    const several = storage;
    return callInside(holder, () => several.run(holder, fn, ...args), []);
  }
  current = holder;
  return callInside(holder, fn, args);
}

/** As `callAs`, with one argument. */
export function callWith<T>(holder: Holder, fn: (...args: unknown[]) => T, arg: unknown): T {
  if (storage !== undefined || current !== holder) return callAs(holder, fn, [arg]);
  return callInsideWith(holder, fn, arg);
}

/** Called when its task has ended. */
export function leave(holder: Holder): void {
  if (current === holder) current = null;
}

/**
 * The task that runs, or `null` outside of one.
 *
 * @example
 * ```ts
 * import { currentTask, ThreadPoolExecutor } from 'heddle';
 *
 * const countTo = async (end: number) => {
 *   const { signal, progress } = currentTask()!;
 *   let n = 0;
 *   for (; n < end && !signal.aborted; n++) await new Promise((resolve) => setTimeout(resolve, 1));
 *   return n;
 * };
 * await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
 * console.log(currentTask(), await pool.submit(countTo, 3)); // prints: null 3
 * ```
 */
export function currentTask(): CurrentTask | null {
  return contextNow() ?? null;
}

function contextNow(): TaskContext | undefined {
  return (storage === undefined ? current : storage.getStore())?.context ?? undefined;
}

/** Does work for the task that runs, if one does, that it is not charged for. */
export function untimed<T>(work: () => Promise<T>): Promise<T> {
  const context = contextNow();
  return context === undefined ? work() : context.untimed(work);
}
