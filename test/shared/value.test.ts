/** A Value in one thread: types, ranges, errors, sums, updates. (Between threads and processes: between.test.ts.) */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { InvalidStateError, RawValue, type Settable, TimeoutError, type TypeCode } from 'heddle';
import { Lock, RLock, Value } from '../sync/made.js';

type Any = Value<TypeCode>;
const make = (code: string, initial?: unknown): Any => new Value(code as TypeCode, initial as Settable<TypeCode> | undefined);

const integers: Record<string, [least: number, most: number]> = {
  int8: [-128, 127],
  b: [-128, 127],
  uint8: [0, 255],
  B: [0, 255],
  int16: [-32768, 32767],
  h: [-32768, 32767],
  uint16: [0, 65535],
  H: [0, 65535],
  int32: [-2147483648, 2147483647],
  i: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
  I: [0, 4294967295],
};
const signed: [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];
const unsigned: [bigint, bigint] = [0n, 2n ** 64n - 1n];
const bigints: Record<string, [bigint, bigint]> = { int64: signed, l: signed, q: signed, uint64: unsigned, L: unsigned, Q: unsigned };

for (const [code, [least, most]] of Object.entries(integers)) {
  test(`'${code}' holds integers from ${least} to ${most} and refuses all else, naming the type`, () => {
    const value = make(code);
    assert.equal(value.value, 0);
    for (const good of [least, most, 1, -0]) {
      value.value = good;
      assert.equal(value.value, good + 0);
      assert.equal(make(code, good).value, good + 0);
    }
    for (const bad of [least - 1, most + 1, 0.5, NaN, Infinity]) {
      const message = {
        name: 'RangeError',
        message: `expected value of type '${code}' to be an integer from ${least} to ${most}, got ${bad}`,
      };
      assert.throws(() => (value.value = bad), message);
      assert.throws(() => make(code, bad), message);
    }
    for (const bad of ['1', 1n, true, null, {}]) {
      assert.throws(() => (value.value = bad as number), { name: 'TypeError', message: new RegExp(`of type '${code}' to be an integer`) });
      assert.throws(() => make(code, bad), TypeError);
    }
    assert.equal(value.value, 0);
  });

  test(`'${code}' adds up to its bounds and not beyond`, () => {
    const value = make(code, most - 1);
    assert.equal(value.add(1), most);
    assert.throws(() => value.add(1), {
      name: 'RangeError',
      message: new RegExp(`the sum in a value of type '${code}' .* got ${most + 1}`),
    });
    assert.equal(value.add((least - most) as never), least);
    assert.throws(() => value.add(-1), RangeError);
    for (const bad of [0.5, NaN]) assert.throws(() => value.add(bad), RangeError);
    for (const bad of ['1', 1n, undefined]) assert.throws(() => value.add(bad as never), TypeError);
    assert.equal(value.value, least);
  });
}

for (const [code, [least, most]] of Object.entries(bigints)) {
  test(`'${code}' gives bigints and takes integers of both kinds`, () => {
    const value = make(code);
    assert.equal(value.value, 0n);
    for (const good of [least, most, 5n]) {
      value.value = good;
      assert.equal(value.value, good);
    }
    value.value = 7;
    assert.equal(value.value, 7n);
    for (const bad of [least - 1n, most + 1n, 2 ** 64, 0.5, NaN])
      assert.throws(() => (value.value = bad), {
        name: 'RangeError',
        message: new RegExp(`of type '${code}' to be a bigint or an integer from ${least} to ${most}, got `),
      });
    for (const bad of ['1', false]) assert.throws(() => (value.value = bad), TypeError);
    assert.equal(value.add(3n), 10n);
    assert.equal(value.add(-3 as never), 7n);
    value.value = most;
    assert.throws(() => value.add(1), RangeError);
    assert.throws(() => value.add(0.5), RangeError);
    assert.throws(() => value.add('1' as never), TypeError);
    assert.equal(value.value, most);
  });
}

test("'d' and 'float64' hold every number as it is", () => {
  for (const code of ['d', 'float64'] as const) {
    const value = new Value(code);
    for (const good of [0.1, -0, NaN, Infinity, -Infinity, Number.MAX_VALUE, 5e-324]) {
      value.value = good;
      assert.ok(Object.is(value.value, good));
    }
    for (const bad of [1n, '1', undefined, true])
      assert.throws(() => (value.value = bad as never), { name: 'TypeError', message: /of type '.*' to be a number/ });
    value.value = 0.1;
    assert.equal(value.add(0.2), 0.1 + 0.2);
    assert.equal(value.value, 0.1 + 0.2);
  }
});

test("'f' and 'float32' round, and refuse a number that would become infinite", () => {
  for (const code of ['f', 'float32'] as const) {
    const value = new Value(code, 0.1);
    assert.equal(value.value, Math.fround(0.1));
    for (const good of [NaN, Infinity, -Infinity, -0]) {
      value.value = good;
      assert.ok(Object.is(value.value, good));
    }
    assert.throws(() => (value.value = 1e39), {
      name: 'RangeError',
      message: new RegExp(`of type '${code}' to be a number from -3.4.*, got 1e\\+39`),
    });
    value.value = 3e38;
    assert.throws(() => value.add(3e38), RangeError);
    assert.equal(value.value, Math.fround(3e38));
    value.value = 1;
    assert.equal(value.add(0.1), Math.fround(1.1));
  }
});

