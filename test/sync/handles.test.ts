/** A shared object can be anywhere in what is handed over, and is the same object there. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';
import { everywhere, isNative } from './crew.js';
import { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from './made.js';

/** Each kind: make it, change it, see the change. */
const kinds: Record<string, { make: () => object; change: (object: any) => unknown; changed: (object: any) => boolean }> = {
  Lock: { make: () => new Lock(), change: (lock: Lock) => lock.acquire(), changed: (lock: Lock) => lock.locked() },
  RLock: { make: () => new RLock(), change: (lock: RLock) => lock.acquire(), changed: (lock: RLock) => lock.locked() },
  Semaphore: {
    make: () => new Semaphore(1),
    change: (semaphore: Semaphore) => semaphore.acquire(),
    changed: (semaphore: Semaphore) => semaphore.getValue() === 0,
  },
  BoundedSemaphore: {
    make: () => new BoundedSemaphore(1),
    change: (semaphore: BoundedSemaphore) => semaphore.acquire(),
    changed: (semaphore: BoundedSemaphore) => semaphore.getValue() === 0,
  },
  Event: { make: () => new Event(), change: (event: Event) => event.set(), changed: (event: Event) => event.isSet() },
  Condition: {
    make: () => new Condition(),
    change: (condition: Condition) => condition.acquire(),
    changed: (condition: Condition) => condition.locked(),
  },
  Barrier: { make: () => new Barrier(2), change: (barrier: Barrier) => barrier.abort(), changed: (barrier: Barrier) => barrier.broken },
};

for (const [name, { make, change, changed }] of Object.entries(kinds)) {
  everywhere(`${name}: as an argument`, async (crew) => {
    const object = make();
    await crew.run(async (it: object) => void (await change(it)), object);
    assert.ok(changed(object));
  });

  everywhere(`${name}: captured`, async (crew) => {
    const object = make();
    await crew.run(async () => void (await change(object)));
    assert.ok(changed(object));
  });

  everywhere(`${name}: in fields, arrays, maps and sets`, async (crew) => {
    const boxes: [unknown, (box: any) => object][] = [
      [{ a: { b: make() } }, (box) => box.a.b],
      [[0, [make()]], (box) => box[1][0]],
      [new Map([['key', make()]]), (box) => box.get('key')],
      [new Set([make()]), (box) => [...box][0]],
    ];
    for (const [box, get] of boxes) {
      await crew.run(async (it: unknown) => void (await change(get(it))), box);
      assert.ok(changed(get(box)));
    }
  });

  everywhere(`${name}: as a result, and back again`, async (crew) => {
    const object = await crew.run(async () => {
      const made = make();
      return { made };
    });
    await crew.run(async (it: object) => void (await change(it)), object.made);
    assert.ok(changed(object.made));
  });
}

everywhere('an object that comes home is the one that left, and twice in a message is once there', async (crew) => {
  const lock = new Lock();
  const [same, home] = await crew.run((a: Lock, b: { lock: Lock }) => [a === b.lock && a === lock, b] as const, lock, { lock });
  assert.equal(same, true);
  assert.equal(home.lock, lock);
});

everywhere('a class with a lock in a field, and a method that uses it', async (crew) => {
  class Account {
    lock = new Lock();
    owner = 'Kim';
    describe(): Promise<string> {
      return this.lock.run(() => `${this.owner} ${this.lock.locked()}`);
    }
  }
  const account = new Account();
  assert.equal(await crew.run(() => account.describe()), 'Kim true');
  assert.equal(account.lock.locked(), false);
});

everywhere('a bound method, as the function of a task or in what it captures', async (crew) => {
  const [lock, semaphore, bounded, event, barrier] = [new Lock(), new Semaphore(0), new BoundedSemaphore(5), new Event(), new Barrier(2)];
  await crew.run(lock.acquire.bind(lock));
  assert.equal(lock.locked(), true);
  await crew.run(lock.release.bind(lock));
  assert.equal(lock.locked(), false);
  await crew.run(semaphore.release.bind(semaphore, 3));
  await crew.run(bounded.acquire.bind(bounded, { timeout: 1e5 }));
  const { set } = { set: event.set.bind(event) };
  await crew.run(() => set());
  await crew.run(barrier.abort.bind(barrier));
  assert.deepEqual([semaphore.getValue(), bounded.getValue(), event.isSet(), barrier.broken], [3, 4, true, true]);
});

everywhere('a bound method of a user subclass arrives as that of its base', async (crew) => {
  class Loud extends Semaphore {
    override release(n = 1): void {
      Semaphore.prototype.release.call(this, 10 * n);
    }
  }
  const loud = new Loud(0);
  await crew.run(loud.release.bind(loud));
  assert.equal(loud.getValue(), 10);
});

const pools = isNative ? [ThreadPoolExecutor, ProcessPoolExecutor] : [ThreadPoolExecutor];

for (const Pool of pools) {
  test(`${Pool.name}: items of map, arguments of initializers, broadcasts and streams`, { timeout: 60_000 }, async () => {
    const [started, lock] = [new Semaphore(0), new Lock()];
    await using pool = new Pool({ maxWorkers: 2, initializer: (semaphore: Semaphore) => semaphore.release(), initargs: [started] });
    const events = Array.from({ length: 20 }, () => new Event());
    for await (const isSet of pool.map((event: Event) => (event.set(), event.isSet()), events)) assert.equal(isSet, true);
    assert.ok(events.every((event) => event.isSet()));
    const before = started.getValue();
    await pool.broadcast((it: Lock) => it.run(() => started.release()), lock);
    assert.ok(before >= 1 && started.getValue() > before);
    const stream = pool.stream(function* () {
      for (let i = 0; i < 3; i += 1) yield { i, made: new Semaphore(i) };
    });
    for await (const { i, made } of stream) assert.equal(made.getValue(), i);
  });

  for (const Inner of pools) {
    test(`${Pool.name}: handed on to a ${Inner.name} inside`, { timeout: 60_000 }, async () => {
      const [lock, count] = [new Lock(), new Semaphore(0)];
      await using pool = new Pool({ maxWorkers: 1 });
      await lock.acquire();
      const inner = pool.submit(async () => {
        await using own = new Inner({ maxWorkers: 1 });
        return await own.submit(async () => {
          count.release();
          await lock.run(() => count.release());
          return count.getValue();
        });
      });
      await count.acquire();
      lock.release();
      assert.equal(await inner, 1);
    });
  }
}
