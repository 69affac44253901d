/** Two copies of heddle in one process, as two versions in one tree of packages make them: what cannot work together says so. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { version, ...manifest } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };

/** The program's report of each use, with a copy of the package in `place`. */
function uses(place: string): Record<string, unknown> {
  cpSync(path.join(root, 'dist'), path.join(place, 'dist'), { recursive: true });
  writeFileSync(path.join(place, 'package.json'), JSON.stringify({ ...manifest, version: '9.8.7' }));
  symlinkSync(path.join(root, 'node_modules'), path.join(place, 'node_modules'));
  const { stdout, stderr, status } = spawnSync(process.execPath, ['test/fixtures/copies/main.mjs', place], { cwd: root, encoding: 'utf8' });
  assert.deepEqual([stderr, status], ['', 0]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('an object of another copy of heddle is recognised, and both copies are named', () => {
  const place = mkdtempSync(path.join(tmpdir(), 'heddle-copy-'));
  try {
    const both =
      `it is of another copy of heddle: it comes from heddle 9.8.7 in ${place}/, this is heddle ${version} in ${root}; ` +
      'install one for all (npm ls heddle shows which packages bring them, npm dedupe unites them)';
    const expected: Record<string, unknown> = {};
    for (const kind of ['thread', 'process']) {
      for (const what of ['a Lock', 'a RLock', 'an Event', 'a Semaphore', 'a Condition', 'a Barrier'])
        expected[`${kind} ${what.split(' ')[1]}`] = `SerializationError: args[0].object: ${what} cannot cross: ${both}`;
      expected[`${kind} captured`] = `SerializationError: worker → lock: a Lock cannot cross: ${both}`;
      expected[`${kind} bound`] = `SerializationError: bound release → this: the object of the method cannot cross: ${both}`;
      expected[`${kind} pool`] =
        'SerializationError: worker → theirs: a ThreadPoolExecutor cannot cross: it belongs to the thread that made it: make one inside the function';
      // A registration with one copy holds for the other.
      expected[`${kind} moved`] = [100_000, 0];
      expected[`${kind} reduced`] = [true, 42];
    }
    expected['condition'] = `TypeError: expected lock to be a Lock or an RLock, got <Lock unlocked>: ${both}`;
    const said = uses(place);
    for (const how of ['wait', 'asCompleted']) {
      assert.match(String(said[how]), /^TypeError: expected fs\[0\] to be a Future or an AsyncResult, got /);
      assert.ok(String(said[how]).endsWith(`: ${both}`), String(said[how]));
      expected[how] = said[how];
    }
    expected['errors'] = [true, true];
    assert.deepEqual(said, expected);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
