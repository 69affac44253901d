/** Ctrl-C and other signals: finished results are written, nothing more begins, no process is left behind. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Interrupt } from '#src/cli/map/interrupt.js';
import { fixtures, gone, jobs, kinds, lines, type Running, start } from './heddle.ts';

const folder = mkdtempSync(join(tmpdir(), 'interrupt-'));
after(() => rmSync(folder, { recursive: true }));

/** Resolves when it has handled the signal, and everything else. */
async function handled({ child }: Running): Promise<void> {
  for (let calm = 0; calm < 5 && child.exitCode === null; ) {
    await pause(2);
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    calm = /^State:\tS/m.test(status) && /^ShdPnd:\t0+$/m.test(status) ? calm + 1 : 0;
  }
}

const needsProc = process.platform === 'linux' ? false : 'needs /proc';

const begun = ({ stderr }: Running): boolean => /begun in \d+/.test(stderr);
const workerOf = ({ stderr }: Running): number => Number(/begun in (\d+)/.exec(stderr)![1]);

for (const kind of kinds) {
  test(`an interrupt keeps finished results, and leaves no process behind, with ${kind}`, async () => {
    const running = start(['map', `${jobs}#wait`, kind, '-j', '2', '--chunk', '1', 'a', 'stay', 'b', 'c']);
    await running.until((now) => begun(now) && now.stdout.includes('"a"'));
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 130);
    assert.equal(lines(stdout)[0], '"a"');
    assert.match(stderr, /^heddle: interrupted; \d+ results? (is|are) written$/m);
    assert.ok(!stderr.includes('failed'));
    if (kind === '--processes') await gone(workerOf(running));
  });

  test(`an interrupt ends a busy loop, with ${kind}`, async () => {
    const running = start(['map', `${jobs}#spinLater`, kind, 'stay']);
    await running.until(begun);
    running.child.kill('SIGINT');
    assert.equal((await running.ended).code, 130);
    if (kind === '--processes') await gone(workerOf(running));
  });

  test(`Ctrl-C, which reaches every process, is not taken for a lost worker, with ${kind}`, async () => {
    const running = start(['map', `${jobs}#wait`, kind, '-j', '2', 'a', 'stay'], { detached: true });
    await running.until((now) => begun(now) && now.stdout.includes('"a"'));
    process.kill(-running.child.pid!, 'SIGINT');
    const { code, stdout, stderr } = await running.ended;
    assert.deepEqual([code, stdout], [130, '"a"\n']);
    assert.ok(!stderr.includes('WorkerLost'), stderr);
  });

  test(`no item begins after the interrupt, with ${kind}`, { skip: needsProc }, async () => {
    const go = join(folder, `go${kind}`);
    const running = start(['map', `${fixtures}effects.mjs#hold`, kind, '-j', '2', '--chunk', '1', '--lines', '-'], { env: { GO: go } });
    for (let item = 1; item <= 20; item++) running.child.stdin.write(`${item}\n`);
    await running.until(({ stderr }) => lines(stderr).length === 2);
    running.child.kill('SIGINT');
    await handled(running);
    writeFileSync(go, '');
    const { code, stdout, stderr } = await running.ended;
    assert.deepEqual([code, stdout], [130, '"1"\n"2"\n']);
    assert.deepEqual(lines(stderr).sort(), ['begun 1', 'begun 2', 'heddle: interrupted; 2 results are written']);
  });

  for (const [signal, number] of [
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    test(`${signal} leaves no worker behind, with ${kind}`, async () => {
      const running = start(['map', `${jobs}#spinLater`, kind, 'stay']);
      await running.until(begun);
      running.child.kill(signal);
      assert.equal((await running.ended).code, 128 + number);
      if (kind === '--processes') await gone(workerOf(running));
    });
  }

  test(`a SIGKILL leaves no worker behind, with ${kind}`, async () => {
    const running = start(['map', `${jobs}#spinLater`, kind, '-j', '2', 'stay', 'stay']);
    await running.until(({ stderr }) => lines(stderr).length === 2);
    running.child.kill('SIGKILL');
    assert.equal((await running.ended).signal, 'SIGKILL');
    for (const line of lines(running.stderr)) await gone(Number(/begun in (\d+)/.exec(line)![1]));
  });
}

test('a second interrupt ends at once', {
  skip: process.platform === 'linux' ? false : 'needs mkfifo and its rules on Linux',
}, async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  // Held open, filled, and never read: what is done cannot be written.
  const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    assert.throws(() => {
      for (;;) writeSync(fd, Buffer.alloc(1));
    }, /EAGAIN/);
    const running = start(['map', `${jobs}#chatty`, '--out', pipe, 'a']);
    await running.until(({ stderr }) => stderr.includes('and more'));
    running.child.kill('SIGINT');
    await handled(running);
    assert.equal(running.child.exitCode, null);
    while (running.child.exitCode === null) {
      running.child.kill('SIGINT');
      await pause(20);
    }
    const { code, stderr } = await running.ended;
    assert.deepEqual([code, stderr], [130, 'working on a\nand more\n']);
  } finally {
    closeSync(fd);
  }
});

test('one Ctrl-C that comes twice, as under npm, counts once', (t) => {
  let now = 1000;
  const exits: unknown[] = [];
  t.mock.method(performance, 'now', () => now);
  t.mock.method(process, 'exit', (code: unknown) => exits.push(code));
  const interrupt = new Interrupt();
  try {
    let stops = 0;
    interrupt.onStop(
      () => stops++,
      () => {},
    );
    for (const at of [1000, 1000, 1099]) {
      now = at;
      process.emit('SIGINT');
      assert.deepEqual([interrupt.isStopped, stops, exits], [true, 1, []]);
    }
    now = 1100;
    process.emit('SIGINT');
    assert.deepEqual([stops, exits], [1, [130]]);
  } finally {
    interrupt.close();
  }
});
