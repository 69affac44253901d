/** A SharedMap between threads, between processes, and between both: one map, no lost change, whatever ends in the middle. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Event, Lock, ProcessPoolExecutor, Queue, SerializationError, SharedMap, Value } from 'heddle';
import { everywhere, isNative, until } from '../sync/crew.js';
import { forEachEnd } from '../sync/victim.js';

everywhere('an argument, a capture, a field, an item and a result is the one that left', async (crew) => {
  const map = new SharedMap<string>([['from', 'home']]);
  const queue = new Queue<SharedMap>();
  await queue.put(map);
  const home = await crew.run(
    async (given: SharedMap<string>, box: { deep: unknown[] }) => {
      given.setSync('there', given.getSync('from'));
      await map.set('list', [1, { a: new Set([1]) }]);
      const item = await queue.get();
      return { given, isSame: given === map && box.deep[0] === map && item === (map as unknown), class: given.constructor.name };
    },
    map,
    { deep: [map] },
  );
  assert.deepEqual([home.given === map, home.isSame, home.class], [true, true, 'SharedMap']);
  assert.deepEqual(
    new Map(map),
    new Map<string, unknown>([
      ['from', 'home'],
      ['there', 'home'],
      ['list', [1, { a: new Set([1]) }]],
    ]),
  );
});

everywhere('one made in a worker that is gone has what it had', async (crew) => {
  const made = await crew.run(
    () =>
      new SharedMap<string>([
        ['large', new Uint8Array(100_000).fill(3)],
        ['lock', new Lock()],
      ]),
  );
  assert.deepEqual([(made.getSync('large') as Uint8Array).length, made.getSync('lock') instanceof Lock, made.size], [100_000, true, 2]);
});

everywhere('keys of all kinds are the same on both sides', async (crew) => {
  const keys = [undefined, null, 0, -1.5, NaN, 2n ** 70n, 'text', '日本', true, Symbol.for('s'), Symbol.iterator, [1, 'a', null], []];
  const map = new SharedMap(keys.map((key, i) => [key, i]));
  const found = await crew.run((all: typeof keys) => all.map((key) => map.getSync(key)), keys);
  assert.deepEqual(
    found,
    keys.map((_, i) => i),
  );
});

everywhere('no update is lost, sync or awaited, also beside those that set and clear other keys', async (crew) => {
  const map = new SharedMap<string | number, number>();
  const [times, parties] = [300, 4];
  await Promise.all(
    crew.bunch(parties, async (n) => {
      for (let i = 0; i < times; i += 1) {
        const add = (count = 0): number => count + 1;
        if (n % 2 === 0) map.updateSync('sum', add);
        else await map.update('sum', add);
        map.setSync(n * 1000 + i, i);
        if (i % 3 === 0) map.deleteSync(n * 1000 + i);
      }
    }),
  );
  assert.equal(map.getSync('sum'), times * parties);
  assert.equal(map.size, 1 + (parties * times * 2) / 3);
});

everywhere('a reader sees a value as a whole, while it changes, moves and is taken out', async (crew) => {
  const map = new SharedMap<string, string>();
  const isOver = new Value('bool');
  const text = (n: number): string => String.fromCharCode(97 + (n % 26)).repeat(1 + (n % 150));
  const readers = crew.bunch(2, () => {
    let reads = 0;
    for (; !isOver.value; reads += 1) {
      const its = map.getSync(`key ${reads % 5}`);
      if (its !== undefined && (its !== its[0]!.repeat(its.length) || its.length > 150)) throw new Error(`${its} was read`);
    }
    return reads;
  });
  await crew.run(() => {
    for (let i = 0; i < 4000; i += 1) {
      map.setSync(`key ${i % 5}`, text(i));
      map.setSync(`other ${i % 500}`, text(i));
      if (i % 7 === 0) map.deleteSync(`key ${(i * 3) % 5}`);
      if (i % 900 === 0) map.clearSync();
    }
  });
  isOver.value = true;
  for (const reads of await Promise.all(readers)) assert.ok(reads > 0);
});

everywhere('values with handles, and large ones, change under readers', async (crew) => {
  const map = new SharedMap<number>();
  const isOver = new Value('bool');
  const reader = crew.run(() => {
    for (let i = 0; !isOver.value; i += 1) {
      const its = map.getSync(i % 4) as { n: number; lock?: Lock; bytes: Uint8Array } | undefined;
      if (its === undefined) continue;
      if (its.bytes[0] !== its.n || its.bytes.at(-1) !== its.n) throw new Error('half a value');
      its.lock?.holdSync()[Symbol.dispose]();
    }
  });
  await crew.run(() => {
    const lock = new Lock();
    for (let i = 0; i < 400; i += 1) {
      const n = i % 100;
      map.setSync(i % 4, { n, bytes: new Uint8Array([1, 300, 20_000, 100_000][i % 4]!).fill(n), ...(i % 8 < 4 ? { lock } : {}) });
      if (i % 9 === 0) map.deleteSync((i * 3) % 4);
    }
  });
  isOver.value = true;
  await reader;
});

forEachEnd(
  'in a function of an update it leaves the old value, and updates that wait go on',
  async (victim, crew) => {
    const map = new SharedMap<string, number>([['a', 1]]);
    const isIn = new Event();
    victim.run(() =>
      map.update('a', () => {
        isIn.set();
        for (;;);
      }),
    );
    await isIn.wait();
    const others = [map.update('a', (n) => n! + 1), crew.run(() => map.updateSync('a', (n) => n! + 1))];
    victim.end();
    await Promise.all(others);
    assert.equal(map.getSync('a'), 3);
    map.setSync('a', 5);
    assert.equal(
      map.updateSync('a', (n) => n! * 2),
      10,
    );
  },
  { isBlocked: true },
);

forEachEnd('in the middle of its changes it leaves a map that is whole', async (victim, crew) => {
  const map = new SharedMap<number, string>();
  victim.run(async () => {
    for (let i = 0; ; i += 1) {
      map.setSync(i % 700, 'x'.repeat(i % 300));
      map.updateSync((i * 7) % 700, (text = '') => `x${text}`.slice(0, 400));
      map.deleteSync((i * 3) % 700);
      if (i % 5000 === 0) map.clearSync();
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  });
  await until(() => map.size > 100);
  victim.end();
  await crew.run(() => {
    for (let i = 0; i < 700; i += 1) map.setSync(i, 'y');
  });
  await victim.ended();
  for (let i = 0; i < 700; i += 1) map.setSync(i, 'z');
  assert.deepEqual([map.size, [...map].length, new Set(map.keys()).size, new Set(map.values())], [700, 700, 700, new Set(['z'])]);
});

if (!isNative)
  test('without native calls it does not cross to a process: the refusal says where it stands and why', async () => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    await assert.rejects(
      pool.submit((given: object) => given, { map: new SharedMap() }),
      (error: Error) =>
        error instanceof SerializationError && error.message.startsWith('args[0].map: a SharedMap cannot cross to a process'),
    );
    await pool.shutdown();
  });
