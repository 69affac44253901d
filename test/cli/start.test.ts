/** `npm start`, on fewer files. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { heddle, lines, root } from './heddle.ts';

interface Count {
  path: string;
  bytes: number;
  lines: number;
  words: number;
  distinctWords: number;
  sha256: string;
}

test('the job counts and hashes rightly', async () => {
  const { code, stdout } = await heddle(['map', 'build/examples/hash-and-count.js#hashAndCount', 'README.md', 'package-lock.json']);
  assert.equal(code, 0);
  for (const line of lines(stdout)) {
    const { path, ...count } = JSON.parse(line) as Count;
    const bytes = readFileSync(root + path);
    const words = (bytes.toString().match(/[\p{L}\p{N}_]+/gu) ?? []).map((word) => word.normalize('NFKC').toLowerCase());
    assert.equal(count.sha256, createHash('sha256').update(bytes).digest('hex'));
    assert.deepEqual(
      [count.bytes, count.lines, count.words, count.distinctWords],
      [bytes.length, bytes.toString().split('\n').length - 1, words.length, new Set(words).size],
    );
  }
});

const start = (pattern: string): Promise<{ code: number; output: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['build/examples/start.js', pattern], { cwd: root }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });

test('the totals are right, and those of one core and of all agree', async () => {
  const { code, output } = await start('src/**/*.ts');
  assert.equal(code, 0, output);
  const files = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  assert.match(output, new RegExp(`^ {2}files {6}${files.length}$`, 'm'));
  assert.match(output, /^ {2}speed-up {3}\d+\.\d\d times, start-up included$/m);
  assert.match(output, /^Both runs gave the same totals\.$/m);
});

test('a start without any file is a failure', async () => {
  const { code, output } = await start('no/such/*');
  assert.equal(code, 1);
  assert.match(output, /No file matches no\/such\/\*\./);
});
