/** The first look of a new user at the program. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { heddle, lines, root } from './heddle.ts';

test('help fits the terminal, and is not an error', async () => {
  for (const args of [
    ['--help'],
    ['-h'],
    ['help'],
    ['help', 'map'],
    ['map', '--help'],
    ['map', '-h'],
    ['doctor', '--help'],
    ['help', 'doctor'],
  ]) {
    const { code, stdout, stderr } = await heddle(args);
    assert.deepEqual([code, stderr], [0, ''], args.join(' '));
    assert.match(stdout, /\nUsage\n {2}heddle /);
    for (const line of lines(stdout)) assert.ok(line.length <= 100 && line === line.trimEnd(), line);
  }
});

test('help has every flag', async () => {
  const { stdout } = await heddle(['map', '--help']);
  for (const flag of [
    '--lines',
    '--json',
    '--glob',
    '-j, --jobs',
    '--threads',
    '--processes',
    '--unordered',
    '--chunk',
    '--retries N',
    '--backoff MS',
    '--timeout MS',
    '--out',
    '--journal',
    '--progress, --no-progress',
  ]) {
    assert.ok(stdout.includes(flag), flag);
  }
});

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };
  assert.deepEqual(await heddle(['--version']), { code: 0, signal: null, stdout: `${version}\n`, stderr: '' });
});

test('a mistyped command is explained', async () => {
  const says = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await heddle(args);
    assert.deepEqual([code, stdout], [2, '']);
    return stderr;
  };
  assert.equal(await says('mpa'), 'heddle: unknown command mpa; did you mean map?\nTry: heddle --help\n');
  assert.equal(await says('--versoin'), 'heddle: unknown flag --versoin; did you mean --version?\nTry: heddle --help\n');
  assert.equal(await says('help', 'doctr'), 'heddle: there is no command doctr; did you mean doctor?\nTry: heddle --help\n');
  assert.match(await says(), /^heddle: run a function over many items/);
  assert.equal(await says('doctor', 'x'), 'heddle doctor: doctor takes no arguments, got x\nTry: heddle doctor --help\n');
});
