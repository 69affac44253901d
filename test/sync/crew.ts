/**
 * Workers that run what a test tells them: threads, processes, or both in turn on the same objects. `everywhere` writes a test once and
 * runs it in each of these worlds; with HEDDLE_PLATFORM=none there are threads only, with objects of a manager both at once.
 */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Executor, type Future, ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';
import { type Form, forms } from './forms.js';
import { isByManager } from './made.js';

export const isNative: boolean = process.env['HEDDLE_PLATFORM'] !== 'none';

type Kind = 'thread' | 'process';
type World = 'threads' | 'processes' | 'threads and processes';

const kindsOf: Record<World, readonly Kind[]> = {
  threads: ['thread'],
  processes: ['process'],
  'threads and processes': ['thread', 'process'],
};
const worlds: readonly World[] = !isNative
  ? ['threads']
  : isByManager
    ? ['threads and processes']
    : ['threads', 'processes', 'threads and processes'];

/** The number of tasks that may block at once. */
export const crewSize = 6;

const poolOf = (kind: Kind, maxWorkers: number): Executor =>
  kind === 'thread' ? new ThreadPoolExecutor({ maxWorkers }) : new ProcessPoolExecutor({ maxWorkers });

export class Crew {
  readonly #pools: readonly Executor[];
  #next = 0;

  constructor(world: World) {
    const kinds = kindsOf[world];
    this.#pools = kinds.map((kind) => poolOf(kind, crewSize / kinds.length));
  }

  /** Runs it on a worker of its own, of each kind in turn. No more than `crewSize` at once, or some wait for others to end. */
  run<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    return this.#pools[this.#next++ % this.#pools.length]!.submit(fn, ...args);
  }

  /** Runs `count` copies of a function; each gets its number. */
  bunch<R>(count: number, fn: (n: number) => R): Future<Awaited<R>>[] {
    return Array.from({ length: count }, (_, n) => this.run(fn, n));
  }

  /** Tasks that a failed test has left behind may never end. */
  async kill(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.killWorkers()));
    await this.close();
  }

  /** All its tasks have ended. */
  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.shutdown()));
  }
}

/** All of them reject with that, in whatever order. */
export async function allReject(tasks: readonly PromiseLike<unknown>[], Class: abstract new (...args: any[]) => Error): Promise<void> {
  for (const end of await Promise.allSettled(tasks)) assert.ok(end.status === 'rejected' && end.reason instanceof Class, end.status);
}

/** One crew for all tests of a file in a world: to start one takes longer than most tests. One that a failed test has left behind is not used again. */
const crews = new Map<World, Crew>();

export function crewOf(world: World): Crew {
  let crew = crews.get(world);
  if (crew === undefined) crews.set(world, (crew = new Crew(world)));
  return crew;
}

export async function dismiss(world: World): Promise<void> {
  const crew = crews.get(world);
  crews.delete(world);
  await crew?.kill();
}

after(() => Promise.all([...crews.values()].map((crew) => crew.close())));

/** A test that hangs has failed; nothing else depends on this time. */
const patience = 60_000;

/** The test in each world, as `threads: name`; or in those that are named. */
export function everywhere(name: string, body: (crew: Crew) => Promise<void>, where: readonly World[] = worlds): void {
  for (const world of where) {
    test(`${world}: ${name}`, { timeout: patience }, async (t) => {
      // The signal is aborted by the time-out, and by the end of the test as well.
      const onTimeout = (): void => void dismiss(world);
      t.signal.addEventListener('abort', onTimeout);
      try {
        await body(crewOf(world));
      } catch (error) {
        await dismiss(world);
        throw error;
      } finally {
        t.signal.removeEventListener('abort', onTimeout);
      }
    });
  }
}

/** The test in each world for each form of the calls that wait, as `threads, sync: name`. */
export function inBothForms(name: string, body: (crew: Crew, form: Form) => Promise<void>): void {
  for (const form of forms) everywhere(`${form}: ${name}`, (crew) => body(crew, form));
}

/** Waits until something holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Resolves when `count` waiters wait for it. */
export async function untilWaiting(object: { statistics(): { readonly waiting: number } }, count: number): Promise<void> {
  await until(() => object.statistics().waiting === count);
}
