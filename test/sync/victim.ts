/** A worker that ends in the middle of what it does, in each of the ways in which threads and processes do. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Executor, type Future, ProcessPoolExecutor, ThreadPoolExecutor, WorkerLost } from 'heddle';
import { type Crew, crewOf, dismiss, isNative } from './crew.js';
import type { Form } from './forms.js';

export interface Way {
  readonly name: string;
  readonly kind: 'thread' | 'process';
  /** True if its code must run once more for it. */
  readonly byItself: boolean;
}

const allWays: readonly Way[] = [
  { name: 'a thread that is terminated', kind: 'thread', byItself: false },
  { name: 'a thread that calls process.exit()', kind: 'thread', byItself: true },
  { name: 'a process that gets SIGKILL', kind: 'process', byItself: false },
  { name: 'a process that calls process.exit()', kind: 'process', byItself: true },
];
const ways: readonly Way[] = allWays.filter(({ kind }) => isNative || kind === 'thread');

const patience = 60_000;
const world = isNative ? 'threads and processes' : 'threads';

export class Victim {
  readonly #pool: Executor;
  readonly #way: Way;
  readonly #tasks: Future<unknown>[] = [];
  #isEnding = false;

  constructor(way: Way) {
    const options = { maxWorkers: 1, tasksPerWorker: 8 };
    this.#way = way;
    this.#pool = way.kind === 'thread' ? new ThreadPoolExecutor(options) : new ProcessPoolExecutor(options);
  }

  /** Runs the work in whose middle it will be. */
  run(fn: () => unknown): void {
    const task = this.#pool.submit(fn);
    task.catch(() => {});
    this.#tasks.push(task);
  }

  /** Has a call answered by it. */
  async ask<T>(fn: () => T): Promise<Awaited<T>> {
    return this.#pool.submit(fn);
  }

  /** Begins its end; the caller may block its own thread meanwhile. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (this.#way.byItself) this.run(() => process.exit(1));
    else void this.#pool.killWorkers();
  }

  /**
   * Ends it before its caller blocks: without native calls the system cannot tell whether a thread lives, and the starter's event loop must
   * turn to learn of its end.
   */
  async endFor(form: Form): Promise<void> {
    this.end();
    if (form === 'sync' && !isNative) await this.ended();
  }

  /** Resolves when it has ended, and its tasks too. */
  async ended(): Promise<void> {
    for (const task of this.#tasks) await assert.rejects(Promise.resolve(task), WorkerLost);
    await this.#pool.killWorkers();
    await this.#pool.shutdown();
  }
}

interface Needs {
  /** The victim's thread is blocked, so that it cannot end by itself. */
  readonly isBlocked?: boolean;
}

/** Registers the test for each way to end, with the crew of the survivors. */
export function forEachEnd(name: string, body: (victim: Victim, crew: Crew) => Promise<void>, { isBlocked = false }: Needs = {}): void {
  for (const way of ways.filter(({ byItself }) => !isBlocked || !byItself)) {
    test(`${way.name}: ${name}`, { timeout: patience }, async (t) => {
      const victim = new Victim(way);
      const kill = async (): Promise<void> => {
        victim.end();
        await Promise.all([victim.ended(), dismiss(world)]);
      };
      const onTimeout = (): void => void kill();
      t.signal.addEventListener('abort', onTimeout);
      try {
        await body(victim, crewOf(world));
        victim.end();
        await victim.ended();
      } catch (error) {
        await kill();
        throw error;
      } finally {
        t.signal.removeEventListener('abort', onTimeout);
      }
    });
  }
}
