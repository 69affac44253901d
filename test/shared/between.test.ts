/** Values and arrays between threads, between processes, and between both: one number, one memory, no lost addition. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnerDied, ProcessPoolExecutor, RawArray, RawValue, SerializationError, share, ThreadPoolExecutor, type TypeCode } from 'heddle';
import { everywhere, isNative, until } from '../sync/crew.js';
import { never } from '../sync/forms.js';
import { forEachEnd } from '../sync/victim.js';
import { Lock, Queue, RLock, SharedArray, Value } from '../sync/made.js';

const samples: readonly [TypeCode, unknown, unknown][] = [
  ['b', -5, 100],
  ['B', 200, 7],
  ['h', -300, 300],
  ['H', 60_000, 1],
  ['i', -70_000, 70_000],
  ['I', 4_000_000_000, 3],
  ['q', -(2n ** 60n), 2n ** 60n],
  ['Q', 2n ** 63n, 1n],
  ['f', 0.5, -0.25],
  ['d', 0.1, Number.MAX_VALUE],
  ['?', true, false],
  ['c', 'x', 'ÿ'],
];

everywhere('a value of each type is the same number on both sides', async (crew) => {
  const values = samples.map(([code, first]) => new Value(code, first as never));
  const seen = await crew.run(
    (all: Value<TypeCode>[], next: unknown[]) =>
      all.map((value, i) => {
        const before = value.value;
        value.value = next[i] as never;
        return [value.type, before];
      }),
    values,
    samples.map(([, , next]) => next),
  );
  assert.deepEqual(
    seen,
    samples.map(([code, first]) => [code, first]),
  );
  for (const [i, value] of values.entries()) assert.equal(value.value, samples[i]![2]);
});

everywhere('an argument, a capture, a field and a result is the one that left, of the same class, with its lock', async (crew) => {
  const [value, raw, array, rawArray] = [new Value('i', 1), new RawValue('d', 2), new SharedArray('i', [1, 2]), new RawArray('q', 2)];
  const all = { value, raw, array, rawArray };
  const home = await crew.run(
    async (given: typeof all, lock: object) => {
      await given.value.update((n) => n + 1);
      given.raw.add(1);
      given.array.view[0] = 7;
      array.set(1, 8);
      given.rawArray.set(0, 9n);
      const classes = Object.values(given).map((each) => each.constructor.name);
      return { given, classes, isLock: given.value.getLock() === lock, isSame: given.array === array && given.array.view === array.view };
    },
    all,
    value.getLock(),
  );
  assert.deepEqual([home.classes, home.isLock, home.isSame], [['Value', 'RawValue', 'SharedArray', 'RawArray'], true, true]);
  for (const [name, each] of Object.entries(all)) assert.equal(home.given[name as keyof typeof all], each);
  assert.deepEqual([value.value, raw.value, [...array], rawArray.get(0)], [2, 3, [7, 8], 9n]);
});

everywhere('one made in a worker that is gone is what it was', async (crew) => {
  const made = await crew.run(() => ({
    value: new Value('q', 5n),
    array: new SharedArray('f', [0.5]),
    data: share(new Uint8Array([1, 2])),
  }));
  await made.value.update((n) => n + 1n);
  assert.deepEqual([made.value.value, [...made.array], [...made.data]], [6n, [0.5], [1, 2]]);
});

everywhere('no addition is lost, of integers or floats, with or without the lock', async (crew) => {
  const [times, parties] = [500, 4];
  const [int, small, big, float, half, updated, inPlace] = [
    new Value('i'),
    new RawValue('H'),
    new Value('Q'),
    new Value('d'),
    new RawValue('f'),
    new Value('i'),
    new SharedArray('d', 3),
  ];
  await Promise.all(
    crew.bunch(parties, async (n) => {
      for (let i = 0; i < times; i += 1) {
        int.add(1);
        small.add(1);
        big.add(2n);
        float.add(0.5);
        half.add(1);
        inPlace.add(1, 1);
        if (n % 2 === 0) updated.updateSync((count) => count + 1);
        else await updated.update((count) => count + 1);
      }
    }),
  );
  const all = times * parties;
  assert.deepEqual(
    [int.value, small.value, big.value, float.value, half.value, updated.value, [...inPlace]],
    [all, all, BigInt(all) * 2n, all / 2, all, all, [0, all, 0]],
  );
});

everywhere('what stands under one lock changes together', async (crew) => {
  const lock = new RLock();
  const [a, b] = [new Value('i', 0, { lock }), new Value('i', 0, { lock })];
  await Promise.all(
    crew.bunch(4, async (n) => {
      for (let i = 0; i < 50; i += 1) {
        using _ = n % 2 === 0 ? lock.holdSync() : await lock.hold();
        if (a.value !== b.value) throw new Error('half a change was seen');
        a.updateSync((each) => each + 1);
        b.value += 1;
      }
    }),
  );
  assert.deepEqual([a.value, b.value], [200, 200]);
});

everywhere('a shared array crosses as it is: class, offset, length, and one memory', async (crew) => {
  const arrays = [
    share(Buffer.from('hello')),
    share(new Uint8Array([1, 2, 3])),
    share(new Uint8ClampedArray([1, 2, 3])),
    share(new Int16Array([-1, 2, 3])),
    share(new Float64Array([0.5, -0])),
    share(new BigUint64Array([2n ** 63n])),
    share(new Int32Array(0)),
  ] as const;
  const home = await crew.run(
    (given: typeof arrays) =>
      given.map((each) => [each, each.constructor.name, each.subarray(1), Buffer.isBuffer(each), new DataView(each.buffer)] as const),
    arrays,
  );
  for (const [i, array] of arrays.entries()) {
    const [same, name, sub, isBuffer, data] = home[i]!;
    assert.equal(same, array);
    assert.deepEqual([name, isBuffer], [array.constructor.name, i === 0]);
    assert.deepEqual(sub, array.subarray(1));
    assert.equal(sub.constructor, array.constructor);
    assert.deepEqual([sub.buffer === array.buffer, data.buffer === array.buffer], [true, true]);
  }
});

everywhere('a shared array as argument, capture, field, item and result is one array, which all write to', async (crew) => {
  const data = share(new Int32Array(8));
  const holder = { deep: [{ data, part: data.subarray(2, 4) }] };
  const made = await crew.run(
    (given: Int32Array, box: typeof holder, map: Map<string, Int32Array>) => {
      const { data: inField, part } = box.deep[0]!;
      given[0] = 1;
      data[1] = 2;
      part[0] = 3;
      map.get('part')![0] = 4;
      return [
        given === data,
        inField === data,
        part.buffer === data.buffer,
        part === map.get('part'),
        [part.byteOffset - data.byteOffset, part.length],
      ];
    },
    data,
    holder,
    new Map([['part', holder.deep[0]!.part]]),
  );
  assert.deepEqual(made, [true, true, true, true, [8, 2]]);
  assert.deepEqual([...data], [1, 2, 4, 0, 0, 0, 0, 0]);
});

everywhere('the view of a SharedArray crosses as the array does', async (crew) => {
  const array = new SharedArray('d', 4);
  const isSame = await crew.run(
    (view: Float64Array, part: Float64Array, whole: SharedArray<'d'>) => {
      view[0] = 1;
      part[1] = 2;
      whole.set(3, 3);
      return view === whole.view;
    },
    array.view,
    array.view.subarray(1),
    array,
  );
  assert.deepEqual([isSame, [...array]], [true, [1, 0, 2, 3]]);
});

everywhere('all of them are items of a queue, and come back as themselves', async (crew) => {
  const [there, back] = [new Queue<Items>(), new Queue<unknown[]>()];
  type Items = { value: Value<'i'>; array: SharedArray<'d'>; view: Float64Array; data: Buffer; part: Buffer };
  const items: Items = {
    value: new Value('i', 1),
    array: new SharedArray('d', 2),
    view: new Float64Array(0),
    data: share(Buffer.from('hello')),
    part: Buffer.alloc(0),
  };
  items.view = items.array.view;
  items.part = items.data.subarray(1, 3);
  await there.put(items);
  await crew.run(async () => {
    const { value, array, view, data, part } = await there.get();
    value.add(1);
    view[0] = 5;
    part[0] = 97;
    await back.put([value, array, view, data, part, view === array.view && part.buffer === data.buffer]);
  });
  const [value, array, view, data, part, isOne] = await back.get();
  assert.deepEqual([value, array, view, data], [items.value, items.array, items.view, items.data]);
  assert.ok(value === items.value && array === items.array && view === items.view && data === items.data && isOne === true);
  assert.equal((part as Buffer).buffer, items.data.buffer);
  assert.deepEqual([items.value.value, items.array.get(0), String(items.data), String(part)], [2, 5, 'hallo', 'al']);
});

everywhere('an array longer than a segment of the heap crosses whole', async (crew) => {
  const data = share(new Uint8Array(20 * 2 ** 20).fill(3));
  const sum = await crew.run((given: Uint8Array) => {
    given[given.length - 1] = 9;
    return [given.length, given[9 * 2 ** 20], given.subarray(8 * 2 ** 20 - 1)[0]];
  }, data);
  assert.deepEqual([sum, data.at(-1)], [[20 * 2 ** 20, 3, 3], 9]);
});

const pools = isNative ? [ThreadPoolExecutor, ProcessPoolExecutor] : [ThreadPoolExecutor];
for (const Pool of pools) {
  for (const end of ['is ended', 'ends itself'] as const) {
    test(`an update whose worker ${end} in it, of a ${Pool.name}, leaves the old number, and the next is told once`, {
      timeout: 60_000,
    }, async () => {
      const [value, isIn] = [new Value('i', 5), new RawValue('bool')];
      const pool = new Pool({ maxWorkers: 1 });
      const task = pool.submit(
        (how: string) =>
          value.update(() => {
            isIn.value = true;
            if (how === 'ends itself') process.exit(1);
            for (;;);
          }),
        end,
      );
      const isLost = assert.rejects(task);
      await until(() => isIn.value);
      if (end === 'is ended') await pool.killWorkers();
      await isLost;
      await assert.rejects(
        value.update((n) => n + 1),
        OwnerDied,
      );
      assert.equal(value.value, 5);
      assert.equal(await value.update((n) => n + 1), 6);
      assert.equal(
        value.updateSync((n) => n + 1),
        7,
      );
      await pool.shutdown();
    });
  }
}

forEachEnd('one whose thread dies with the lock in its hands wakes a sync update, which is told', async (victim) => {
  const value = new Value('d', 0.5, { lock: new Lock() });
  victim.run(async () => {
    await value.getLock().acquire();
    value.value = 1.5;
    await never();
  });
  await until(() => value.value === 1.5);
  assert.equal(value.statistics().locked, true);
  await victim.endFor('sync');
  assert.throws(() => value.updateSync((n) => n + 1), OwnerDied);
  assert.equal(
    value.updateSync((n) => n + 1),
    2.5,
  );
});

if (!isNative) {
  test('without native calls none of them crosses to a process: the refusal says where it stands and why', async () => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    const why = 'cannot cross to a process: HEDDLE_PLATFORM=none';
    const data = share(new Uint8Array(4));
    const cases: [object, string][] = [
      [new Value('i'), `args[0].it: a Value ${why}`],
      [new RawArray('i', 1), `args[0].it: a RawArray ${why}`],
      [data, `args[0].it: shared memory ${why}`],
      [data.subarray(1), `args[0].it: shared memory ${why}`],
      [new SharedArray('i', 1).view, `args[0].it: shared memory ${why}`],
    ];
    for (const [it, message] of cases) {
      await assert.rejects(
        pool.submit((given: object) => given, { it }),
        (error: Error) => error instanceof SerializationError && error.message.startsWith(message),
      );
    }
    await pool.shutdown();
  });
}
