/** `shutdown()` in every state that a pool can be in: rows of the table. */

import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { BrokenExecutor, CancelledError, type ExecutorOptions, ShutDown, WorkerLost } from 'heddle';
import { open, withMark } from './cell.ts';
import { type Fate, fateOf, until, within } from './fate.ts';
import { now, readMarks, striker } from './mark.ts';
import type { Kind, Row } from './table.ts';
import { type Pool, type Waiter, type Waiting, doomed } from './waiters.ts';

/** The outcomes that a waiter may see; no other is allowed. */
type Ends = 'ends well' | 'is cancelled' | 'is lost' | 'is refused' | 'is aborted' | 'is broken';

interface State {
  readonly name: string;
  readonly options?: ExecutorOptions | ((mark: string) => ExecutorOptions);
  /** The victim's action after it has struck the mark. */
  readonly victim: () => unknown;
  /** Brings the pool, which has been given work, into the state. */
  reach(what: { pool: Pool; waiting: Waiting; isAtWork: () => Promise<void>; abort: () => void }): Promise<unknown>;
  /** Default: `shutdown()`. */
  readonly shutdown?: (pool: Pool) => Promise<void>;
  readonly mayEnd: readonly Ends[];
  /** True if the workers cannot start. */
  readonly isBroken?: true;
}

const reason = new RangeError('not wanted any more');
const soon = (): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(0), 20));
const atOnce = (): number => 0;
const forever = (): never => {
  for (;;);
};
const settled = async ({ waiting }: { waiting: Waiting }): Promise<void> => {
  waiting.release();
  await Promise.all([waiting.victim, waiting.others, ...waiting.neighbours]);
};

const states: readonly State[] = [
  // A map takes its items in turns: those it has not taken when the pool is shut down are refused.
  { name: 'starting', victim: atOnce, reach: async () => {}, mayEnd: ['ends well', 'is refused'] },
  {
    name: 'initializing',
    options: (mark) => ({
      initializer: async () => {
        appendFileSync(mark, `${process.pid} 0\n`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      },
    }),
    victim: atOnce,
    reach: ({ isAtWork }) => isAtWork(),
    mayEnd: ['ends well'],
  },
  { name: 'idle', victim: atOnce, reach: settled, mayEnd: ['ends well'] },
  { name: 'running', victim: soon, reach: ({ isAtWork }) => isAtWork(), mayEnd: ['ends well'] },
  {
    name: 'running, cancelFutures',
    victim: soon,
    reach: ({ isAtWork }) => isAtWork(),
    shutdown: (pool) => pool.shutdown({ cancelFutures: true }),
    mayEnd: ['ends well', 'is cancelled'],
  },
  {
    name: 'aborting',
    options: { graceful: 100 },
    victim: forever,
    reach: async ({ waiting, isAtWork, abort }) => {
      await isAtWork();
      abort();
      await waiting.victim;
    },
    mayEnd: ['ends well', 'is aborted', 'is lost'], // lost are neighbours in the worker of a loop
  },
  {
    name: 'broken',
    options: { initializer: () => Promise.reject(new RangeError('broken initializer')) },
    victim: atOnce,
    reach: settled,
    mayEnd: ['is broken'],
    isBroken: true,
  },
  {
    name: 'shut down already',
    victim: soon,
    reach: async ({ pool, waiting, isAtWork }) => {
      await isAtWork();
      waiting.release();
      await Promise.all([pool.shutdown(), pool.shutdown({ cancelFutures: false })]);
    },
    mayEnd: ['ends well'],
  },
  {
    name: 'being shut down',
    victim: soon,
    reach: async ({ pool, isAtWork }) => {
      await isAtWork();
      void pool.shutdown();
    },
    mayEnd: ['ends well'],
  },
  {
    name: 'killWorkers() at work',
    victim: forever,
    reach: ({ isAtWork }) => isAtWork(),
    shutdown: (pool) => pool.killWorkers(),
    mayEnd: ['ends well', 'is cancelled', 'is lost'],
  },
  {
    name: 'terminateWorkers() at work',
    options: { graceful: 100 },
    victim: forever,
    reach: ({ isAtWork }) => isAtWork(),
    shutdown: (pool) => pool.terminateWorkers(),
    mayEnd: ['ends well', 'is cancelled', 'is lost'],
  },
  {
    name: 'killWorkers() at start',
    victim: atOnce,
    reach: async () => {},
    shutdown: (pool) => pool.killWorkers(),
    mayEnd: ['ends well', 'is cancelled', 'is lost', 'is refused'],
  },
  {
    name: 'terminated already',
    victim: forever,
    reach: async ({ pool, isAtWork }) => {
      await isAtWork();
      await pool.killWorkers();
    },
    mayEnd: ['ends well', 'is cancelled', 'is lost'],
  },
];

function endOf({ ok, value }: Fate): Ends | undefined {
  if (ok) return 'ends well';
  if (value === reason) return 'is aborted';
  if (value instanceof CancelledError) return 'is cancelled';
  if (value instanceof WorkerLost) return 'is lost';
  if (value instanceof ShutDown) return 'is refused';
  if (value instanceof BrokenExecutor) return 'is broken';
  return undefined;
}

async function tryState(state: State, kind: Kind, waiter: Waiter, path: string): Promise<number> {
  const then = state.victim;
  const item = doomed;
  const strike = striker(path);
  const victim = (x: number): unknown => {
    if (x !== item) return x;
    strike();
    return then();
  };
  const options = typeof state.options === 'function' ? state.options(path) : state.options;
  const pool = new open[kind]({ ...waiter.options, ...options });
  const controller = new AbortController();
  const view = state.name === 'aborting' ? pool.with({ signal: controller.signal }) : pool;
  // Some states are gone when a neighbour has begun.
  const isEarly = state.name.endsWith('start') || state.name === 'starting' || state.name === 'initializing';
  const waiting = await waiter.begin({ pool, view, victim, gather: () => {}, hasWorkers: !isEarly && state.isBroken !== true });
  const isAtWork = (): Promise<void> => until(() => readMarks(path).length > 0, 'the victim at work');
  await within(state.reach({ pool, waiting, isAtWork, abort: () => controller.abort(reason) }), `the state ${state.name}`);
  const called = now();
  waiting.release();
  const shutdown = fateOf((state.shutdown ?? ((each) => each.shutdown()))(pool));
  const { ok, value, at } = await within(shutdown, 'the end of shutdown()');
  if (!ok) throw value;
  const fates = [await waiting.victim, ...(await Promise.all(waiting.neighbours)), ...(await waiting.others)];
  for (const fate of fates) {
    const end = endOf(fate);
    assert.ok(end !== undefined && state.mayEnd.includes(end), `what waited ${end ?? String(fate.value)}`);
  }
  if (waiting.shutdown !== undefined) assert.ok((await within(waiting.shutdown, 'the first shutdown()')).ok);
  const further = await within(fateOf(pool.submit(atOnce)), 'a further task');
  assert.ok(further.value instanceof ShutDown, String(further.value));
  const { workers, starting, queued, running, workersStarted, workersEnded, submitted, completed, failed, cancelled } = pool.statistics();
  assert.deepEqual({ workers, starting, queued, running }, { workers: 0, starting: 0, queued: 0, running: 0 });
  assert.equal(workersEnded, workersStarted);
  assert.equal(completed + failed + cancelled, submitted);
  return at - called;
}

export const shutdownRows: readonly Row[] = states.map((state) => ({
  name: `shutdown: ${state.name}`,
  run: (kind, waiter) => withMark((path) => tryState(state, kind, waiter, path)),
}));
