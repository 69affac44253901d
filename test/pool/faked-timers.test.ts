/** A test of the user's that fakes its timers: work goes on, and what is measured in time waits for the faked clock. */

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Lock } from 'heddle';
import { all } from './collect.ts';
import { kinds } from './kinds.ts';

for (const { kind, open } of kinds) {
  test(`${kind}: faked timers do not stop what has nothing to do with time`, async () => {
    const pool = open({ maxWorkers: 1 });
    mock.timers.enable();
    try {
      assert.equal(await pool.submit((x: number) => x + 1, 1), 2);
      // A source that is slower than the workers is left for a turn of the event loop.
      function* slowly(): Generator<number> {
        for (let i = 0; i < 3; i++) {
          for (const since = performance.now(); performance.now() - since < 10; );
          yield i;
        }
      }
      assert.deepEqual(await all(pool.map((x) => x * 2, slowly())), [0, 2, 4]);
      assert.deepEqual(
        await all(
          pool.stream(function* () {
            yield 1;
            yield 2;
          }),
        ),
        [1, 2],
      );
      await assert.rejects(
        pool.submit(() => process.exit(3)),
        { name: 'WorkerLost', exitCode: 3 },
      );
      const lock = new Lock();
      await lock.acquire();
      const waiting = lock.acquire();
      lock.release();
      assert.equal(await waiting, true);
      const late = pool.submit(() => new Promise(() => setInterval(() => {}, 1000)));
      const given = assert.rejects(late.result(60_000), { name: 'TimeoutError' });
      mock.timers.tick(60_000);
      await given;
      const ended = assert.rejects(late);
      await pool.killWorkers();
      await ended;
    } finally {
      mock.timers.reset();
    }
  });
}
