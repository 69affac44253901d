import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inheritedExecArgv } from '#src/worker/start/exec-argv.js';

const cases: [string, string[], string[]][] = [
  [
    'a loader is not inherited',
    ['--import', 'tsx', '--conditions=x', '-r', './a.cjs'],
    ['--import', 'tsx', '--conditions=x', '-r', './a.cjs'],
  ],
  ['the program of -e runs again in the worker', ['-e', 'code()', '--import', 'tsx'], ['--import', 'tsx']],
  ['the program of --eval= runs again in the worker', ['--eval=code()', '--no-warnings'], ['--no-warnings']],
  ['the input type of -e stays', ['--input-type=module', '-e', 'code()'], []],
  ['a worker listens on the port of the debugger', ['--inspect', '--inspect-brk=9229', '--expose-gc'], ['--expose-gc']],
  ['a worker becomes a test runner', ['--test', '--test-reporter', 'tap', '--test-concurrency=2', '--expose-gc'], ['--expose-gc']],
  ['a worker watches files', ['--watch', '--watch-path', 'src', '--expose-gc'], ['--expose-gc']],
];

for (const [name, given, kept] of cases) test(name, () => assert.deepEqual(inheritedExecArgv(given), kept));
