/** The parts of the command line: flags, hints, results as JSON, the order of results. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { parseFlags, wholeNumber } from '#src/cli/flags.js';
import { describeError } from '#src/cli/map/describe-error.js';
import { jsonText } from '#src/cli/map/json-text.js';
import { Order } from '#src/cli/map/order.js';
import { nearest, UsageError } from '#src/cli/usage-error.js';

const FLAGS = [
  { name: 'jobs', short: 'j', value: 'N', text: '' },
  { name: 'out', value: 'FILE', text: '' },
  { name: 'progress', negatable: true, text: '' },
  { name: 'threads', text: '' },
] as const;

const parse = (...argv: string[]): unknown => {
  const { values, switches, words } = parseFlags(argv, FLAGS);
  return { ...values, ...switches, words };
};

const refusal = (...argv: string[]): string => {
  try {
    return `accepted: ${JSON.stringify(parse(...argv))}`;
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
};

test('a flag is read in every way of writing', () => {
  for (const way of [['--jobs', '4'], ['--jobs=4'], ['-j4'], ['-j', '4'], ['-j=4']])
    assert.deepEqual(parse(...way, 'a'), { jobs: '4', words: ['a'] }, way.join(' '));
  assert.deepEqual(parse('a', '--progress', 'b', '--out', '-'), { progress: true, out: '-', words: ['a', 'b'] });
  assert.deepEqual(parse('--no-progress', '-'), { progress: false, words: ['-'] });
  assert.deepEqual(parse('--out=--x', '--', '--jobs', '--'), { out: '--x', words: ['--jobs', '--'] });
});

test('a mistake in a flag is explained', () => {
  assert.equal(refusal('--jbos', '4'), 'unknown flag --jbos; did you mean --jobs?');
  assert.equal(refusal('--thread'), 'unknown flag --thread; did you mean --threads?');
  assert.equal(refusal('--no-progres'), 'unknown flag --no-progres; did you mean --no-progress?');
  assert.equal(refusal('--no-threads'), 'unknown flag --no-threads; did you mean --threads?');
  assert.equal(refusal('--zzz=1'), 'unknown flag --zzz; if it is an item, write -- before the items');
  assert.equal(refusal('-5'), 'unknown flag -5; if it is an item, write -- before the items');
  assert.equal(refusal('--jobs'), '--jobs needs a value: --jobs N');
  assert.equal(refusal('--out', '--threads'), '--out needs a value: --out FILE; if --threads is the value, write --out=--threads');
  assert.equal(refusal('--threads=yes'), '--threads takes no value, got "yes"');
  assert.equal(refusal('-j1', '-j2'), '-j is given twice');
});

test('an invalid number is refused', () => {
  assert.equal(wholeNumber('12', 'jobs', 1), 12);
  assert.equal(wholeNumber(undefined, 'jobs', 1), undefined);
  for (const text of ['0', '-1', '1.5', '1e3', 'x', '', ' 1', '99999999999999999999']) {
    assert.throws(() => wholeNumber(text, 'jobs', 1), { message: `expected --jobs to be an integer >= 1, got "${text}"` });
  }
});

test('a hint leads to the right flag', () => {
  assert.equal(nearest('unorderd', ['unordered', 'out']), 'unordered');
  assert.equal(nearest('mpa', ['map', 'doctor']), 'map');
  assert.equal(nearest('prog', ['progress', 'processes']), 'progress');
  assert.equal(nearest('zebra', ['map', 'doctor']), undefined);
  assert.equal(nearest('', ['map']), undefined);
});

test('a result is unchanged on its way to JSON', () => {
  assert.equal(jsonText(undefined), 'null');
  assert.equal(jsonText({ a: [1, 'x\n', null, true, undefined], b: undefined }), '{"a":[1,"x\\n",null,true,null]}');
  assert.equal(jsonText(new Date(0)), '"1970-01-01T00:00:00.000Z"');
  assert.equal(jsonText('\ud800'), '"\\ud800"');
  const shared = { x: 1 };
  assert.equal(jsonText([shared, shared]), '[{"x":1},{"x":1}]');
});

test('a result that JSON cannot hold is refused', () => {
  const refused = (value: unknown): string => {
    try {
      return `accepted: ${jsonText(value)}`;
    } catch (error) {
      return describeError(error).replace(/ \(at .*/, '');
    }
  };
  const cycle: { self?: unknown } = {};
  cycle.self = { cycle };
  assert.equal(refused(1n), 'TypeError: result: JSON cannot hold a BigInt (1n)');
  assert.equal(refused({ seen: new WeakSet() }), 'TypeError: result.seen: JSON cannot hold a WeakSet');
  assert.equal(refused((function* () {})()), 'TypeError: result: JSON cannot hold a generator: return [...it]');
  assert.equal(refused({ rows: [{ id: 5n }] }), 'TypeError: result.rows[0].id: JSON cannot hold a BigInt (5n)');
  assert.equal(refused(cycle), 'TypeError: result.self.cycle: JSON cannot hold a cycle');
  assert.equal(refused({ 'a b': NaN }), 'TypeError: result["a b"]: JSON cannot hold NaN');
  assert.equal(refused([Infinity]), 'TypeError: result[0]: JSON cannot hold Infinity');
  assert.equal(
    refused(() => 1),
    'TypeError: result: JSON cannot hold a function',
  );
  assert.match(refused(new Map()), /^TypeError: result: JSON cannot hold a Map: /);
  assert.match(refused({ s: new Set() }), /^TypeError: result\.s: JSON cannot hold a Set: /);
  assert.match(refused(new Float64Array(1)), /^TypeError: result: JSON cannot hold a Float64Array: /);
  assert.match(refused(new Error('x')), /^TypeError: result: JSON cannot hold an Error: /);
});

test('any thrown value is told in one line', () => {
  const told = (error: unknown): string => describeError(error).replace(/ \(at .*\)$/, ' (at …)');
  assert.equal(told(new RangeError('a\n  b')), 'RangeError: a | b (at …)');
  assert.equal(told(new Error('a', { cause: new TypeError('b') })), 'Error: a; caused by TypeError: b (at …)');
  assert.equal(told('text'), "threw 'text'");
  assert.equal(told(undefined), 'threw undefined');
  assert.equal(told({ code: 1 }), 'threw { code: 1 }');
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('no');
      },
    },
  ); // prettier-ignore
  assert.equal(told(hostile), 'threw something that cannot be shown');
});

test('results come in order, and a slow one does not block without end', async () => {
  const order = new Order();
  assert.deepEqual(order.put(1, 'b'), []);
  assert.deepEqual(order.put(2, null), []);
  assert.deepEqual(order.put(0, 'a'), ['a', 'b']);
  assert.deepEqual(order.put(3, null), []);
  assert.deepEqual([order.put(6, 'g'), order.put(5, 'f')], [[], []]);
  assert.deepEqual(order.rest(), ['f', 'g']);
});

test('results behind a slow one are bounded', async () => {
  const order = new Order();
  let index = 1;
  while (!order.isFull) order.put(index++, 'x');
  const room = order.room();
  assert.equal(order.put(0, 'first').length, index);
  await room;
});
