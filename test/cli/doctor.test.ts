/** `heddle doctor`, where all is well and where something is missing. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { promisify } from 'node:util';
import { isSupported } from '#src/cli/doctor/versions.js';
import { heddle, lines, main, root, start } from './heddle.ts';

interface Report {
  works: boolean;
  checks: { name: string; state: string; isEssential: boolean; found: string; meaning?: string }[];
}

test('a machine on which heddle works is called healthy', async () => {
  const { code, stdout, stderr } = await heddle(['doctor']);
  assert.deepEqual([code, stderr], [0, '']);
  const machine = ['node', 'platform', 'cores', 'memory', 'threads', 'processes'];
  const native = ['native calls', 'lifelines', 'tgkill', 'waitid', 'shared heap', 'named memory', 'atomics'];
  for (const name of [...machine, ...native, 'closures', 'typescript', 'waiting', 'permissions'])
    assert.match(stdout, new RegExp(`^(ok|missing) +${name} `, 'm'));
  assert.match(lines(stdout).at(-1)!, /^(Everything heddle uses is here|heddle works here; what is missing is named above)\.$/);
});

test('programs can read the findings', async () => {
  const { code, stdout } = await heddle(['doctor', '--json']);
  const report = JSON.parse(stdout) as Report;
  assert.deepEqual([code, report.works], [0, true]);
  assert.equal(report.checks.find(({ name }) => name === 'threads')?.state, 'ok');
});

test('the layout of the shared heap is told, with every record', async () => {
  const { code, stdout } = await heddle(['doctor', '--layout']);
  assert.equal(code, 0);
  for (const name of ['Heap', 'Slot', 'Block', 'Parcel', 'Waiter', 'Word', 'Lock'])
    assert.match(stdout, new RegExp(`^${name}: .*\\(\\d+ words?\\)$`, 'm'));
  assert.match(stdout, /^ +16 +bits +magic +"hedl"|^ +4 +bits +magic +"hedl"/m);
  assert.match(stdout, /magic, 8 bits; colour, 4 bits/);
  const layouts = JSON.parse((await heddle(['doctor', '--layout', '--json'])).stdout) as {
    name: string;
    size: number;
    fields: { count: number }[];
  }[];
  for (const { name, size, fields } of layouts)
    assert.equal(
      fields.reduce((sum, { count }) => sum + count, 0),
      size,
      name,
    );
});

test('a limit under which processes cannot share memory is named', { skip: process.platform !== 'linux' && 'needs Linux' }, async () => {
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    'ulimit -f 2048 && exec "$@"',
    'sh',
    process.execPath,
    main,
    'doctor',
    '--json',
  ]);
  const { works, checks } = JSON.parse(stdout) as Report;
  const heap = checks.find(({ name }) => name === 'shared heap')!;
  assert.deepEqual([works, heap.state], [true, 'missing']);
  assert.match(heap.found, /EFBIG \(a limit of the size of files, ulimit -f\?\)/);
  assert.match(heap.meaning!, /reaches the threads of one process only/);
});

test('missing native calls are named, and are not fatal', async () => {
  const running = start([main, 'doctor', '--json'], { main: '--no-warnings', env: { HEDDLE_PLATFORM: 'none' } });
  const { code, stdout } = await running.ended;
  const { works, checks } = JSON.parse(stdout) as Report;
  assert.deepEqual([code, works], [0, true]);
  for (const name of ['native calls', 'lifelines', 'tgkill', 'waitid', 'shared heap', 'named memory']) {
    const check = checks.find((each) => each.name === name)!;
    assert.deepEqual([check.state, check.isEssential], ['missing', false]);
    assert.match(check.found, /HEDDLE_PLATFORM=none/);
  }
});

const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';

test('a Node that forbids workers is called ill', async () => {
  const running = start(['--allow-fs-read=*', main, 'doctor', '--json'], { main: permission });
  const { code, stdout } = await running.ended;
  const { works, checks } = JSON.parse(stdout) as Report;
  const threads = checks.find(({ name }) => name === 'threads')!;
  assert.deepEqual([code, works, threads.state, threads.isEssential], [1, false, 'missing', true]);
  assert.match(threads.meaning!, /--allow-worker/);
  assert.equal(checks.find(({ name }) => name === 'permissions')?.state, 'missing');
});

test('a map without workers names the cause, and ends', async () => {
  const running = start(['--allow-fs-read=*', main, 'map', 'node:path#basename', '/a/b'], { main: permission });
  const { code, stderr } = await running.ended;
  assert.equal(code, 1);
  assert.match(stderr, /^heddle map: cannot start workers: .*; heddle doctor says more$/m);
});

test('the supported versions are those of the package', () => {
  assert.deepEqual(['18.20.0', '20.18.3', '21.7.0', '22.11.0', '22.12.0', '20.19.0', '23.0.0', '26.9.1'].map(isSupported), [
    false,
    false,
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
  assert.ok(root.length > 0);
});
