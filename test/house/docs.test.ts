/** The runner of the docs' programs: that it finds them all and is not content with less than they promise. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { blocksOf, matches, promisedLines, stepsOf } from '../../tools/docs/blocks.ts';

const FENCE = '```';

test('a block of a Markdown document is missed or misplaced', () => {
  const text = [
    '# Title',
    `${FENCE}ts`,
    'a();',
    FENCE,
    '',
    '- x',
    `  ${FENCE}js file=b.js`,
    '  b();',
    `  ${FENCE}`,
    `${FENCE}sh`,
    'npm ci',
    FENCE,
  ];
  const found = blocksOf('a.md', text.join('\n'));
  assert.deepEqual(
    found.map(({ line, language, file, code }) => ({ line, language, file, code })),
    [
      { line: 3, language: 'ts', file: undefined, code: 'a();\n' },
      { line: 8, language: 'js', file: 'b.js', code: 'b();\n' },
    ],
  );
});

test('a block in a doc comment is missed, or one in code is taken for it', () => {
  const text = [
    '/**',
    ' * Says x.',
    ` * ${FENCE}ts`,
    ' * x(',
    ' *   1);',
    ` * ${FENCE}`,
    ' */',
    `const s = \`${FENCE}ts`,
    'no',
    `${FENCE}\`;`,
  ];
  const found = blocksOf('a.ts', text.join('\n'));
  assert.deepEqual(
    found.map(({ line, code }) => ({ line, code })),
    [{ line: 4, code: 'x(\n  1);\n' }],
  );
});

test('a program that prints less, more or other lines than it promises passes', () => {
  const promised = promisedLines('console.log(1); // prints: 1\nlog(2);\n// prints: 2\n// prints:\n') ?? [];
  assert.deepEqual(promised, ['1', '2', '']);
  assert.equal(promisedLines('console.log(1); // 1'), undefined);
  assert.equal(matches(['1', '2'], ['1', '2']), true);
  for (const printed of [[], ['1'], ['2', '1'], ['1', '2', '3']]) assert.equal(matches(['1', '2'], printed), false);
  assert.equal(matches(['1', '…', '9'], ['1', '2', '3', '9']), true);
  assert.equal(matches(['1', '…'], ['1']), true);
  assert.equal(matches(['1', '…', '9'], ['1', '2']), false);
});

test('a terminal session loses a command or its output', () => {
  assert.deepEqual(stepsOf('$ a\n1\n2\n$ b\n'), [
    { command: 'a', expected: ['1', '2'] },
    { command: 'b', expected: [] },
  ]);
});

test('the README grows past what one reads', () => {
  const lines = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8').split('\n');
  assert.ok(lines.length < 150);
});
