/** Tries one way, with one waiter, in one kind of worker. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledError, type Future, ProcessPoolExecutor, ShutDown, ThreadPoolExecutor } from 'heddle';
import { type Fate, fateOf, until, within } from './fate.ts';
import { noneLeft } from './left.ts';
import { now, readMarks, striker } from './mark.ts';
import { type Check, type Circumstances, type Kind, type Row, type Way, endsWell, lost } from './table.ts';
import { type Pool, type Waiter, doomed } from './waiters.ts';

export const open: { readonly [kind in Kind]: typeof ThreadPoolExecutor | typeof ProcessPoolExecutor } = {
  thread: ThreadPoolExecutor,
  process: ProcessPoolExecutor,
};

/** Gives the work a file for its mark, and looks afterwards whether a worker was left. */
export async function withMark<T>(work: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-cell-'));
  try {
    const result = await work(join(folder, 'mark'));
    await noneLeft();
    return result;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function rowOf(way: Way, crowd: number = 0): Row {
  const { name, notFor = {} } = way;
  return { name, notFor, run: (kind, waiter) => withMark((path) => tryWay(way, kind, waiter, path, crowd)) };
}

async function tryWay(way: Way, kind: Kind, waiter: Waiter, path: string, crowd: number): Promise<number> {
  const { die, timeout, abort } = way;
  const item = doomed;
  const strike = striker(path);
  const victim = (x: number): unknown => (x === item ? die(strike) : x);
  const options = typeof way.options === 'function' ? way.options(kind) : way.options;
  const pool: Pool = new open[kind]({ ...waiter.options, ...options });
  try {
    const controller = new AbortController();
    const settings = { ...(timeout === undefined ? {} : { timeout }), ...(abort === undefined ? {} : { signal: controller.signal }) };
    const called = now();
    const workerEnds = way.worker(kind);
    const hasWorkers = workerEnds !== 'none';
    const many: Future<unknown>[] = [];
    const gather = (): void => {
      for (let i = 1; i <= crowd; i++) many.push(pool.submit(victim, -i));
    };
    const waiting = await waiter.begin({ pool, view: pool.with(settings), victim, gather, hasWorkers });
    const acted = await act(way, waiter, path, controller);
    if (way.needsQuiet === true && waiter.sharesWorker === true) waiting.release();

    const fate = await within(waiting.victim, 'the end of the victim');
    const circumstances: Circumstances = { kind, waiter, marks: readMarks(path) };
    way.victim(fate, circumstances);
    const losesNeighbours = workerEnds === 'ends' && waiter.sharesWorker === true;
    if (!losesNeighbours) waiting.release();
    const neighbours = await within(Promise.all(waiting.neighbours), 'the end of the neighbours');
    for (const each of neighbours) checkNeighbour(way, each, losesNeighbours, circumstances);
    const settled = [fate, ...(losesNeighbours ? neighbours : [])];

    // Behind the crowd they would wait for long.
    const dispersed = disperse(many);
    for (const other of await within(waiting.others, 'the end of the others')) {
      (way.others ?? endsWell)(other, circumstances);
      if (other.ok) assert.equal(other.value, other.expected);
    }
    await within(dispersed, 'the end of the crowd');
    if (waiting.shutdown !== undefined) {
      const shutdown = await within(waiting.shutdown, 'the end of shutdown()');
      endsWell(shutdown, circumstances);
      settled.push(shutdown);
    }
    await goesOn(pool, waiter, way.others, circumstances);
    const event = acted ?? Math.max(called, ...circumstances.marks.map(({ at }) => at));
    return Math.max(0, Math.max(...settled.map(({ at }) => at)) - event - (timeout ?? way.after ?? 0));
  } finally {
    await ended(pool);
  }
}

/** Awaits the first tasks and cancels the others: each must end one way or the other. */
async function disperse(crowd: readonly Future<unknown>[]): Promise<void> {
  const fates = Promise.all(crowd.map(fateOf));
  await Promise.all(crowd.slice(0, 100));
  for (const future of crowd) future.cancel();
  for (const [i, { ok, value }] of (await fates).entries()) {
    if (ok) assert.equal(value, -1 - i);
    else assert.ok(i >= 100 && value instanceof CancelledError, `task ${i} of the crowd: ${String(value)}`);
  }
}

/** Does to the worker what the way says, when the victim is at work. Returns when that was. */
export async function act(
  way: Way,
  waiter: Pick<Waiter, 'victims'>,
  path: string,
  controller: AbortController,
): Promise<number | undefined> {
  if (way.act === undefined && way.abort === undefined) return undefined;
  await until(() => readMarks(path).length >= waiter.victims, 'the victim at work');
  const at = now();
  if (way.abort !== undefined) controller.abort(way.abort);
  for (const mark of readMarks(path)) way.act?.(mark);
  // The measured moment is the end of the timeout, which runs since the victim began.
  return way.timeout === undefined ? at : undefined;
}

function checkNeighbour(way: Way, fate: Fate, isLost: boolean, circumstances: Circumstances): void {
  if (isLost) {
    // The task shares the worker, and so its end; the cause is the victim's matter.
    const { exitCode, signal } = fate.value as { exitCode: number | null; signal: string | null };
    const how = { ...(exitCode === null ? {} : { exitCode }), ...(signal === null ? {} : { signals: [signal] }) };
    return lost(how, 'neighbour')(fate, circumstances);
  }
  (way.others ?? endsWell)(fate, circumstances);
  if (fate.ok) assert.equal(fate.value, 'alive');
}

/** The pool takes a further task; or, shut down or broken, refuses it at once. */
async function goesOn(pool: Pool, waiter: Waiter, refusal: Check | undefined, circumstances: Circumstances): Promise<void> {
  const further = await within(fateOf(pool.submit((x: number) => x + 1, 1)), 'a further task');
  if (waiter.name === 'shutdown()') assert.ok(further.value instanceof ShutDown, `a further task: ${String(further.value)}`);
  else if (refusal !== undefined) refusal(further, circumstances);
  else {
    endsWell(further, circumstances);
    assert.equal(further.value, 2);
  }
}

/** Ends the pool, whatever state it is in, and sees that its workers have ended with it. */
async function ended(pool: Pool): Promise<void> {
  try {
    await within(pool.shutdown(), 'the end of the pool');
  } catch (hung) {
    await within(pool.killWorkers(), 'the end of a pool that hung').catch(() => {});
    throw hung;
  }
  const { workers, starting, queued, running, workersStarted, workersEnded, submitted, completed, failed, cancelled } = pool.statistics();
  assert.deepEqual({ workers, starting, queued, running }, { workers: 0, starting: 0, queued: 0, running: 0 });
  assert.equal(workersEnded, workersStarted);
  assert.equal(completed + failed + cancelled, submitted, 'tasks that ended, and tasks there were');
}
