/** The fate of a map whose pool ends while it goes on: items read before are computed, and tried again where `retries` allow. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CancelledError, type Executor, ShutDown, currentTask } from 'heddle';
import { mapOutcomes } from 'heddle/lowlevel';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const MB = 1_000_000;
const numbers = (count: number): number[] => [...Array(count).keys()];

/** The first byte of each result. */
const firsts = (results: readonly Uint8Array[]): number[] => results.map((bytes) => bytes[0]!);

/** Items that are read before the shutdown, each in another way, and how many. */
const readings: readonly [what: string, items: (end: () => void) => Iterable<{ readonly n: number }>, count: number][] = [
  [
    'the finally of a generator',
    function* (end) {
      try {
        for (let n = 0; n < 10; n++) yield { n };
      } finally {
        end();
      }
    },
    10,
  ],
  [
    'the body of a generator',
    function* (end) {
      for (let n = 0; ; n++) {
        if (n === 10) end();
        yield { n };
      }
    },
    10,
  ],
  [
    'a getter of an item',
    (end) =>
      numbers(20).map((n) => ({
        get n(): number {
          if (n === 9) end();
          return n;
        },
      })),
    10,
  ],
];

for (const { kind, open } of kinds) {
  test(`${kind}: what a worker has given back is computed after a shutdown`, async () => {
    const make = (n: number): Uint8Array => new Uint8Array(0.4 * MB).fill(n);
    for (const options of [{}, { unordered: true }]) {
      const pool = open({ maxWorkers: 1 });
      const outcomes = mapOutcomes(pool, make, numbers(12), { chunkSize: 12, bufferSize: 12, ...options });
      const ended = pool.shutdown();
      const results = (await all(outcomes)).map(({ value }) => value);
      assert.deepEqual(firsts(results), numbers(12));
      await ended;
      const { submitted, completed, workersStarted } = pool.statistics();
      assert.deepEqual({ submitted, completed, workersStarted }, { submitted: 12, completed: 12, workersStarted: 1 });
    }
  });

  test(`${kind}: what is held back in front of a slow consumer is computed after a shutdown, though the source is at its end`, async () => {
    const pool = open({ maxWorkers: 1 });
    const mapped = pool.map((n: number) => new Uint8Array(2 * MB).fill(n), numbers(20), { chunkSize: 10, bufferSize: 30 });
    await until(() => pool.statistics().completed >= 9 && pool.statistics().running + pool.statistics().queued === 0);
    const ended = pool.shutdown();
    assert.deepEqual(firsts(await all(mapped)), numbers(20));
    await ended;
  });

  test(`${kind}: cancelFutures cancels what a worker gives back afterwards`, async () => {
    const pool = open({ maxWorkers: 1 });
    const make = (n: number): Uint8Array => new Uint8Array(0.4 * MB).fill(n);
    const outcomes = mapOutcomes(pool, make, numbers(12), { chunkSize: 12, bufferSize: 12, retries: 1 });
    await until(() => pool.statistics().running === 1);
    await pool.shutdown({ cancelFutures: true });
    const got = await all(outcomes);
    assert.equal(got.length, 12);
    assert.deepEqual(
      got.map(({ ok, value }) => (ok ? 'made' : (value as unknown) instanceof CancelledError)),
      got.map((_, i) => (i < 3 ? 'made' : true)),
    );
    const { submitted, completed, cancelled, failed, retried } = pool.statistics();
    assert.deepEqual(
      { submitted, completed, cancelled, failed, retried },
      { submitted: 12, completed: 3, cancelled: 9, failed: 0, retried: 0 },
    );
  });

  for (const [what, items, count] of readings) {
    test(`${kind}: ${what} may shut the pool down: what was read before is computed`, async () => {
      for (const options of [{ chunkSize: 1 }, { chunkSize: 4 }, {}]) {
        const pool = open({ maxWorkers: 1 });
        let ended: Promise<void> | undefined;
        const given = items(() => void (ended ??= pool.shutdown()));
        const outcomes = mapOutcomes(pool, ({ n }) => n, given, { bufferSize: 20, ...options });
        for (let i = 0; i < count; i++) assert.deepEqual((await outcomes.next()).value, { index: i, ok: true, value: i });
        const next = await outcomes.next();
        assert.ok(next.done === true || (next.value.value as unknown) instanceof ShutDown);
        await outcomes.return?.();
        await ended;
      }
    });
  }

  test(`${kind}: the last items of a pool that is shut down are tried again, whether they fail, are lost or take too long`, async () => {
    const failures: readonly [options: object, fail: () => unknown][] = [
      [
        {},
        () => {
          throw new Error('again');
        },
      ],
      [{}, () => process.exit(1)],
      [
        { timeout: 300 },
        () => {
          for (;;);
        },
      ],
    ];
    for (const [options, fail] of failures) {
      const pool = open({ maxWorkers: 1, gracePeriod: 20 });
      const work = (n: number): unknown => (n === 2 && currentTask()!.attempt === 1 ? fail() : n);
      const mapped = pool.map(work, numbers(3), { ...options, retries: 3, chunkSize: 3 });
      const ended = pool.shutdown();
      assert.deepEqual(await all(mapped), numbers(3));
      await ended;
    }
  });

  test(`${kind}: retries after a shutdown run in the worker that is there`, async () => {
    const pool = open({ maxWorkers: 1 });
    const failing = (n: number): number => {
      if (currentTask()!.attempt < 6) throw new Error('again');
      return n;
    };
    const mapped = pool.map(failing, [1], { retries: 5 });
    const ended = pool.shutdown();
    assert.deepEqual(await all(mapped), [1]);
    await ended;
    const { workersStarted, workersEnded, retried } = pool.statistics();
    assert.deepEqual({ workersStarted, workersEnded, retried }, { workersStarted: 1, workersEnded: 1, retried: 5 });
  });

  test(`${kind}: a shutdown in retryOn leaves the retry its turn`, async () => {
    for (const fail of [() => process.exit(1), (): unknown => JSON.parse('{')]) {
      const pool = open({ maxWorkers: 1 });
      let ended: Promise<void> | undefined;
      const work = (n: number): unknown => (currentTask()!.attempt === 1 ? fail() : n);
      const mapped = pool.map(work, [7], { retries: 1, retryOn: () => ((ended = pool.shutdown()), true) });
      assert.deepEqual(await all(mapped), [7]);
      await ended;
    }
  });

  const failing = (): never => {
    throw new Error('its own');
  };
  const ways: readonly ((end: () => void) => object)[] = [
    (end) => ({ retryOn: () => (end(), true) }),
    (end) => ({ backoff: () => (end(), 10) }),
    (end) => ({ backoff: () => (end(), 10), unordered: true }),
  ];

  test(`${kind}: an item whose retryOn or backoff ends the pool has its own outcome`, async () => {
    const ends: readonly ((pool: Executor) => Promise<void>)[] = [
      (pool) => pool.killWorkers(),
      (pool) => pool.shutdown({ cancelFutures: true }),
    ];
    for (const end of ends) {
      for (const way of ways) {
        const pool = open({ maxWorkers: 1 });
        let ended: Promise<void> | undefined;
        const options = way(() => void (ended ??= end(pool)));
        const got = await all(mapOutcomes(pool, failing, [1, 2], { retries: 3, chunkSize: 2, ...options }));
        const [first, second] = got.map(({ value }) => (value as unknown as Error).message);
        assert.equal(first, 'its own');
        // The worker may have been killed before it came to the second.
        if (end !== ends[0]) assert.equal(second, 'its own');
        await ended;
        const { submitted, failed, retried } = pool.statistics();
        assert.deepEqual({ submitted, failed, retried }, { submitted: 2, failed: 2, retried: 0 });
      }
    }
  });

  test(`${kind}: a map that its retryOn or backoff ends tries nothing again`, async () => {
    for (const way of ways) {
      const pool = open({ maxWorkers: 1 });
      let ended: Promise<unknown> | undefined;
      const options = way(() => void (ended ??= outcomes.return!()));
      const outcomes = mapOutcomes(pool, failing, [1, 2], { retries: 3, chunkSize: 2, ...options });
      assert.deepEqual(await all(outcomes), []);
      assert.equal((await outcomes.next()).done, true);
      await ended;
      await pool.shutdown();
      const { failed, retried } = pool.statistics();
      assert.deepEqual({ failed, retried }, { failed: 2, retried: 0 });
    }
  });
}
