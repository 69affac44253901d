/** Threads of pools over each of their wires, as `HEDDLE_LINK` chooses them. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

const program = `
  import { ThreadPoolExecutor } from 'heddle';
  const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const sums = await Promise.all(Array.from({ length: 300 }, (_, n) => pool.submit((x) => x + 1, n)));
  const bytes = await pool.submit((x) => x.map((byte) => byte + 1), new Uint8Array(100_000).fill(6));
  const text = await pool.submit((x) => x + x, 'ä'.repeat(100_000));
  const error = await pool.submit(() => process.exit(3)).catch((thrown) => thrown.name);
  const after = await pool.submit(() => 'after');
  await pool.shutdown();
  console.log(JSON.stringify([sums.every((sum, n) => sum === n + 1), bytes.every((byte) => byte === 7), text.length, error, after]));`;

for (const wire of ['ring', 'port', undefined])
  test(`tasks, large values and the end of a worker over HEDDLE_LINK=${wire ?? '(not set)'}`, async () => {
    const { HEDDLE_LINK: _, ...env } = process.env;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
      env: wire === undefined ? env : { ...env, HEDDLE_LINK: wire },
    });
    assert.deepEqual(JSON.parse(stdout), [true, true, 200_000, 'WorkerLost', 'after']);
  });
