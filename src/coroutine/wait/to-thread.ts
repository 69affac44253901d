/**
 * Runs a function in a thread: the cure for blocking calls. The pool is in a higher layer. It is loaded at its first use, so that programs
 * without `toThread` do not load it.
 */

import { checkFunction } from '../../check.ts';
import type { Operation } from '../../loop/index.ts';
import { withoutOwnFrames } from '../../stack-frames.ts';
import { Until } from './until.ts';

interface ThreadPool {
  with(options: { signal: AbortSignal }): ThreadPool;
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  shutdown(): Promise<void>;
}

let pool: ThreadPool | undefined;
let loading: Promise<ThreadPool> | undefined;

async function load(): Promise<ThreadPool> {
  const { locally, ThreadPoolExecutor } = await import('../../pool/index.ts');
  pool = locally(() => new ThreadPoolExecutor({ name: 'toThread' }));
  return pool;
}

/** Ends the threads at once, instead of when they have been idle for a while; a later call starts others. For tests, which count what is left. */
export async function endThreads(): Promise<void> {
  const ended = await loading;
  pool = undefined;
  loading = undefined;
  await ended?.shutdown();
}

/** The line of a pool's error above the frames of the submitter. */
const SUBMITTED = '\n  submitted from:\n';

/** Replaces the frames that the pool saw with those of the caller of `toThread`. The pool saw none if it was loading. */
function showCaller(error: unknown, site: { readonly stack?: string }): void {
  if (!(error instanceof Error) || typeof error.stack !== 'string' || Object.isFrozen(error)) return;
  const [own] = error.stack.split(SUBMITTED);
  const frames = withoutOwnFrames(site.stack?.split('\n').slice(1) ?? []);
  if (frames.length > 0) error.stack = `${own}${SUBMITTED}${frames.join('\n')}`;
}

/**
 * Runs a function in a thread of a pool that all such calls share, one thread for each core, and resolves to its result. The function and
 * its arguments are copied at the call, as by `ThreadPoolExecutor.submit`. The first call takes a moment to load the pool, and copies after
 * that. When no waiter is left, a call that has not begun never does. A running one is told by `currentTask().signal`, and terminated if it
 * goes on.
 *
 * Idle threads do not keep the program alive.
 *
 * @throws TypeError if `fn` is not a function
 *
 * Fails with the error of the function, or as `submit` does.
 *
 * Source: asyncio.to_thread; gevent's hub.threadpool.apply
 *
 * @example
 * ```ts
 * import { pbkdf2Sync } from 'node:crypto';
 * import { spawn, toThread } from 'heddle/coroutine';
 *
 * const salt = 'heddle';
 * spawn(function* () {
 *   const key = yield* toThread((password: string) => pbkdf2Sync(password, salt, 10_000, 8, 'sha512').toString('hex'), 'secret');
 *   console.log(key.length); // prints: 16
 * });
 * ```
 */
export function toThread<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Operation<Awaited<R>> {
  checkFunction(fn, 'fn');
  const site = {};
  Error.captureStackTrace(site, toThread);
  const submit = async (signal: AbortSignal): Promise<Awaited<R>> => {
    loading ??= load();
    const result = (pool ?? (await loading)).with({ signal }).submit(fn, ...args);
    try {
      return await result;
    } catch (error) {
      if (error !== signal.reason) showCaller(error, site);
      throw error;
    }
  };
  return new Until<Awaited<R>>(submit, undefined, `toThread(${fn.name})`);
}
