/** Names of docs/python-parity.md, held against Python's and against the exports of heddle. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as heddle from 'heddle';
import * as coroutine from 'heddle/coroutine';
import { pythonNames } from './names.ts';
import { faultsOf, type IsExported, loadedExports, reportedExports, rowsOf } from './parity-page.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

const page = read('docs/python-parity.md');
const lookups = {
  heddle: [loadedExports(heddle), reportedExports(read('api/heddle.api.md'))],
  'heddle/coroutine': [loadedExports(coroutine), reportedExports(read('api/coroutine.api.md'))],
};
const isExported: IsExported = (entryPoint, path) => lookups[entryPoint].some((has) => has(path));

test('every public name of Python has one row, which says what heddle calls it or why it is missing', () => {
  assert.deepEqual(faultsOf(page, pythonNames, isExported), []);
});

test('the tables hold hundreds of names of both kinds, and none is left for later', () => {
  const rows = rowsOf(page);
  const having = (here: RegExp): number => rows.filter((row) => here.test(row.here)).flatMap((row) => row.names).length;
  assert.ok(rows.flatMap((row) => row.names).length > 500);
  assert.ok(having(/^`/) > 150 && having(/^no$/) > 50);
  assert.equal(having(/^not yet/), 0);
});

test('an export is found by its name, and its members by those of its classes, interfaces and bases', () => {
  const found = [
    'Process',
    'Process.joinSync',
    'Event.isSet',
    'Timer.interval', // a field, only declared
    'Timer.join', // of Thread
    'DoneAndNotDone.notDone', // of an interface
    'ThreadRecord.isAlive',
    'InterpreterPoolExecutor.submit',
    'ResourceLimits.stackSizeMb',
    'Pool[Symbol.asyncDispose]',
    'FIRST_COMPLETED',
  ];
  const missing = ['Event_2', 'Process.exitcode', 'Process.length', 'Lock.put', 'Lock[Symbol.dispose]', 'Nothing', 'wait.join'];
  assert.deepEqual(
    [...found, ...missing].filter((path) => isExported('heddle', path)),
    found,
  );
  for (const path of ['Queue.getNowait', 'JoinableQueue.taskDone', 'LifoQueue.put', 'Channel.balance']) {
    assert.ok(isExported('heddle/coroutine', path), path);
    assert.ok(lookups['heddle/coroutine'][1]!(path), `${path} in the report`);
  }
});

const names = { m: ['A.run', 'A.run_all', 'B', 'C'] };
const exports: Readonly<Record<string, readonly string[]>> = { heddle: ['A.run', 'A.runAll'], 'heddle/coroutine': ['B'] };
const hasPlanted: IsExported = (entryPoint, path) => exports[entryPoint]!.includes(path);
const good = [
  '## `m`',
  '| `A.run` | `A.run` | |',
  '| `A.run_all` | `A.runAll` | ms |',
  '| `B` | `heddle/coroutine`: `B` | |',
  '| `C` | no | V8 |',
];
const planted = (at: number, ...lines: string[]): string[] => faultsOf(good.toSpliced(at, 1, ...lines).join('\n'), names, hasPlanted);

test('a page without faults passes, also with several names in a row', () => {
  assert.deepEqual(planted(0, '## `m`'), []);
  assert.deepEqual(
    faultsOf(['## `m`', '| `A.run`, `.run_all` | `A.run`, `A.runAll` | |', ...good.slice(3)].join('\n'), names, hasPlanted),
    [],
  );
  assert.deepEqual(planted(4, '| `C` | not yet | queues first |'), []);
});

for (const [what, faults, expected] of [
  ['without a row', planted(4), ['m C: no row']],
  ['with two rows', planted(4, good[4]!, good[4]!), ['m C: several rows (lines 5, 6)']],
  ['that Python does not have', planted(4, good[4]!, '| `D` | no | V8 |'), ['m D: Python has no such name (line 6)']],
  ['of another module', planted(4, '## `n`', good[4]!), ['m C: no row', 'n C: Python has no such name (line 6)']],
  ['whose counterpart is not exported', planted(1, '| `A.run` | `A.run`, `A.walk` | |'), ['line 2: heddle does not export A.walk']],
  [
    'whose counterpart another entry point does not export',
    planted(3, '| `B` | `heddle/coroutine`: `A.run` | |'),
    ['line 4: heddle/coroutine does not export A.run'],
  ],
  ['that is missing without a reason', planted(4, '| `C` | no | |'), ['line 5: C is said to be missing, without a reason']],
  [
    'that is said to be missing, and is exported',
    planted(2, '| `A.run_all` | not yet | later |'),
    ['line 3: A.runAll is said to be missing, and is exported'],
  ],
  [
    'that came under the name that was announced',
    planted(4, '| `C` | not yet: `A.run` | later |'),
    ['line 5: A.run is said to be missing, and is exported'],
  ],
  ['without an answer', planted(4, '| `C` | soon | later |'), ['line 5: C names nothing']],
] as const) {
  test(`a name ${what} is a fault`, () => assert.deepEqual(faults, expected));
}

test('a counterpart of coroutines is a fault once heddle itself has one', () => {
  const both: IsExported = (_, path) => ['A.run', 'A.runAll', 'B'].includes(path);
  assert.deepEqual(faultsOf(good.join('\n'), names, both), ['line 4: heddle itself exports B']);
});
