/** The owner of a lock dies: the next one owns it, and is told once. */

import assert from 'node:assert/strict';
import { Condition, InvalidStateError, Lock, OwnerDied, RLock } from 'heddle';
import { until, untilWaiting } from '../crew.js';
import { acquire, forms, never } from '../forms.js';
import { forEachEnd } from '../victim.js';

const isOwnerDied = (error: unknown): boolean => error instanceof OwnerDied;

const makers = {
  Lock: () => new Lock(),
  'a fair Lock': () => new Lock({ fair: true }),
  RLock: () => new RLock(),
  'the lock of a Condition': () => new Condition(),
};

for (const [name, make] of Object.entries(makers)) {
  forEachEnd(`${name} goes to one of the waiters, in either form, and one is told`, async (victim, crew) => {
    const lock = make();
    victim.run(async () => {
      await lock.acquire();
      await never();
    });
    await until(() => lock.locked());
    const pid = await victim.ask(() => process.pid);
    const waiting = crew.bunch(4, async (n) => {
      let told: number | null = null;
      try {
        await acquire(n < 2 ? 'sync' : 'async', lock);
      } catch (error) {
        if (!(error instanceof OwnerDied)) throw error;
        told = error.owner.pid;
      }
      const isHeld = lock.locked();
      lock.release();
      return { told, isHeld };
    });
    await untilWaiting(lock, 4);
    victim.end();
    const seen = await Promise.all(waiting);
    const told = seen.flatMap((each) => each.told ?? []);
    assert.deepEqual(told, [pid]);
    assert.ok(seen.every(({ isHeld }) => isHeld));
    assert.deepEqual([lock.locked(), lock.statistics().waiting], [false, 0]);
  });
}

for (const form of forms) {
  forEachEnd(`each goes to the next comer, ${form}, which is told once`, async (victim) => {
    const locks = Object.values(makers).map((make) => make());
    victim.run(async () => {
      for (const lock of locks) await lock.acquire();
      await never();
    });
    await until(() => locks.every((lock) => lock.locked()));
    await victim.endFor(form);
    for (const lock of locks) {
      // Sync: this thread is blocked, and no event tells of the end.
      await assert.rejects(acquire(form, lock), isOwnerDied);
      assert.deepEqual([lock.locked(), lock.statistics().waiting], [true, 0]);
      lock.release();
      assert.equal(await acquire(form, lock), true);
      lock.release();
      assert.throws(() => lock.release(), InvalidStateError);
    }
  });
}

forEachEnd('a try finds the lock free when its owner has died', async (victim) => {
  const lock = new Lock();
  victim.run(async () => {
    await lock.acquire();
    await never();
  });
  await until(() => lock.locked());
  victim.end();
  await victim.ended();
  assert.throws(() => lock.tryAcquire(), isOwnerDied);
  assert.equal(lock.locked(), true);
  lock.release();
  assert.equal(lock.tryAcquire(), true);
  lock.release();
});

const takers: Record<string, (lock: Lock) => unknown> = {
  'holdSync()': (lock) => lock.holdSync(),
  'hold()': (lock) => lock.hold(),
  'run()': (lock) => lock.run(() => 'never runs'),
};
forEachEnd(`${Object.keys(takers).join(', ')} throw, and the lock is free again`, async (victim) => {
  const locks = Object.values(takers).map((take) => ({ take, lock: new Lock() }));
  victim.run(async () => {
    for (const { lock } of locks) await lock.acquire();
    await never();
  });
  await until(() => locks.every(({ lock }) => lock.locked()));
  await victim.endFor('sync');
  for (const { take, lock } of locks) {
    await assert.rejects(async () => take(lock), isOwnerDied);
    assert.equal(lock.locked(), false);
    assert.equal(await lock.run(() => 'runs'), 'runs');
  }
});

for (const Class of [Lock, RLock]) {
  forEachEnd(`with onOwnerDied: 'ignore' no waiter is told, ${Class.name}`, async (victim, crew) => {
    const lock = new Class({ onOwnerDied: 'ignore' });
    victim.run(async () => {
      await lock.acquire();
      await never();
    });
    await until(() => lock.locked());
    const waiting = crew.bunch(2, async (n) => {
      const got = await acquire(n === 0 ? 'sync' : 'async', lock);
      lock.release();
      return got;
    });
    await untilWaiting(lock, 2);
    victim.end();
    for (const each of waiting) assert.equal(await each, true);
    assert.equal(await lock.acquire(), true);
    lock.release();
  });
}

forEachEnd('an RLock that the dead one had several times is had once by the next', async (victim) => {
  const lock = new RLock();
  victim.run(async () => {
    for (let i = 0; i < 3; i += 1) await lock.acquire();
    await never();
  });
  await until(() => lock.locked());
  victim.end();
  await assert.rejects(async () => lock.acquire(), isOwnerDied);
  assert.equal(lock.tryAcquire(), true);
  lock.release();
  lock.release();
  assert.equal(lock.locked(), false);
});

forEachEnd('all that the dead one had can be had again', async (victim) => {
  const locks = Array.from({ length: 20 }, () => new Lock());
  victim.run(async () => {
    for (const lock of locks) await lock.acquire();
    await never();
  });
  await until(() => locks.every((lock) => lock.locked()));
  victim.end();
  for (const lock of locks) {
    await assert.rejects(async () => lock.acquire(), isOwnerDied);
    lock.release();
  }
});

forEachEnd('what another has released for it before is not touched by its end', async (victim) => {
  const lock = new Lock();
  victim.run(async () => {
    await lock.acquire();
    await never();
  });
  await until(() => lock.locked());
  lock.release();
  assert.equal(await lock.acquire(), true);
  victim.end();
  await victim.ended();
  assert.deepEqual([lock.locked(), lock.owner?.pid, lock.tryAcquire()], [true, process.pid, false]);
  lock.release();
});

forEachEnd('several owners in a row die, each is told of', async (victim, crew) => {
  const lock = new Lock();
  victim.run(async () => {
    await lock.acquire();
    await never();
  });
  await until(() => lock.locked());
  victim.end();
  for (let i = 0; i < 3; i += 1) {
    // The next owner is told of the dead one, and dies with the lock in its turn.
    const next = crew.run(async () => {
      await lock.acquire().catch(() => {});
      process.exit(1);
    });
    await assert.rejects(Promise.resolve(next));
  }
  await assert.rejects(async () => lock.acquire(), isOwnerDied);
  lock.release();
});
