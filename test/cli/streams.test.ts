/** `heddle map` between other programs: endless input, slow and vanishing readers, pipes and full disks. */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { heddle, jobs, kinds, main, root, type Running, start } from './heddle.ts';

const isLinux = process.platform === 'linux';

/** Writes lines for as long as they are taken. */
function feedForEver({ child }: Running): () => number {
  const block = 'some line of text that is an item\n'.repeat(2000);
  let taken = 0;
  const feed = (): void => {
    while (child.stdin.writable) {
      taken += block.length;
      if (!child.stdin.write(block)) break;
    }
  };
  child.stdin.on('drain', feed);
  feed();
  return () => taken;
}

/** Peak of a process' memory, in MB. */
function peakMemory(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

for (const kind of kinds) {
  test(`endless input does not fill the memory with ${kind}`, { skip: isLinux ? false : 'needs /proc' }, async () => {
    const running = start(['map', `${jobs}#same`, kind, '-j', '2', '--lines', '-'], { unread: true });
    feedForEver(running);
    let bytes = 0;
    for await (const chunk of running.child.stdout) if ((bytes += (chunk as Buffer).length) > 20e6) break;
    const peak = peakMemory(running.child.pid!);
    running.child.stdin.destroy();
    assert.equal((await running.ended).code, 0);
    assert.ok(peak < 400, `${peak} MB after 20 MB of results`);
  });

  test(`a reader that stops stops the reading with ${kind}`, async () => {
    const running = start(['map', `${jobs}#same`, kind, '-j', '2', '--lines', '-'], { unread: true });
    const taken = feedForEver(running);
    await new Promise((resolve) => running.child.stdout.once('readable', resolve));
    // Pipes and buffers are full when nothing more is taken for a while.
    for (let before = -1, calm = 0; calm < 20; before = taken()) {
      await pause(25);
      calm = taken() === before ? calm + 1 : 0;
      assert.ok(taken() < 60e6, 'it goes on reading');
    }
    running.child.kill('SIGINT');
    running.child.stdin.destroy();
    running.child.stdout.resume();
    const { code, stderr } = await running.ended;
    assert.equal(code, 130);
    assert.match(stderr, /^heddle: interrupted; [\d,]+ results are written$/m);
  });
}

test('a result does not wait for items that have not come yet', async () => {
  const running = start(['map', `${jobs}#same`, '--lines', '-']);
  for (const item of ['a', 'b', 'c']) {
    running.child.stdin.write(`${item}\n`);
    await running.until(({ stdout }) => stdout.endsWith(`"${item}"\n`));
  }
  running.child.stdin.end();
  assert.equal((await running.ended).code, 0);
});

test('a reader that had enough is noticed, and not an error', async () => {
  const program = `yes | "${process.execPath}" "${main}" map "${jobs}" --lines - | head -n 1; echo "codes \${PIPESTATUS[*]}"`;
  const shell = spawn('bash', ['-c', program], { cwd: root });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  await new Promise((resolve) => shell.once('close', resolve));
  assert.match(output, /^"Y"\ncodes \d+ 0 0\n$/);
});

test('a full disk is reported', { skip: isLinux ? false : 'needs /dev/full' }, async () => {
  const { code, stderr } = await heddle(['map', jobs, '--out', '/dev/full', 'a']);
  assert.deepEqual([code, stderr], [1, 'heddle map: cannot write /dev/full: the disk is full\n']);
});

test('a pipe that is named as a file does not keep an interrupted program', {
  skip: isLinux ? false : 'needs mkfifo and its rules on Linux',
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pipe-'));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  // Opened for both, it waits for no peer, and never ends for its reader.
  const fd = openSync(pipe, 'r+');
  try {
    const running = start(['map', jobs, '--lines', pipe]);
    writeSync(fd, 'a\n');
    await running.until(({ stdout }) => stdout === '"A"\n');
    running.child.kill('SIGINT');
    assert.equal((await running.ended).code, 130);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});

test('an interrupt is heard while the input is silent', async () => {
  const running = start(['map', jobs, '--lines', '-']);
  running.child.stdin.write('a\n');
  await running.until(({ stdout }) => stdout === '"A"\n');
  running.child.kill('SIGINT');
  assert.equal((await running.ended).code, 130);
});
