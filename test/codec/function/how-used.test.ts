import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionSyntax } from '#src/codec/function/analyse/function-syntax.js';
import { isReadOnly } from '#src/codec/function/analyse/how-used.js';

const values: Record<string, object> = {
  table: [1, 2, 3],
  config: { limit: 1, nested: 'text' },
  bytes: new Uint8Array(4),
  buffer: Buffer.from('abcd'),
  seen: new Set([1]),
  rates: new Map([['a', 1]]),
  rows: [{ a: 1 }],
  word: /a/,
  words: /a/g,
};

function reads(source: string): boolean {
  const { names } = functionSyntax(source).free;
  const used = [...names].filter(([name]) => name in values);
  assert.equal(used.length, 1);
  return used.every(([name, use]) => isReadOnly(use, values[name] as object));
}

const readOnly = [
  '(i) => table[i]',
  '() => table.length + 1',
  '() => config.limit > 3 ? config.nested : ""',
  '(x) => seen.has(x)',
  '(x) => rates.get(x) * 2',
  '() => { for (const x of table) use(x) }',
  '() => [...table].sort()',
  '() => ({ ...config })',
  '() => { const { limit } = config; return limit }',
  '(x) => table.includes(x) || table.some((y) => y > x)',
  '() => table.reduce((a, b) => a + b, 0)',
  '() => bytes[0] + bytes.length',
  '(x) => word.test(x)',
  '() => table.slice(1)',
  '() => ({ limit: config.limit })',
];

const changes = [
  '() => table.push(1)',
  '() => { table[0] = 1 }',
  '() => table[0]++',
  '() => { config.limit = 2 }',
  '() => delete config.limit',
  '() => { table = [] }',
  '() => other(table)',
  '() => table',
  '() => { const t = table; t.push(1) }',
  '() => table.sort()',
  '() => seen.add(1)',
  '() => bytes.buffer',
  '() => bytes.fill(1)',
  '() => bytes.subarray(1).fill(1)',
  '() => buffer.slice(1).fill(1)',
  '() => rows[0]',
  '() => { ({ a: config.limit } = { a: 1 }) }',
  '() => { [config.limit] = [1] }',
  '() => { for (config.limit of [1]); }',
  '() => table.forEach((x, i, all) => { all[0] = 1 })',
  '() => table.map(other)',
  '() => table.filter(function () { arguments[2].push(1) })',
  '(x) => words.test(x)',
];

for (const source of readOnly) test(`one copy is enough for ${source}`, () => assert.equal(reads(source), true));
for (const source of changes) test(`every call needs a copy for ${source}`, () => assert.equal(reads(source), false));