test('booleans and characters: what they take and give, and no sums of them', () => {
  for (const code of ['bool', '?'] as const) {
    const value = new Value(code);
    assert.equal(value.value, false);
    value.value = true;
    assert.equal(value.value, true);
    for (const bad of [1, 'true', null])
      assert.throws(() => (value.value = bad as never), { name: 'TypeError', message: /to be a boolean/ });
    assert.throws(() => value.add(1 as never), { name: 'TypeError', message: /it is not a number/ });
  }
  const char = new Value('c', 'x');
  assert.equal(char.value, 'x');
  char.value = 255;
  assert.equal(char.value, 'ÿ');
  for (const bad of ['Ā', 256, -1, NaN])
    assert.throws(() => (char.value = bad), { name: 'RangeError', message: /of type 'c' to be one character/ });
  for (const bad of ['', 'ab', 1n]) assert.throws(() => (char.value = bad as string), { name: 'TypeError', message: /of type 'c'/ });
  assert.throws(() => char.add(1 as never), TypeError);
});

test('a type that is not known is refused, and the known ones are listed', () => {
  for (const bad of ['int', 'u', '', 1, undefined, 'toString'])
    assert.throws(() => make(bad as string), { name: 'TypeError', message: /expected type to be one of 'int8' .* 'c', got / });
});

test('options: a lock of ones own, none, a new one; others are refused', () => {
  const [lock, rlock] = [new Lock(), new RLock()];
  assert.equal(new Value('i', 0, { lock }).getLock(), lock);
  assert.equal(new Value('i', 0, { lock: rlock }).getLock(), rlock);
  for (const options of [undefined, {}, { lock: true }, { lock: undefined }]) {
    const value = new Value('i', 0, options);
    assert.ok(value.getLock() instanceof Lock);
    assert.equal(value.getLock(), value.getLock());
  }
  for (const bad of [0, 'lock', {}])
    assert.throws(() => new Value('i', 0, { lock: bad as unknown as boolean }), {
      name: 'TypeError',
      message: /expected lock to be a boolean, a Lock or an RLock/,
    });
  assert.throws(() => new Value('i', 0, { loc: false } as never), /unknown key 'loc'/);
});

test('without a lock there is no update, and all else works', async () => {
  for (const value of [new RawValue('i', 1), new Value('i', 1, { lock: false })]) {
    assert.throws(() => value.getLock(), InvalidStateError);
    await assert.rejects(
      value.update((n) => n),
      { name: 'InvalidStateError', message: /has no lock: it was made with \{ lock: false \}/ },
    );
    assert.throws(() => value.updateSync((n) => n), InvalidStateError);
    assert.equal(value.add(1), 2);
    assert.deepEqual(value.statistics(), { bytes: 4, locked: false, waiting: 0 });
  }
  assert.ok(new RawValue('d') instanceof Value);
});

test('update: the number that the function gives, under the lock', async () => {
  const value = new Value('i', 1);
  const seen: unknown[] = [];
  assert.equal(await value.update((n) => (seen.push(n, value.getLock().locked()), n + 1)), 2);
  assert.equal(
    value.updateSync((n) => (seen.push(n, value.getLock().locked()), n * 10)),
    20,
  );
  assert.deepEqual([seen, value.getLock().locked(), value.value], [[1, true, 2, true], false, 20]);
});

test('update: a function that throws, or gives what is no value, leaves the old number and a free lock', async () => {
  const value = new Value('b', 1);
  const failing: [() => unknown, RegExp | { message: string }][] = [
    [
      () => {
        throw new Error('mine');
      },
      { message: 'mine' },
    ],
    [() => 300, /expected value of type 'b' to be an integer from -128 to 127, got 300/],
    [() => undefined, /expected value of type 'b'/],
    [async () => 2, /expected fn to be synchronous, got Promise/],
    [() => Promise.reject(new Error('told by the refusal')), /expected fn to be synchronous, got Promise/],
  ];
  for (const [fn, error] of failing) {
    await assert.rejects(value.update(fn as () => number), error);
    assert.throws(() => value.updateSync(fn as () => number), error);
    assert.deepEqual([value.value, value.getLock().locked()], [1, false]);
  }
  await assert.rejects(value.update('fn' as never), { name: 'TypeError', message: /expected fn to be a function/ });
  assert.throws(() => value.updateSync(undefined as never), TypeError);
});

test('update waits for the lock no longer than it is told', async () => {
  const value = new Value('i', 1);
  const lock = value.getLock();
  lock.acquireSync();
  await assert.rejects(
    value.update((n) => n + 1, 1),
    TimeoutError,
  );
  assert.throws(() => value.updateSync((n) => n + 1, 0), TimeoutError);
  const controller = new AbortController();
  const aborted = value.update((n) => n + 1, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(aborted, { message: 'enough' });
  // .value and add do not ask for it.
  value.value = 5;
  assert.equal(value.add(1), 6);
  lock.release();
});

test('an update under an RLock that its scope holds enters again', async () => {
  const rlock = new RLock();
  const value = new Value('i', 1, { lock: rlock });
  await rlock.run(async () => {
    await value.update((n) => n + 1);
    value.updateSync((n) => n + 1);
  });
  assert.equal(value.value, 3);
});

test('it prints what it is, and says of what type', () => {
  const value = new Value('q', 5);
  assert.deepEqual([String(value), inspect(value), value.type], ["<Value 'q' 5n>", "<Value 'q' 5n>", 'q']);
  assert.equal(String(new RawValue('c', 'x')), "<RawValue 'c' 'x'>");
  assert.deepEqual(new Value('d').statistics(), { bytes: 8, locked: false, waiting: 0 });
});

test('numbers that lie side by side do not touch each other', () => {
  const codes = [...Object.keys(integers), ...Object.keys(bigints), 'd', 'f'];
  const values = Array.from({ length: 200 }, (_, i) => make(codes[i % codes.length]!));
  for (const [i, value] of values.entries()) value.value = (i % 100) + 1;
  for (const [i, value] of values.entries()) assert.equal(Number(value.value), (i % 100) + 1, value.type);
});
