/** Native calls: that they answer rightly, are loaded late, and are missed politely. */

import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { UnsupportedPlatformError } from '#src/errors.js';
import { closeEnd, type ExitStatus, exitStatusOf, features, gettid, openPipe, sleepUntilChild, tgkill } from '#src/platform/index.js';

const skip = features().native ?? false;
const door = JSON.stringify(import.meta.resolve('#src/platform/index.js'));

async function node(program: string, env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, ...env },
  });
  return stdout.trim();
}

const child = (program: string): ChildProcess => spawn(process.execPath, ['-e', program], { stdio: 'ignore' });

test('a feature is reported missing where all are there', { skip }, () => {
  const { koffi, ...missing } = features();
  assert.deepEqual(missing, { native: null, lifeline: null, tgkill: null, waitid: null, sharedHeap: null });
  assert.match(koffi ?? '', /^\d+\.\d+\.\d+/);
});

test('native code is loaded at its first use', { skip }, async () => {
  const program = (use: string): string => `
    import { readFileSync } from 'node:fs';
    import { ThreadPoolExecutor } from 'heddle';
    import { gettid } from ${door};
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    await pool.submit(() => 1);
    ${use}
    console.log(readFileSync('/proc/self/maps', 'utf8').includes('koffi'));`;
  assert.equal(await node(program('')), 'false');
  assert.equal(await node(program('gettid();')), 'true');
});

test('a call that cannot be made crashes, or does not say what is missing', async () => {
  const output = await node(
    `import { Lifeline, exitStatusOf, features, gettid, openPipe, tgkill } from ${door};
     for (const call of [() => new Lifeline(), openPipe, gettid, () => tgkill(1, 1, 0), () => exitStatusOf(1)]) {
       try { call(); console.log('done'); } catch ({ code, message }) { console.log(code + ' ' + message); }
     }
     console.log(JSON.stringify(features()));`,
    { HEDDLE_PLATFORM: 'none' },
  );
  const lines = output.split('\n');
  const why = 'HEDDLE_PLATFORM=none switches native calls off';
  assert.equal(lines.length, 6);
  for (const line of lines.slice(0, -1)) {
    assert.ok(line.startsWith(`${UnsupportedPlatformError.code} `), line);
    assert.ok(line.endsWith(why), line);
  }
  assert.deepEqual(JSON.parse(lines.at(-1)!), { native: why, koffi: null, lifeline: why, tgkill: why, waitid: why, sharedHeap: why });
});

test('a package that cannot be loaded takes the program with it', { skip }, async () => {
  const output = await node(`
    import Module from 'node:module';
    const load = Module._load;
    Module._load = (name, ...rest) => { if (name === 'koffi') throw new Error('no such package'); return load(name, ...rest); };
    const { features } = await import(${door});
    console.log(features().native);`);
  assert.equal(output, 'the package koffi cannot be loaded: no such package');
});

test('a thread that ended counts as alive, or one that lives as dead', { skip }, async () => {
  assert.equal(gettid(), process.pid);
  assert.equal(tgkill(process.pid, gettid(), 0), true);
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     import(${door}).then(({ gettid }) => { parentPort.postMessage(gettid()); for (;;); });`,
    { eval: true },
  );
  const [tid] = (await once(worker, 'message')) as [number];
  assert.notEqual(tid, process.pid);
  assert.equal(tgkill(process.pid, tid, 0), true);
  await worker.terminate();
  assert.equal(tgkill(process.pid, tid, 0), false);
});

/** The end of a child, waited for in slices while the loop stands still. */
function endOf(pid: number): ExitStatus | undefined {
  let status = exitStatusOf(pid);
  for (; status === null; status = exitStatusOf(pid)) sleepUntilChild(pid, Infinity, []);
  return status;
}

test("waiting for a child while the loop stands still takes its 'exit' event away", { skip }, async () => {
  const one = child('process.exit(7)');
  assert.deepEqual(endOf(one.pid!), { exitCode: 7, signal: null });
  assert.deepEqual(exitStatusOf(one.pid!), { exitCode: 7, signal: null });
  assert.deepEqual(await once(one, 'exit'), [7, null]);
  assert.equal(exitStatusOf(one.pid!), undefined);
});

test('a child that runs seems to have ended, or one that was killed to have exited', { skip }, async () => {
  const one = child('setInterval(() => {}, 1000)');
  assert.equal(exitStatusOf(one.pid!), null);
  one.kill('SIGKILL');
  assert.deepEqual(endOf(one.pid!), { exitCode: null, signal: 'SIGKILL' });
  assert.deepEqual(await once(one, 'exit'), [null, 'SIGKILL']);
});

test('a process that is no child of ours is waited for', { skip }, () => {
  assert.equal(endOf(1), undefined);
});

test('a program that is started inherits a pipe it was not given', { skip }, async () => {
  const { readEnd, writeEnd } = openPipe();
  const pipe = readlinkSync(`/proc/self/fd/${readEnd}`);
  assert.match(pipe, /^pipe:/);
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', 'ls -l /proc/self/fd']);
  assert.ok(!stdout.includes(pipe), stdout);
  closeEnd(readEnd);
  closeEnd(writeEnd);
});
