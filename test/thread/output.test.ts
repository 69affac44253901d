/** The output of threads: whole lines, in order, complete at the end of a thread, whatever reads it and however the thread ends. */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

/** The output of a shell command in which `$NODE` runs a program. */
function shell(command: string, program: string): string {
  const env = { ...process.env, NODE: process.execPath, PROGRAM: program };
  return execFileSync('sh', ['-c', command], { encoding: 'utf8', env, maxBuffer: 2 ** 28 });
}
const run = '"$NODE" --input-type=module -e "$PROGRAM"';

test('a megabyte of lines reaches a reader that is slower, in order, also while the main thread is blocked', () => {
  const program = `
    import { Thread } from 'heddle';
    new Thread({ target: () => { for (let i = 0; i < 20_000; i++) console.log(i + ' ' + 'x'.repeat(50)); } }).start().joinSync();
    console.log('joined');`;
  // The pipe is full before its reader begins.
  const lines = shell(`${run} | (sleep 0.2; cat)`, program).trimEnd().split('\n');
  assert.deepEqual([lines.length, lines.at(-1)], [20_001, 'joined']);
  assert.ok(lines.slice(0, -1).every((line, i) => line === `${i} ${'x'.repeat(50)}`));
});

test('long lines of several threads stay whole', () => {
  const program = `
    import { Thread } from 'heddle';
    const say = (c) => { for (let i = 0; i < 10; i++) console.log(c.repeat(200_000)); };
    const threads = ['a', 'b', 'c'].map((c) => new Thread({ target: say, args: [c] }).start());
    for (const thread of threads) thread.joinSync();`;
  const lines = shell(`${run} | cat`, program).trimEnd().split('\n');
  assert.deepEqual([lines.length, lines.filter((line) => /^(?:a{200000}|b{200000}|c{200000})$/.test(line)).length], [30, 30]);
});

test('a thread that prints where nothing reads any more ends like any other', () => {
  const program = `
    import { writeSync } from 'node:fs';
    import { Thread } from 'heddle';
    const thread = new Thread({ target: () => { for (let i = 0; i < 20_000; i++) console.log('x'.repeat(50)); } }).start();
    writeSync(2, 'joined ' + thread.joinSync());`;
  assert.equal(shell(`{ ${run} 2>&3 | true; } 3>&1`, program), 'joined true');
});

/** A program whose thread prints into a pipe that is full, and is ended there. */
const stuck = `
  import { writeSync } from 'node:fs';
  import { Thread } from 'heddle';
  // Each program that shares the pipe, and ends, does so too.
  const unset = async () => {
    const { default: koffi } = await import('koffi');
    const fcntl = koffi.load(null).func('int fcntl(int, int, int)');
    fcntl(1, 4, fcntl(1, 3, 0) & ~0o4000);
  };
  const words = new Int32Array(new SharedArrayBuffer(4));
  const one = new Thread({ target: (out) => { for (;;) { Atomics.add(out, 0, 1); console.log('y'.repeat(999)); } }, args: [words] }).start();
  if (process.argv[1] === 'blocking') await unset();
  while (Atomics.load(words, 0) < 65) await new Promise((resolve) => setTimeout(resolve, 1));
  await one.terminate();
  const next = new Thread({ target: () => { for (;;) console.log('z'.repeat(999)); } }).start();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await next.terminate();
  writeSync(2, 'ended');`;

for (const mode of ['nonblocking', 'blocking']) {
  test(`terminate() ends a thread whose output nothing takes, in a ${mode} pipe; the lines in it are whole`, async (t) => {
    if (process.platform !== 'linux') return t.skip('needs /proc');
    if (process.env['HEDDLE_PLATFORM'] === 'none') return t.skip('needs native calls');
    const folder = mkdtempSync(join(tmpdir(), 'heddle-output-'));
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const both = openSync(path, 'r+');
    const child = spawn(process.execPath, ['--input-type=module', '-e', stuck, mode], { stdio: ['ignore', both, 'pipe'] });
    let told = '';
    child.stderr!.on('data', (chunk) => (told += String(chunk)));
    try {
      await once(child, 'close');
      assert.equal(told, 'ended');
      const bytes = Buffer.alloc(2 ** 20);
      const text = bytes.toString('latin1', 0, readSync(both, bytes));
      assert.ok(text.endsWith('\n'));
      assert.deepEqual(new Set(text.trimEnd().split('\n')), new Set(['y'.repeat(999)]));
    } finally {
      child.kill('SIGKILL');
      closeSync(both);
      rmSync(folder, { recursive: true });
    }
  });
}
