/** `statistics()`: that the numbers add up. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Full, TimeoutError, currentTask } from 'heddle';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

for (const { kind, open } of kinds) {
  test(`${kind}: statistics are frozen numbers, which do not change later`, async () => {
    await using pool = open({ maxWorkers: 2 });
    const before = pool.statistics();
    assert.equal(Object.isFrozen(before), true);
    for (const value of Object.values(before)) assert.equal(value, 0);
    await pool.submit(() => 1);
    assert.equal(before.submitted, 0);
    assert.notEqual(pool.statistics(), pool.statistics());
  });

  test(`${kind}: each task is counted once`, async () => {
    await using pool = open({ maxWorkers: 2, graceful: 20, queueLimit: 40 });
    const check = (): void => {
      const { submitted, completed, failed, cancelled, queued, running } = pool.statistics();
      assert.equal(submitted, completed + failed + cancelled + queued + running);
    };
    const rest = async (): Promise<void> => {
      await until(() => pool.statistics().queued + pool.statistics().running === 0);
      check();
    };
    const hang = (): Promise<never> => new Promise(() => setInterval(() => {}, 1000));
    const mixed = (x: number): number => {
      if (x % 7 === 1 && currentTask()!.attempt === 1) process.exit(1);
      if (x % 5 === 2) throw new RangeError('no');
      return x;
    };
    await Promise.allSettled(Array.from({ length: 20 }, (_, x) => pool.with({ retries: x % 2, retryOn: () => true }).submit(mixed, x)));
    await rest();
    for (const chunkSize of [1, 10]) {
      await all(pool.map(mixed, [0, 1, 3, 4, 5, 6, 8, 9, 10], { chunkSize, retries: 1 }));
      await rest();
      await assert.rejects(all(pool.map(mixed, [0, 1, 3, 2, 4, 5], { chunkSize, retries: 1, retryOn: () => true })), RangeError);
      await rest();
      const results = pool.map((x: number) => (x === 25 ? hang() : x), Array(60).keys(), { chunkSize, timeout: 50 });
      await assert.rejects(all(results), TimeoutError);
      await rest();
      const controller = new AbortController();
      const stuck = pool.map((x: number) => (x === 12 ? hang() : x), Array(60).keys(), { chunkSize, signal: controller.signal });
      for (let i = 0; i < 10; i++) await stuck.next();
      const end = assert.rejects(
        stuck
          .next()
          .then(() => stuck.next())
          .then(() => stuck.next()),
        { name: 'AbortError' },
      );
      controller.abort();
      await end;
      await rest();
      const left = pool.map((x: number) => x, Array(500).keys(), { chunkSize });
      await left.next();
      await left.return!();
      await rest();
    }
    const futures = Array.from({ length: 60 }, () => pool.submit(() => new Promise((resolve) => setTimeout(resolve, 5))));
    check();
    assert.equal(futures.at(-3)!.done(), true);
    for (const future of futures.slice(10, 20)) future.cancel();
    check();
    const ends = await Promise.allSettled(futures);
    await rest();
    const refused = ends.filter((end) => end.status === 'rejected' && end.reason instanceof Full).length;
    assert.ok(refused >= 18, `${refused}`);
    assert.equal(pool.statistics().cancelled >= 10, true);
  });
}
