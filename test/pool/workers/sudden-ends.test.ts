/** Tasks of a worker that ends suddenly: one that had begun is neither lost nor run twice, one that had not runs in another worker. */

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ProcessPoolExecutor, ThreadPoolExecutor, WorkerLost } from 'heddle';
import { features } from 'heddle/lowlevel';

const skip = features().native ?? false;
const isLong = process.env['HEDDLE_LONG'] === '1';

/** Notes each run of a task in a file: one that runs twice shows. */
function ledger(t: TestContext): { file: string; runs(): number[] } {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'runs');
  appendFileSync(file, '');
  return { file, runs: () => readFileSync(file, 'utf8').split('\n').slice(0, -1).map(Number) };
}

test('a task that comes right after its idle worker was killed runs once', { skip }, async (t) => {
  const { file, runs } = ledger(t);
  const run = (id: number): number => (appendFileSync(file, `${id}\n`), id);
  const rounds = isLong ? 1000 : 40;
  const next = Array.from({ length: rounds }, (_, i) => i)[Symbol.iterator]();
  const killAndSubmit = async (): Promise<void> => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 1, tasksPerWorker: 2 });
    for (const i of next) {
      const pid = await pool.submit(() => process.pid);
      process.kill(pid, 'SIGKILL');
      const ids = [2 * i, 2 * i + 1];
      assert.deepEqual(await Promise.all(ids.map((id) => pool.submit(run, id))), ids);
    }
    await pool.shutdown();
  };
  // Starting processes is what takes long: several pools at once.
  await Promise.all([1, 2, 3, 4].map(killAndSubmit));
  assert.deepEqual(
    runs().toSorted((a, b) => a - b),
    Array.from({ length: 2 * rounds }, (_, i) => i),
  );
});

test('a worker that is killed at any moment of a burst runs no task twice, and loses none that it had not begun', { skip }, async (t) => {
  const { file, runs } = ledger(t);
  const pool = new ProcessPoolExecutor({ maxWorkers: 2, tasksPerWorker: 16 });
  const rounds = isLong ? 300 : 15;
  const ended = new Set<number>();
  const lost = new Set<number>();
  for (let round = 0; round < rounds; round++) {
    const pid = await pool.submit(() => process.pid);
    const tasks = Array.from({ length: 100 }, (_, i) => 100 * round + i);
    const run = (id: number): number => (appendFileSync(file, `${id}\n`), id);
    const futures = tasks.map((id) => pool.submit(run, id));
    await futures[(2 * round) % futures.length]!.catch(() => {});
    process.kill(pid, 'SIGKILL');
    const outcomes = await Promise.allSettled(futures);
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof WorkerLost, String(outcome.reason));
      (outcome.status === 'fulfilled' ? ended : lost).add(tasks[i]!);
    }
  }
  await pool.shutdown();
  const all = runs();
  assert.equal(new Set(all).size, all.length, 'a task ran twice');
  assert.ok([...ended].every((id) => all.includes(id)));
  // Lost tasks had begun: each ran, but for the one that was being begun or whose outcome was in flight.
  const untouched = [...lost].filter((id) => !all.includes(id));
  assert.ok(untouched.length <= rounds, `${untouched.length} tasks that had not begun were lost`);
});

const ways = [
  {
    name: 'a thread whose heap is full',
    skip: false,
    open: () => new ThreadPoolExecutor({ maxWorkers: 1, tasksPerWorker: 4, resourceLimits: { maxOldGenerationSizeMb: 32 } }),
    die: (): never => {
      let chain: unknown;
      for (;;) chain = { chain };
    },
  },
  {
    name: 'a process whose heap is full',
    skip,
    open: () => new ProcessPoolExecutor({ maxWorkers: 1, tasksPerWorker: 4, resourceLimits: { maxOldGenerationSizeMb: 32 } }),
    die: (): never => {
      // V8's last words would go into the test's output. (An import would be waited for, and the others would begin first.)
      process.getBuiltinModule('node:fs').closeSync(2);
      let chain: unknown;
      for (;;) chain = { chain };
    },
  },
  {
    name: 'a process that is killed',
    skip,
    open: () => new ProcessPoolExecutor({ maxWorkers: 1, tasksPerWorker: 4 }),
    die: (): never => {
      process.kill(process.pid, 'SIGKILL');
      for (;;);
    },
  },
];

for (const { name, open, die, skip: why } of ways) {
  test(`${name} leaves the tasks that it had not begun to another`, { skip: why }, async () => {
    const pool = open();
    await pool.submit(() => {});
    const victim = pool.submit(die);
    const others = [1, 2, 3].map((x) => pool.submit((y: number) => y, x));
    await assert.rejects(victim, WorkerLost);
    assert.deepEqual(await Promise.all(others), [1, 2, 3]);
    await pool.shutdown();
  });
}
