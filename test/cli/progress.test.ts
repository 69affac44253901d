/** When the progress is shown, and how. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { needsScript, onTerminal, screenOf } from '../progress/screen.ts';
import { heddle, jobs, kinds, lines, main, root } from './heddle.ts';

const folder = mkdtempSync(join(tmpdir(), 'progress-'));
after(() => rmSync(folder, { recursive: true }));

test('progress is shown exactly where it was asked for', async () => {
  assert.equal((await heddle(['map', jobs, 'a', 'b'])).stderr, '');
  assert.equal((await heddle(['map', jobs, '--no-progress', 'a'])).stderr, '');
  const { stdout, stderr } = await heddle(['map', jobs, '--progress', 'a', 'b']);
  assert.equal(stdout, '"A"\n"B"\n');
  assert.match(stderr, /^jobs\.mjs: 2 of 2 \(100 %\), [\d.,]+\/(s|min), 0:\d\d\n$/);
});

/** Runs `heddle map` on a pseudo-terminal and gives what the terminal got. */
function mapOnTerminal(...args: string[]): Promise<string> {
  return onTerminal([main, 'map', ...args], root);
}

test('the bar moves', { skip: needsScript }, async () => {
  const file = join(folder, 'many.txt');
  writeFileSync(file, 'an item\n'.repeat(20_000));
  const output = await mapOnTerminal(`${jobs}#slowly`, '--lines', file, '--out', '/dev/null');
  assert.match(output, /^slowly  .*\r\x1b\[2Kslowly  .* 100 %  20,000\/20,000  [\d,]+\/s  \d:\d\d\n$/s);
});

test('on a terminal there is a bar, apart from the results', { skip: needsScript }, async () => {
  const output = await mapOnTerminal(`${jobs}#pick`, 'a', 'x', 'b');
  assert.match(output, /━+ {2}100 % {2}3\/3 {2}.* {2}1 failed\n/);
  // The final screen, each result on its own line.
  const screen = lines(output).map((line) => line.slice(line.lastIndexOf('\x1b[2K') + 1).replace('[2K', ''));
  for (const result of ['"a"', '"b"']) assert.ok(screen.includes(result), output);
  assert.ok(screen.some((line) => line.startsWith('item 2 ("x"): TypeError: no x here')));
  assert.ok(!(await mapOnTerminal(jobs, '--no-progress', 'a')).includes('\x1b'));
});

for (const kind of kinds) {
  test(`${kind}: the output of workers while the bar is drawn begins on a new line`, { skip: needsScript }, async () => {
    const items = Array.from({ length: 60 }, (_, i) => `${i}`);
    const output = await mapOnTerminal(`${jobs}#printing`, kind, '-j', '2', '--out', '/dev/null', ...items);
    assert.ok(output.indexOf('━') < output.lastIndexOf('printed'), 'a bar was drawn before the last was printed');
    const printed = screenOf(output).filter((row) => row.includes('printed'));
    assert.deepEqual(printed.toSorted(), items.flatMap((item) => [`${item} is printed`, `${item} is printed as an error`]).toSorted());
    assert.match(screenOf(output).at(-1)!, / 100 % {2}60\/60 /);
  });
}
