/** The start options of a worker: Node's options and the environment. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../pool/kinds.ts';

for (const { kind, open } of kinds) {
  test(`${kind}: a worker sees another environment than it was given`, async () => {
    await using pool = open({ maxWorkers: 1, env: { HEDDLE_GIVEN: 'yes', HEDDLE_LEFT_OUT: undefined } });
    const seen = await pool.submit(() => ({ ...process.env }));
    assert.deepEqual(seen, { HEDDLE_GIVEN: 'yes' });
  });

  test(`${kind}: a worker does not inherit the environment as it is when it starts`, async () => {
    process.env['HEDDLE_LATE'] = 'set';
    try {
      await using pool = open({ maxWorkers: 1 });
      assert.equal(await pool.submit(() => process.env['HEDDLE_LATE']), 'set');
    } finally {
      delete process.env['HEDDLE_LATE'];
    }
  });

  test(`${kind}: a worker has other options of Node's than it was given`, async () => {
    await using pool = open({ maxWorkers: 1, execArgv: ['--no-warnings', '--conditions=given'] });
    assert.deepEqual(await pool.submit(() => process.execArgv), ['--no-warnings', '--conditions=given']);
  });
}
