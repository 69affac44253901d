/** When the progress is shown, and how. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { heddle, jobs, lines, main, root } from './heddle.ts';

const folder = mkdtempSync(join(tmpdir(), 'progress-'));
after(() => rmSync(folder, { recursive: true }));

test('progress is shown where nobody asked for it, or not where somebody did', async () => {
  assert.equal((await heddle(['map', jobs, 'a', 'b'])).stderr, '');
  assert.equal((await heddle(['map', jobs, '--no-progress', 'a'])).stderr, '');
  const { stdout, stderr } = await heddle(['map', jobs, '--progress', 'a', 'b']);
  assert.equal(stdout, '"A"\n"B"\n');
  assert.match(stderr, /^jobs\.mjs: 2 of 2 \(100 %\), [\d.,]+\/(s|min), 0:\d\d\n$/);
});

const hasScript = spawnSync('script', ['--version']).status === 0;

/** Runs it on a pseudo-terminal and gives what the terminal got. */
async function onTerminal(...args: string[]): Promise<string> {
  const command = [process.execPath, main, 'map', ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: root,
    env: { ...process.env, LC_ALL: 'C.UTF-8', TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await new Promise((resolve) => child.once('close', resolve));
  return output.replaceAll('\r\n', '\n');
}

const needsScript = hasScript ? false : 'needs script(1), which makes a pseudo-terminal';

test('the bar does not move', { skip: needsScript }, async () => {
  const file = join(folder, 'many.txt');
  writeFileSync(file, 'an item\n'.repeat(20_000));
  const output = await onTerminal(`${jobs}#slowly`, '--lines', file, '--out', '/dev/null');
  assert.match(output, /^slowly  .*\r\x1b\[2Kslowly  .* 100 %  20,000\/20,000  [\d,]+\/s  \d:\d\d\n$/s);
});

test('on a terminal there is no bar, or it is mixed with the results', { skip: needsScript }, async () => {
  const output = await onTerminal(`${jobs}#pick`, 'a', 'x', 'b');
  assert.match(output, /━+ {2}100 % {2}3\/3 {2}.* {2}1 failed\n/);
  // What stays on the screen, each result on a line of its own.
  const screen = lines(output).map((line) => line.slice(line.lastIndexOf('\x1b[2K') + 1).replace('[2K', ''));
  for (const result of ['"a"', '"b"']) assert.ok(screen.includes(result), output);
  assert.ok(screen.some((line) => line.startsWith('item 2 ("x"): TypeError: no x here')));
  assert.ok(!(await onTerminal(jobs, '--no-progress', 'a')).includes('\x1b'));
});
