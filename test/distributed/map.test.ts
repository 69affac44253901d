/** DistributedMap: keys as `Map` has them, updates in one step, iteration while others write, and values that are signed. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { AuthenticationError, Lock, SerializationError, share, TimeoutError } from 'heddle';
import { DistributedEvent, DistributedMap, DistributedQueue } from 'heddle/distributed';
import { startPeer } from './peer.js';
import { Point } from './shapes.js';
import { freeName, noOwnServer, noServer as skip, startServer, type TestServer } from './server.js';

let server: TestServer;
before(async () => {
  if (skip === false) server = await startServer();
});
after(() => server?.[Symbol.asyncDispose]());

const make = <K extends string | number | readonly unknown[], V>(
  own: object = {},
  name = freeName(),
): DistributedMap<any, any> & DistributedMap<K & string, V> => new DistributedMap(name, { url: server.url, ...own }) as never;

const keys = [
  'a',
  '',
  '1',
  '"a"',
  '[1]',
  '\u0000é😀',
  '\uD800',
  1,
  0,
  -1.5,
  5e-324,
  2 ** 60,
  Number.NaN,
  Infinity,
  -Infinity,
  12n,
  -(2n ** 80n),
  true,
  false,
  null,
  undefined,
  Symbol.for('key "of" all'),
  Symbol.iterator,
  [],
  [1],
  ['1'],
  [[1].length, 'a,b]', '"', null, undefined, true, 2n, Symbol.for(','), Number.NaN],
] as const;

test('keys are those of Map, and arrays are equal by content', { skip }, async () => {
  await using map = make();
  for (const [i, key] of keys.entries()) await map.set(key, i);
  assert.equal(await map.size, keys.length);
  for (const [i, key] of keys.entries()) assert.equal(await map.get(Array.isArray(key) ? key.slice() : key), i);
  const seen: unknown[] = [];
  for await (const key of map.keys()) seen.push(key);
  for (const key of keys) assert.equal(seen.filter((one) => deepSame(one, key)).length, 1, inspect(key));
  await map.set(-0, 'zero');
  assert.equal(await map.get(0), 'zero');
  assert.equal(await map.size, keys.length);
  assert.equal(await map.delete(['1']), true);
  assert.equal(await map.delete(['1']), false);
  assert.deepEqual([await map.has(['1']), await map.has([1])], [false, true]);
  await map.clear();
  assert.equal(await map.size, 0);
  assert.equal(await map.get('a'), undefined);
});

const deepSame = (a: unknown, b: unknown): boolean => {
  try {
    assert.deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
};

test('what is no key, and values that cannot cross, are refused, and nothing is set', { skip }, async () => {
  await using map = make();
  for (const key of [{}, () => 1, new Date(), [[]], [{}]])
    await assert.rejects(map.set(key, 1), /expected key to be a primitive or an array of primitives/);
  await assert.rejects(map.get(Symbol('own')), SerializationError);
  await assert.rejects(map.get([Symbol('own')]), /key\[0\]: Symbol\(own\) cannot cross/);
  await assert.rejects(map.set('x'.repeat(2 ** 20), 1), RangeError);
  await assert.rejects(map.set('a', { b: new Lock() }), /value\.b: a Lock cannot cross to another machine: use a DistributedLock/);
  await assert.rejects(map.update('a', (() => Promise.resolve(1)) as never), /expected fn to return the new value, got a promise/);
  await assert.rejects(map.update('a', 7 as never), TypeError);
  await assert.rejects(
    map.update('a', () => {
      throw new Error('mine');
    }),
    /mine/,
  );
  assert.equal(await map.size, 0);
});

test('updates of several programs at once are all counted', { skip }, async () => {
  const name = freeName();
  await using peer = await startPeer();
  await using map = make({}, name);
  const theirs = await peer.make('DistributedMap', name, { url: server.url });
  await theirs('set', 'n', 100);
  const counts = await Promise.all(Array.from({ length: 60 }, () => map.update('n', (n: number) => n + 1)));
  assert.equal(new Set(counts).size, 60);
  assert.equal(await theirs('get', 'n'), 160);
});

test('an update that others are always quicker than ends by its time-out or signal', { skip }, async () => {
  await using map = make();
  let n = 0;
  const disturbed = (options: object): Promise<unknown> =>
    map.update(
      'a',
      () => {
        n += 1;
        // Written before the update is.
        void map.set('a', n);
        return 'never';
      },
      options,
    );
  await assert.rejects(disturbed({ timeout: 20 }), TimeoutError);
  await assert.rejects(disturbed({ signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' });
  assert.notEqual(await map.get('a'), 'never');
});

test('an iteration gives each entry once that is there throughout, while others come and go', { skip }, async () => {
  await using map = make();
  const count = 1200;
  await Promise.all(Array.from({ length: count }, (_, i) => map.set(`stays ${i}`, i)));
  const seen: string[] = [];
  for await (const [key, value] of map) {
    if (typeof key !== 'string' || !key.startsWith('stays')) continue;
    assert.equal(value, Number(key.slice(6)));
    seen.push(key);
    if (seen.length % 300 === 0) await Promise.all(Array.from({ length: 200 }, (_, i) => map.set(`comes ${seen.length} ${i}`, 0)));
  }
  assert.deepEqual([seen.length, new Set(seen).size], [count, count]);
  assert.equal((await map.statistics()).size, count + 800);
  const values: unknown[] = [];
  for await (const value of map.values()) if (values.push(value) === 3) break;
  assert.equal(values.length, 3);
});

test('a map is not a promise, and values keep their classes and identities', { skip }, async () => {
  await using map = make();
  assert.equal(await Promise.resolve(map), map);
  const shared = {
    self: undefined as unknown,
    map: new Map([[1, new Set(['x'])]]),
    error: new RangeError('e'),
    data: share(new Uint8Array([1, 2])),
  };
  shared.self = shared;
  await map.set('a', shared);
  const copy = (await map.get('a')) as typeof shared;
  assert.equal(copy.self, copy);
  assert.ok(copy.error instanceof RangeError);
  assert.deepEqual([copy.map, [...copy.data]], [shared.map, [1, 2]]);
  await map.set('b', undefined);
  assert.deepEqual([await map.has('b'), await map.get('b')], [true, undefined]);
});

test('values are signed by an authkey: those without, of another key, or of another object are refused', { skip }, async () => {
  const name = freeName();
  const authkey = 'the secret of this test';
  await using signed = make({ authkey }, name);
  await using plain = make({}, name);
  await using other = make({ authkey: 'another secret of the test' }, name);
  await signed.set('a', { deep: [1] });
  assert.deepEqual(await signed.get('a'), { deep: [1] });
  await assert.rejects(other.get('a'), AuthenticationError);
  await plain.set('b', 2);
  await assert.rejects(signed.get('b'), /the value is not signed, and there is an authkey here/);
  await assert.rejects(
    signed.set('c', () => 1),
    /allowFunctions/,
  );
  await assert.rejects(
    plain.set('c', () => 1),
    /allowFunctions: true and an authkey/,
  );
  await using open = make({ authkey, allowFunctions: true }, name);
  const factor = 6;
  await open.set('times', (n: number) => n * factor);
  assert.equal((await open.get('times'))(7), 42);
  await assert.rejects(signed.get('times'), SerializationError);
  assert.throws(() => make({ allowFunctions: true }), /expected authkey to be a secret/);
  assert.throws(() => make({ authkey: 'short' }), /at least 16 bytes, got 5/);
});

test('instances of classes that a module exports are of that class again', { skip }, async () => {
  await using queue = new DistributedQueue<Point>(freeName(), 0, { url: server.url });
  await queue.put(new Point(4));
  const got = await queue.get();
  assert.ok(got instanceof Point);
  assert.equal(got.double(), 8);
});

test('a handle that goes to another machine takes no password along, and finds that of its receiver', { skip: noOwnServer }, async () => {
  await using guarded = await startServer({ isOwn: true, args: ['--requirepass', 'sesame-opens'], auth: ':sesame-opens' });
  const { url } = guarded;
  await using event = new DistributedEvent('event', { url });
  await using map = new DistributedMap<string, DistributedEvent>('map', { url });
  await map.set('a', event);
  const redis = new Redis(url);
  const raw = await redis.hgetallBuffer('heddle:map:{map}');
  redis.disconnect();
  const [bytes] = Object.values(raw);
  assert.ok(bytes!.includes('DistributedEvent'));
  assert.equal(bytes!.includes('sesame'), false);
  await using its = (await map.get('a'))!;
  await its.set();
  assert.equal(await event.isSet(), true);
});
