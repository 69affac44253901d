/** Permits whose holder dies: those of hold() and run() come back, those of a plain acquire() do not. */

import assert from 'node:assert/strict';
import { until, untilWaiting } from '../crew.js';
import { never } from '../forms.js';
import { forEachEnd } from '../victim.js';
import { BoundedSemaphore, Semaphore } from '../made.js';

for (const Class of [Semaphore, BoundedSemaphore]) {
  forEachEnd(`${Class.name}: a held permit comes back for a waiter, an acquired one does not`, async (victim, crew) => {
    const semaphore = new Class(3);
    victim.run(async () => {
      await semaphore.acquire();
      const guard = await semaphore.hold();
      await semaphore.run(never);
      guard[Symbol.dispose]();
    });
    await until(() => semaphore.getValue() === 0);
    const waiting = crew.bunch(2, (n) => (n === 0 ? semaphore.acquireSync() : semaphore.acquire()));
    await untilWaiting(semaphore, 2);
    victim.end();
    for (const each of waiting) assert.equal(await each, true);
    await victim.ended();
    assert.deepEqual([semaphore.getValue(), await semaphore.acquire(0)], [0, false]);
  });

  forEachEnd(`${Class.name}: a held permit comes back for a later comer`, async (victim) => {
    const semaphore = new Class(2);
    victim.run(async () => {
      using _ = semaphore.holdSync();
      await never();
    });
    await until(() => semaphore.getValue() === 1);
    await victim.endFor('sync');
    assert.equal(semaphore.acquireSync(), true);
    assert.equal(semaphore.acquireSync(), true);
    assert.equal(semaphore.getValue(), 0);
    semaphore.release(2);
  });
}

forEachEnd('a permit given back before is given back once', async (victim) => {
  const semaphore = new Semaphore(1);
  victim.run(async () => {
    for (let i = 0; i < 3; i += 1) {
      const guard = await semaphore.hold();
      guard[Symbol.dispose]();
      guard[Symbol.dispose]();
    }
    semaphore.release();
    await never();
  });
  await until(() => semaphore.getValue() === 2);
  victim.end();
  await victim.ended();
  const permits = [await semaphore.acquire(0), await semaphore.acquire(0), await semaphore.acquire(0)];
  assert.deepEqual(permits, [true, true, false]);
});
