/** A worker that exits by itself tells what it had begun, where nothing else can tell: without native calls a process leaves no marks. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Pool, ProcessPoolExecutor, WorkerLost } from 'heddle';

// Looked at with the first native call.
process.env['HEDDLE_PLATFORM'] = 'none';

const home = mkdtempSync(join(tmpdir(), 'heddle-goodbye-'));
after(() => rmSync(home, { recursive: true }));

/** Keeps its worker until the file is there, and exits. It begins at once: there is nothing to import for it. */
const exitAfter = (file: string): never => {
  const fs = process.getBuiltinModule('node:fs');
  while (!fs.existsSync(file));
  return process.exit(3);
};
const me = (): number => process.pid;

test('without native calls a task that was given to a worker behind one that exits runs elsewhere', async () => {
  const go = join(home, 'tasks');
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1, tasksPerWorker: 3 });
  const first = await pool.submit(me);
  const ends = Promise.allSettled([pool.submit(exitAfter, go), pool.submit(me), pool.submit(me)]);
  // The tasks have left for the worker.
  writeFileSync(go, '');
  const [exits, ...others] = await ends;
  assert.ok(exits.status === 'rejected' && exits.reason instanceof WorkerLost);
  for (const other of others) assert.ok(other.status === 'fulfilled' && other.value !== first, JSON.stringify(other));
});

test('without native calls the items of a map behind one that exits run elsewhere', async () => {
  const go = join(home, 'items');
  await using pool = new Pool(1, { tasksPerWorker: 3 });
  await pool.apply(me);
  const run = (file: string): string => {
    if (file === 'plain') return 'ran';
    const fs = process.getBuiltinModule('node:fs');
    while (!fs.existsSync(file));
    return process.exit(3);
  };
  const results = pool.imap(run, [go, 'plain', 'plain'], { chunkSize: 1, bufferSize: 3 });
  const first = assert.rejects(results.next(), WorkerLost);
  writeFileSync(go, '');
  await first;
  assert.deepEqual([(await results.next()).value, (await results.next()).value], ['ran', 'ran']);
});
