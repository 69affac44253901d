/** Structured concurrency: greenlets that nothing outlives. Source: asyncio.TaskGroup, trio's nurseries */

import { CancelledError, InvalidStateError } from '../../errors.ts';
import { checkFunction } from '../../check.ts';
import { type Operation, readWaitOptions, type WaitOptions } from '../../loop/index.ts';
import { showAsText } from '../../repr.ts';
import { currentActivity } from '../task/current.ts';
import { activityOf, type Body, Greenlet, type ResultOf, type Spawnable } from '../task/greenlet.ts';
import { Part } from '../task/part.ts';
import { recordSite } from '../task/spawn-site.ts';
import { Children } from './children.ts';
import { ScopeEnd } from './scope-end.ts';

/**
 * Greenlets that belong to one piece of work. When one fails, all others are killed. The waiter resumes when all have ended, with their
 * `finally` blocks, and gets the error. Several errors form an `AggregateError`, in the order in which they occurred. A killed greenlet
 * does not count as an error. A killed async function counts as ended, whatever it still does.
 *
 * `TaskGroup.run` is the form for most cases, and the one for generators. With `await using` the block waits at its end for all that were
 * spawned. JavaScript does not say there whether the block has thrown: then it waits as well, and it is `run` that cancels.
 *
 * @example
 * ```ts
 * import { sleep, spawn, TaskGroup } from 'heddle/coroutine';
 *
 * function* download(name: string, ms: number) {
 *   try {
 *     yield* sleep(ms);
 *     if (name === 'b') throw new Error(`${name} is gone`);
 *     return `${name} in ${ms} ms`;
 *   } finally {
 *     console.log('end of', name);
 *   }
 * }
 *
 * const both = await TaskGroup.run(function* (group) {
 *   const a = group.spawn(download, 'a', 200);
 *   const c = group.spawn(download, 'c', 1);
 *   return [yield* a, yield* c];
 * });
 * // prints: end of c
 * // prints: end of a
 * console.log(both); // prints: [ 'a in 200 ms', 'c in 1 ms' ]
 *
 * const g = spawn(async () => {
 *   await using group = new TaskGroup();
 *   group.spawn(download, 'a', 60_000);
 *   group.spawn(download, 'b', 1);
 * });
 * await g.catch((error) => console.log(error.message));
 * // prints: end of b
 * // prints: end of a
 * // prints: b is gone
 * ```
 */
export class TaskGroup implements AsyncDisposable {
  readonly #children: Children = new Children();
  /** The activity whose block this group belongs to. */
  readonly #host: { readonly isDead: boolean } = currentActivity();

  static {
    showAsText(TaskGroup);
  }

  /** `<TaskGroup with 2 greenlets>`; and `, over` when none may come any more. */
  toString(): string {
    const { living, isOver } = this.#children;
    return `<${this.constructor.name} with ${living.size} greenlets${isOver ? ', over' : ''}>`;
  }

  /**
   * Calls `fn(group)` as a part of the current greenlet, waits until it and all that it spawned have ended, and resolves to its result. An
   * error of the function counts as that of any greenlet of the group, and an error of a greenlet ends the function. A waiter that is
   * thrown out kills the whole group and resumes when it has ended; so does `timeout`.
   *
   * @throws the error, or an AggregateError of several; TimeoutError after `timeout` milliseconds; CancelledError if the function was cancelled
   * before it had a result
   */
  static run<R>(fn: ((group: TaskGroup) => R) & Spawnable<R>, options?: number | WaitOptions): Operation<ResultOf<R>> {
    checkFunction(fn, 'fn');
    readWaitOptions(options);
    const group = new TaskGroup();
    const body = new Part(fn as Body, [group]);
    body.site = recordSite(TaskGroup.run as Body);
    group.#children.unjoined.joined();
    group.#children.enterBody(body);
    const resultOf = (): ResultOf<R> => {
      if (body.hasExited) throw new CancelledError('the TaskGroup was cancelled before it had a result', { cause: body.result });
      return body.result as ResultOf<R>;
    };
    return new ScopeEnd(group.#children, true, resultOf, options);
  }

  /**
   * Starts a function in a greenlet of the group. While the group is being cancelled, the greenlet never begins.
   *
   * @throws InvalidStateError after the end of the group: it was joined, and all have ended
   */
  spawn<A extends unknown[], R>(fn: ((...args: A) => R) & Spawnable<R>, ...args: A): Greenlet<ResultOf<R>> {
    if (this.#children.isOver) throw new InvalidStateError('the TaskGroup is over: what it would start now would outlive it');
    const greenlet = new Greenlet<ResultOf<R>>(fn, ...args);
    const activity = activityOf(greenlet);
    activity.site = recordSite(this.spawn);
    this.#children.add(activity);
    return greenlet;
  }

  /**
   * Waits until all have ended. A waiter that is thrown out, or has waited for `timeout` milliseconds, kills all greenlets and resumes when
   * they have ended.
   *
   * @throws the error, or an AggregateError of several; TimeoutError after `timeout` milliseconds
   * @throws InvalidStateError if one of the group's greenlets calls it: it would wait for itself
   */
  join(options?: number | WaitOptions): Operation<void> {
    readWaitOptions(options);
    if (this.#children.living.has(currentActivity().scope))
      throw new InvalidStateError('a greenlet of the TaskGroup would wait for itself');
    this.#children.unjoined.joined();
    return new ScopeEnd<void>(this.#children, false, nothing, options);
  }

  /**
   * Kills all greenlets of the group. If the caller is one of them, it is killed at its next wait. `join` throws the reason; without a
   * reason it does not throw.
   */
  cancel(reason?: unknown): void {
    if (reason === undefined) this.#children.cancel();
    else this.#children.fail(reason);
  }

  /** Aborts when the group is cancelled, with the error or the reason. For whatever takes an `AbortSignal`. */
  get signal(): AbortSignal {
    return this.#children.signal;
  }

  /** `join()`, at the end of an `await using` block. If the greenlet of the block was killed, all are killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#host.isDead) this.cancel();
    await this.join();
  }
}

const nothing = (): void => {};
