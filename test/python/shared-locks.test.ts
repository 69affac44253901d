/**
 * The assertions of CPython's lock_tests.py, test_threading and _test_multiprocessing on Lock and RLock: between threads, between
 * processes, and between both, in both forms.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { InvalidStateError, TimeoutError } from 'heddle';
import { everywhere, inBothForms, until, untilWaiting } from '../sync/crew.js';
import { acquire, hold } from '../sync/forms.js';
import { itself, Lock, RLock, Semaphore } from '../sync/made.js';

const classes = { Lock, RLock };

for (const [name, Class] of Object.entries(classes)) {
  test(`${name}: repr tells whether it is locked`, async () => {
    const lock = new Class();
    assert.equal(inspect(lock), `<${name} unlocked>`);
    await lock.acquire();
    assert.match(inspect(lock), new RegExp(`^<${name} held by .+>$`));
    lock.release();
    assert.equal(inspect(lock), `<${name} unlocked>`);
  });

  test(`${name}: acquire and release, here`, async () => {
    const lock = new Class();
    assert.equal(await lock.acquire(), true);
    lock.release();
    assert.equal(lock.acquireSync(), true);
    lock.release();
    assert.deepEqual([lock.tryAcquire(), lock.locked()], [true, true]);
    lock.release();
    assert.deepEqual([lock.locked(), lock.owner], [false, null]);
  });

  inBothForms(`${name}: acquire, a second one without waiting, release, and one release too many`, async (crew, form) => {
    const lock = new Class();
    const outcome = await crew.run(async () => {
      const first = await acquire(form, lock);
      const again = lock.tryAcquire();
      lock.release();
      if (again) lock.release();
      let error: unknown;
      try {
        lock.release();
      } catch (reason) {
        error = reason;
      }
      return [first, again, lock.locked(), error instanceof InvalidStateError];
    });
    assert.deepEqual(outcome, [true, Class === RLock, false, true]);
  });

  inBothForms(`${name}: a try does not succeed while another has it`, async (crew, form) => {
    const lock = new Class();
    await lock.acquire();
    const tries = crew.bunch(2, async () => [lock.tryAcquire(), await acquire(form, lock, 0), await acquire(form, lock, { timeout: 1 })]);
    for (const each of tries) assert.deepEqual(await each, [false, false, false]);
    lock.release();
    assert.deepEqual(
      await crew.run(() => {
        const got = lock.tryAcquire();
        lock.release();
        return got;
      }),
      true,
    );
  });

  inBothForms(`${name}: one gets in after the other`, async (crew, form) => {
    const lock = new Class();
    const [inside, passed] = [new Semaphore(0), new Semaphore(0)];
    await lock.acquire();
    const others = crew.bunch(5, async () => {
      await acquire(form, lock);
      inside.release();
      const alone = inside.getValue() === 1;
      inside.acquireSync();
      passed.release();
      lock.release();
      return alone;
    });
    await untilWaiting(lock, 5);
    assert.equal(passed.getValue(), 0);
    lock.release();
    for (const other of others) assert.equal(await other, true);
    assert.equal(passed.getValue(), 5);
  });

  inBothForms(`${name}: many pairs of many leave an exact count`, async (crew, form) => {
    const lock = new Class();
    const count = new Semaphore(0);
    const others = crew.bunch(4, async () => {
      for (let i = 0; i < 200; i += 1) {
        await acquire(form, lock);
        // Read, change and write back: two at once would lose some.
        const next = count.getValue() + 1;
        while (count.tryAcquire());
        count.release(next);
        lock.release();
      }
    });
    for (const other of others) await other;
    assert.equal(count.getValue(), 800);
  });

  inBothForms(`${name}: the end of a block releases it, also by an error`, async (crew, form) => {
    const lock = new Class();
    assert.equal(
      await crew.run(async () => {
        using _ = await hold(form, lock);
        return lock.locked();
      }),
      true,
    );
    assert.equal(lock.locked(), false);
    const failing = crew.run(async () => {
      using _ = await hold(form, lock);
      throw new TypeError('own');
    });
    await assert.rejects(failing, TypeError);
    assert.equal(lock.locked(), false);
  });

  inBothForms(`${name}: run() holds it while its function runs, also an async one, and one that throws`, async (crew) => {
    const lock = new Class();
    const outcome = await crew.run(async () => {
      const value = await lock.run(async () => {
        await Promise.resolve();
        return lock.locked();
      });
      const error = await lock
        .run(() => {
          throw new TypeError('own');
        })
        .catch((reason: unknown) => reason);
      return [value, error instanceof TypeError, lock.locked()];
    });
    assert.deepEqual(outcome, [true, true, false]);
  });

  inBothForms(`${name}: after a time-out it is as before`, async (crew, form) => {
    const lock = new Class();
    await lock.acquire();
    assert.equal(await crew.run(() => acquire(form, lock, 10)), false);
    await assert.rejects(
      crew.run(() => hold(form, lock, 10)),
      TimeoutError,
    );
    assert.equal(lock.statistics().waiting, 0);
    lock.release();
    assert.equal(lock.locked(), false);
    assert.equal(
      await crew.run(async () => {
        const got = await acquire(form, lock, 10_000);
        lock.release();
        return got;
      }),
      true,
    );
  });

  everywhere(`${name}: locked() here is what another does`, async (crew) => {
    const lock = new Class();
    const go = new Semaphore(0);
    const other = crew.run(async () => {
      await lock.acquire();
      await go.acquire();
      lock.release();
    });
    await until(() => lock.locked());
    assert.equal(lock.tryAcquire(), false);
    go.release();
    await other;
    assert.equal(lock.locked(), false);
  });

  everywhere(`${name}: releasing it while it is free is an error`, async (crew) => {
    const lock = new Class();
    assert.throws(() => lock.release(), InvalidStateError);
    await assert.rejects(
      crew.run(() => lock.release()),
      InvalidStateError,
    );
    const Itself = itself(Class);
    await assert.rejects(
      crew.run(() => new Itself().release()),
      InvalidStateError,
    );
  });

  test(`${name}: a time-out that is none is refused`, async () => {
    const lock = new Class();
    for (const timeout of [-1, NaN]) {
      assert.throws(() => lock.acquireSync(timeout), RangeError);
      await assert.rejects(async () => lock.acquire(timeout), RangeError);
      await assert.rejects(async () => lock.acquire({ timeout }), RangeError);
    }
    assert.equal(lock.locked(), false);
  });
}

inBothForms('Lock: it is not reentrant', async (crew, form) => {
  const lock = new Lock();
  const two = crew.run(async () => {
    await acquire(form, lock);
    const again = lock.acquire();
    await new Promise((resolve) => setImmediate(resolve));
    const before = lock.statistics().waiting;
    lock.release();
    await again;
    lock.release();
    return before;
  });
  assert.equal(await two, 1);
});

everywhere('Lock: another may release it', async (crew) => {
  const lock = new Lock();
  await lock.acquire();
  await crew.run(() => lock.release());
  assert.equal(lock.locked(), false);
  await crew.run(() => lock.acquire());
  assert.equal(lock.locked(), true);
  lock.release();
});

everywhere('Lock: its owner can be asked from everywhere', async (crew) => {
  const lock = new Lock();
  await lock.acquire();
  const mine = lock.owner;
  assert.equal(mine?.pid, process.pid);
  assert.deepEqual(await crew.run(() => lock.owner), mine);
  lock.release();
  const go = new Semaphore(0);
  const other = crew.run(async () => {
    await lock.acquire();
    await go.acquire();
    const { owner } = lock;
    lock.release();
    return [owner?.pid === process.pid, owner];
  });
  await until(() => lock.locked());
  const seen = lock.owner;
  go.release();
  assert.deepEqual(await other, [true, seen]);
});

test('RLock: repr tells how often it was taken', async () => {
  const lock = new RLock();
  for (let i = 0; i < 2; i += 1) await lock.acquire();
  assert.match(inspect(lock), /, 2 times>$/);
  lock.release();
  assert.doesNotMatch(inspect(lock), /times/);
  lock.release();
});

inBothForms('RLock: it is reacquired at any depth, and a release too many is an error, in whatever order', async (crew, form) => {
  const lock = new RLock();
  const outcome = await crew.run(async () => {
    const seen: unknown[] = [];
    for (const depth of [1, 3, 2]) {
      for (let i = 0; i < depth; i += 1) seen.push(await acquire(form, lock));
      for (let i = 0; i < depth; i += 1) {
        seen.push(lock.locked());
        lock.release();
      }
      seen.push(lock.locked());
      try {
        lock.release();
        seen.push('released');
      } catch (error) {
        seen.push(error instanceof InvalidStateError);
      }
    }
    return seen;
  });
  const round = (depth: number): boolean[] => [...Array.from({ length: 2 * depth }, () => true), false, true];
  assert.deepEqual(outcome, [1, 3, 2].flatMap(round));
});

everywhere('RLock: locked() is true until the last release, seen from here and from another', async (crew) => {
  const lock = new RLock();
  const seen: [boolean, boolean][] = [];
  const look = async (): Promise<void> => {
    seen.push([lock.locked(), await crew.run(() => lock.locked())]);
  };
  await look();
  lock.acquireSync();
  await lock.acquire();
  await look();
  lock.release();
  await look();
  lock.release();
  await look();
  assert.deepEqual(seen, [
    [false, false],
    [true, true],
    [true, true],
    [false, false],
  ]);
});

inBothForms('RLock: another can neither take nor release it', async (crew, form) => {
  const lock = new RLock();
  await lock.acquire();
  await lock.acquire();
  const tryIt = async (): Promise<unknown[]> => {
    const seen: unknown[] = [lock.tryAcquire(), await acquire(form, lock, 1)];
    try {
      lock.release();
    } catch (error) {
      seen.push(error instanceof InvalidStateError);
    }
    return seen;
  };
  assert.deepEqual(await crew.run(tryIt), [false, false, true]);
  lock.release();
  assert.deepEqual(await crew.run(tryIt), [false, false, true]);
  lock.release();
  assert.equal(lock.locked(), false);
});

everywhere('RLock: callbacks of run() that run at once in one task keep each other out, and re-enter', async (crew) => {
  const lock = new RLock();
  const outcome = await crew.run(async () => {
    let [inside, most] = [0, 0];
    const one = async (n: number): Promise<number> =>
      lock.run(async () => {
        inside += 1;
        most = Math.max(most, inside);
        const again = await lock.run(async () => {
          await new Promise((resolve) => setImmediate(resolve));
          return lock.tryAcquire();
        });
        if (again) lock.release();
        inside -= 1;
        return again ? n : -1;
      });
    const numbers = await Promise.all([one(1), one(2), one(3)]);
    return [numbers, most, lock.locked()];
  });
  assert.deepEqual(outcome, [[1, 2, 3], 1, false]);
});
