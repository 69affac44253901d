/** Barrier: parties of one thread, and of pools. Python's own assertions are in test/python/shared-barriers.test.ts. */

import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { BrokenBarrierError, Pool, SerializationError, ThreadPool } from 'heddle';
import { spawn } from 'heddle/coroutine';
import { Barrier, Semaphore } from '../made.js';

const ticks = async (count = 5): Promise<void> => {
  for (let i = 0; i < count; i += 1) await new Promise(setImmediate);
};

const sorted = (ranks: readonly number[]): number[] => ranks.toSorted((a, b) => a - b);

test('one party does not wait', async () => {
  const barrier = new Barrier(1);
  for (let round = 0; round < 3; round += 1) {
    assert.equal(barrier.waitSync(), 0);
    assert.equal(await barrier.wait(), 0);
    assert.equal(await barrier.wait(0), 0);
  }
  assert.deepEqual(barrier.statistics(), { parties: 1, waiting: 0, broken: false });
});

test('a party goes on after all have come, each with its own rank', async () => {
  const barrier = new Barrier(3);
  for (let round = 0; round < 10; round += 1) {
    let passed = 0;
    const count = (rank: number): number => ((passed += 1), rank);
    const first = [barrier.wait().then(count), barrier.wait().then(count)];
    await ticks(2);
    assert.deepEqual([passed, barrier.nWaiting], [0, 2]);
    const last = barrier.waitSync();
    assert.deepEqual([...(await Promise.all(first)), last], [0, 1, 2]);
  }
  assert.equal(barrier.nWaiting, 0);
});

test('parties that are too many wait for the next round', async () => {
  const barrier = new Barrier(2);
  const ranks = await Promise.all(Array.from({ length: 6 }, () => barrier.wait()));
  assert.deepEqual(ranks, [0, 1, 0, 1, 0, 1]);
});

test('the action is called once a round, before the parties go on', async () => {
  let calls = 0;
  const barrier = new Barrier(2, { action: () => void (calls += 1) });
  for (let round = 1; round <= 5; round += 1) {
    const other = barrier.wait().then(() => calls);
    barrier.waitSync();
    assert.equal(calls, round);
    assert.equal(await other, round);
  }
});

test('an async action breaks the barrier', async () => {
  const refused = /^TypeError: expected action to be a function that answers at once, got Promise/;
  const barrier = new Barrier(2, { action: () => Promise.reject(new Error('told by the refusal')) as unknown as undefined });
  const other = assert.rejects(Promise.resolve(barrier.wait()), BrokenBarrierError);
  assert.throws(() => barrier.waitSync(), refused);
  await other;
  barrier.reset();
  const one = assert.rejects(Promise.resolve(barrier.wait()), BrokenBarrierError);
  await assert.rejects(Promise.resolve(barrier.wait()), refused);
  await one;
});

test('a party that comes while the action runs waits for the next round', async () => {
  const late: Promise<number>[] = [];
  let calls = 0;
  const barrier: Barrier = new Barrier(2, {
    action: () => {
      calls += 1;
      if (calls === 1) late.push(barrier.wait(), barrier.wait(), barrier.wait());
    },
  });
  const ranks = await Promise.all([barrier.wait(), barrier.wait()]);
  assert.deepEqual(ranks, [0, 1]);
  assert.deepEqual(await Promise.all(late.slice(0, 2)), [0, 1]);
  assert.deepEqual([calls, barrier.nWaiting], [2, 1]);
  assert.equal(barrier.waitSync(), 1);
  assert.equal(await late[2], 0);
});

test('an action that throws breaks the barrier', async () => {
  const barrier = new Barrier(2, {
    action: () => {
      throw new Error('bad action');
    },
  });
  const other = barrier.wait();
  assert.throws(() => barrier.waitSync(), /bad action/);
  await assert.rejects(other, BrokenBarrierError);
  assert.equal(barrier.broken, true);
  barrier.reset();
  const [one, two] = [barrier.wait(), barrier.wait()];
  await assert.rejects(two, /bad action/);
  await assert.rejects(one, BrokenBarrierError);
});

test('a party that gives up breaks the barrier for the others', async () => {
  const barrier = new Barrier(3);
  const control = new AbortController();
  const ways = [
    () => assert.rejects(barrier.wait(1), BrokenBarrierError),
    () => assert.rejects(barrier.wait(0), BrokenBarrierError),
    async () => assert.throws(() => barrier.waitSync(1), BrokenBarrierError),
    () => {
      const aborted = assert.rejects(barrier.wait({ signal: control.signal }), /enough/);
      control.abort(new Error('enough'));
      return aborted;
    },
    async () => {
      const greenlet = spawn(function* () {
        yield* barrier.wait();
      });
      await ticks();
      await greenlet.kill();
    },
  ];
  for (const giveUp of ways) {
    const other = barrier.wait();
    await giveUp();
    await assert.rejects(other, BrokenBarrierError);
    assert.equal(barrier.broken, true);
    await assert.rejects(barrier.wait(), BrokenBarrierError);
    assert.throws(() => barrier.waitSync(), BrokenBarrierError);
    barrier.reset();
    assert.deepEqual(barrier.statistics(), { parties: 3, waiting: 0, broken: false });
  }
});

