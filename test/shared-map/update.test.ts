/** `update` of a SharedMap in one thread: the new value is there as a whole or not at all, and a function may use the map. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Event, InvalidStateError, SharedMap } from 'heddle';
import { inBothForms } from '../sync/crew.js';

test('an update gives the key what the function makes of its value, and of undefined if there is none', async () => {
  const map = new SharedMap<string, number>();
  const given: unknown[] = [];
  const add = (n?: number): number => {
    given.push(n);
    return (n ?? 0) + 1;
  };
  assert.deepEqual([map.updateSync('a', add), await map.update('a', add), map.getSync('a')], [1, 2, 2]);
  assert.deepEqual(given, [undefined, 1]);
});

test('an update whose function throws, or gives what cannot cross, leaves the old value, and the next one goes on', async () => {
  const map = new SharedMap<string>([['a', 'x'.repeat(500)]]);
  const fail = (): never => {
    throw new Error('mine');
  };
  assert.throws(() => map.updateSync('a', fail), { message: 'mine' });
  await assert.rejects(map.update('a', fail), { message: 'mine' });
  await assert.rejects(
    map.update('a', () => new WeakMap()),
    { name: 'SerializationError' },
  );
  assert.equal(map.getSync('a'), 'x'.repeat(500));
  assert.equal(await map.update('a', (text) => (text as string).length), 500);
});

test('a function that is async, or none, is refused', async () => {
  const map = new SharedMap<string>([['a', 1]]);
  let calls = 0;
  const refused: [unknown, string][] = [
    [
      async () => {
        calls += 1;
      },
      'expected fn to be a function that answers at once, got an async function',
    ],
    [() => Promise.reject(new Error('not told')), 'expected fn to be a function that answers at once, got Promise'],
    [5, 'expected fn to be a function, got 5'],
  ];
  for (const [fn, message] of refused) {
    const isTold = (error: Error): boolean => error.name === 'TypeError' && error.message.startsWith(message);
    assert.throws(() => map.updateSync('a', fn as never), isTold);
    await assert.rejects(map.update('a', fn as never), isTold);
  }
  assert.deepEqual([map.getSync('a'), calls], [1, 0]);
});

test('a function may read the map, and change and update other keys of it, of all stripes', async () => {
  const map = new SharedMap<number, number>();
  const sum = map.updateSync(0, () => {
    for (let i = 1; i < 100; i += 1) map.setSync(i, i);
    for (let i = 1; i < 100; i += 1) map.updateSync(i, (n) => n! * 2);
    return [...map.values()].reduce((a, b) => a + b, 0);
  });
  assert.equal(sum, 9900);
  const inner: Promise<number>[] = [];
  await map.update(0, (n) => {
    for (let i = 1; i < 100; i += 1) inner.push(map.update(i, (its) => its! / 2));
    return n! + 1;
  });
  await Promise.all(inner);
  assert.deepEqual([map.getSync(0), map.getSync(99)], [9901, 99]);
});

test('a function that changes its own key is refused by name, in all ways, and the old value stays', async () => {
  const map = new SharedMap<string, number>([['a', 1]]);
  const ways: Record<string, () => unknown> = {
    setSync: () => map.setSync('a', 2),
    deleteSync: () => map.deleteSync('a'),
    updateSync: () => map.updateSync('a', () => 2),
    clearSync: () => map.clearSync(),
  };
  for (const [name, way] of Object.entries(ways)) {
    const isTold = (error: Error): boolean =>
      error instanceof InvalidStateError && error.message.startsWith(`SharedMap.${name}(): the function of an update() of`);
    const fn = (): number => {
      way();
      return 3;
    };
    assert.throws(() => map.updateSync('a', fn), isTold);
    await assert.rejects(map.update('a', fn), isTold);
  }
  const late: PromiseLike<unknown>[] = [];
  map.updateSync('a', (n) => {
    late.push(
      map.set('a', 7),
      map.delete('a'),
      map.clear(),
      map.update('a', () => 7),
    );
    return n! + 1;
  });
  for (const end of await Promise.allSettled(late)) assert.equal(end.status, 'rejected');
  assert.equal(map.getSync('a'), 2);
  map.setSync('a', 5);
  assert.equal(map.getSync('a'), 5);
});

test('updates that this thread awaits do not stand in the way of one that blocks it', async () => {
  const map = new SharedMap<string, number>([['a', 0]]);
  const pending = [map.update('a', (n) => n! + 1), map.update('a', (n) => n! + 1)];
  for (let i = 0; i < 3; i += 1) {
    assert.ok(map.updateSync('a', (n) => n! + 1) > 0);
    await Promise.resolve();
  }
  await Promise.all(pending);
  assert.equal(map.getSync('a'), 5);
});

inBothForms('an update waits for that of another thread, no longer than its time-out, and no set does', async (crew, form) => {
  const map = new SharedMap<string, number>([['a', 1]]);
  const [isIn, mayGo] = [new Event(), new Event()];
  const other = crew.run(() =>
    map.updateSync('a', (n) => {
      if (isIn.isSet()) return n! + 1;
      isIn.set();
      mayGo.waitSync();
      return n! * 10;
    }),
  );
  await isIn.wait();
  const isTold = { name: 'TimeoutError', message: /took longer than the time that this one was given$/ };
  const change = (n?: number): number => n! + 1;
  for (const timeout of [0, 5]) {
    if (form === 'sync') assert.throws(() => map.updateSync('a', change, timeout), isTold);
    else await assert.rejects(map.update('a', change, { timeout }), isTold);
  }
  const controller = new AbortController();
  const aborted = map.update('a', change, { signal: controller.signal });
  controller.abort(new Error('mine'));
  await assert.rejects(aborted, { message: 'mine' });
  assert.equal(await map.get('a'), 1);
  map.setSync('a', 4);
  mayGo.set();
  // The function was called again, as the value had changed.
  assert.equal(await other, 5);
  assert.equal(form === 'sync' ? map.updateSync('a', change) : await map.update('a', change), 6);
});