test('a signal that was aborted before breaks the barrier at once', async () => {
  const barrier = new Barrier(2);
  const signal = AbortSignal.abort(new Error('enough'));
  await assert.rejects(barrier.wait({ signal }), /enough/);
  assert.equal(barrier.broken, false);
});

test('the timeout of the barrier holds for every wait', async () => {
  const barrier = new Barrier(2, { timeout: 5 });
  await assert.rejects(barrier.wait(), BrokenBarrierError);
  barrier.reset();
  assert.throws(() => barrier.waitSync(), BrokenBarrierError);
});

test('an infinite timeout of a wait replaces that of the barrier', async () => {
  const [barrier, clock] = [new Barrier(3, { timeout: 5 }), new Barrier(2, { timeout: 5 })];
  const ranks = [barrier.wait(Infinity), barrier.wait({ timeout: Infinity })];
  // Begun later, over later.
  await assert.rejects(clock.wait(), BrokenBarrierError);
  assert.equal(barrier.broken, false);
  assert.deepEqual([barrier.waitSync(Infinity), ...(await Promise.all(ranks))], [2, 0, 1]);
});

test('abort() and reset() leave no waiter', async () => {
  const barrier = new Barrier(3);
  const waits = [barrier.wait(), barrier.wait()];
  barrier.abort();
  for (const wait of waits) await assert.rejects(wait, BrokenBarrierError);
  assert.equal(barrier.broken, true);
  barrier.reset();
  const again = [barrier.wait(), barrier.wait()];
  barrier.reset();
  for (const wait of again) await assert.rejects(wait, BrokenBarrierError);
  assert.equal(barrier.broken, false);
  const ranks = await Promise.all([barrier.wait(), barrier.wait(), barrier.wait()]);
  assert.deepEqual(ranks, [0, 1, 2]);
});

test('wrong arguments are refused', () => {
  for (const parties of [0, -1, 1.5]) assert.throws(() => new Barrier(parties), RangeError);
  assert.throws(() => new Barrier('2' as never), TypeError);
  assert.throws(() => new Barrier(2, { action: 1 as never }), TypeError);
  assert.throws(() => new Barrier(2, { timeout: -1 }), RangeError);
  assert.throws(() => new Barrier(2, { actions: () => {} } as object), TypeError);
  assert.throws(() => new Barrier(2).wait(-1), RangeError);
});

test('it tells how many wait', () => {
  const barrier = new Barrier(2);
  assert.equal(inspect(barrier), '<Barrier with 0 of 2 waiting>');
  barrier.abort();
  assert.equal(inspect(barrier), '<Barrier broken>');
});

for (const [name, make] of [
  ['threads', () => new ThreadPool(3)],
  ['processes', () => new Pool(3)],
] as const) {
  test(`${name}: parties of several threads stay in step`, async () => {
    const barrier = new Barrier(4);
    const pool = make();
    const rounds = 50;
    const party = async (isAsync: boolean): Promise<number[]> => {
      const ranks: number[] = [];
      for (let round = 0; round < rounds; round += 1) ranks.push(isAsync ? await barrier.wait() : barrier.waitSync());
      return ranks;
    };
    const running = pool.map(party, [true, false, false], { chunkSize: 1 });
    const all = [await party(true), ...(await running)];
    for (let round = 0; round < rounds; round += 1) assert.deepEqual(sorted(all.map((ranks) => ranks[round]!)), [0, 1, 2, 3]);
    await pool.terminate();
  });

  test(`${name}: the action is called by exactly one of several threads`, async () => {
    const calls = new Semaphore(0);
    const barrier = new Barrier(3, { action: () => calls.release() });
    const pool = make();
    const seen = await pool.map(
      async () => {
        await barrier.wait();
        const first = calls.getValue();
        barrier.waitSync();
        return [first, calls.getValue()];
      },
      [1, 2, 3],
      { chunkSize: 1 },
    );
    for (const [first, second] of seen) assert.deepEqual([first! >= 1, second], [true, 2]);
    assert.equal(calls.getValue(), 2);
    await pool.terminate();
  });

  test(`${name}: a party that ends breaks the barrier for the others`, async () => {
    const barrier = new Barrier(3);
    const pool = make();
    const victim = pool.apply(() => barrier.waitSync()).catch((error: unknown) => error);
    while (barrier.nWaiting < 1) await ticks();
    const other = barrier.wait();
    await pool.terminate();
    await assert.rejects(other, BrokenBarrierError);
    assert.ok((await victim) instanceof Error);
    assert.equal(barrier.broken, true);
  });
}

test('an action that cannot cross is refused', async () => {
  const pool = new Pool(1);
  const socket = new Socket();
  const barrier = new Barrier(2, { action: () => void socket.ref() });
  await assert.rejects(
    pool.apply(() => barrier.waitSync()),
    SerializationError,
  );
  await pool.terminate();
});
