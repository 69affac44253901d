/**
 * The assertions of CPython's lock_tests.py and _test_multiprocessing on Barrier: between threads, between processes, and both, in both
 * forms.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { BrokenBarrierError } from 'heddle';
import { allReject, crewSize, everywhere, inBothForms, until } from '../sync/crew.js';
import { meet } from '../sync/forms.js';
import { Barrier, Semaphore } from '../sync/made.js';

const parties = crewSize;

test('Barrier: fewer than one party, or a time-out that is none, is refused', () => {
  for (const count of [0, -1, 1.5, NaN]) assert.throws(() => new Barrier(count), RangeError);
  assert.throws(() => new Barrier(1, { timeout: -1 }), RangeError);
});

test('Barrier: repr tells how many wait, and whether it is broken', () => {
  const barrier = new Barrier(3);
  assert.equal(inspect(barrier), '<Barrier with 0 of 3 waiting>');
  barrier.abort();
  assert.equal(inspect(barrier), '<Barrier broken>');
});

test('Barrier: one party alone never waits', async () => {
  const barrier = new Barrier(1);
  assert.deepEqual([await barrier.wait(), barrier.waitSync(), await barrier.wait(0)], [0, 0, 0]);
  assert.deepEqual([barrier.parties, barrier.nWaiting, barrier.broken], [1, 0, false]);
});

for (const rounds of [1, 2, 10, 200]) {
  inBothForms(`Barrier: ${rounds} rounds stay in step`, async (crew, form) => {
    const barrier = new Barrier(parties);
    const arrived = new Semaphore(0);
    const all = crew.bunch(parties, async () => {
      let isInStep = true;
      for (let round = 1; round <= rounds; round += 1) {
        arrived.release();
        await meet(form, barrier);
        // All have arrived for this round, and none for the next but one.
        const count = arrived.getValue();
        isInStep &&= count >= round * parties && count < (round + 1) * parties;
      }
      return isInStep;
    });
    for (const each of all) assert.equal(await each, true);
    assert.deepEqual([barrier.nWaiting, barrier.broken, arrived.getValue()], [0, false, rounds * parties]);
  });
}

everywhere('Barrier: parties of both forms meet', async (crew) => {
  const barrier = new Barrier(parties);
  const all = crew.bunch(parties - 1, (n) => meet(n % 2 === 0 ? 'sync' : 'async', barrier));
  const mine = barrier.wait();
  const indexes = await Promise.all([...all, mine]);
  assert.deepEqual(
    indexes.sort((a, b) => a - b),
    Array.from({ length: parties }, (_, i) => i),
  );
});

inBothForms('Barrier: each is told another number, one is told 0', async (crew, form) => {
  const barrier = new Barrier(parties);
  const indexes = await Promise.all(crew.bunch(parties, () => meet(form, barrier)));
  assert.deepEqual(
    indexes.sort((a, b) => a - b),
    Array.from({ length: parties }, (_, i) => i),
  );
});

test('Barrier: its action runs once a round, before any party goes on', async () => {
  let runs = 0;
  const barrier = new Barrier(3, { action: () => (runs += 1) });
  const party = async (): Promise<number[]> => {
    const seen: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      await barrier.wait();
      seen.push(runs);
      await barrier.wait(); // so that none is a round ahead when another looks
    }
    return seen;
  };
  for (const seen of await Promise.all([party(), party(), party()])) assert.deepEqual(seen, [1, 3, 5, 7, 9]);
});

inBothForms('Barrier: its action runs once a round, wherever the party is that comes last', async (crew, form) => {
  const runs = new Semaphore(0);
  const barrier = new Barrier(parties, { action: () => runs.release() });
  const all = crew.bunch(parties, async () => {
    await meet(form, barrier);
    const first = runs.getValue();
    await meet(form, barrier);
    return first >= 1 && runs.getValue() === 2;
  });
  for (const each of all) assert.equal(await each, true);
});

inBothForms('Barrier: an action that throws breaks it, and its thrower gets the error', async (crew, form) => {
  const barrier = new Barrier(3, {
    action: () => {
      throw new TypeError('own');
    },
  });
  const ends = await Promise.allSettled(crew.bunch(3, () => meet(form, barrier)));
  const errors = ends.map((end) => (end.status === 'rejected' ? (end.reason as Error).name : 'passed'));
  assert.deepEqual(errors.sort(), ['BrokenBarrierError', 'BrokenBarrierError', 'TypeError']);
  assert.equal(barrier.broken, true);
});

inBothForms('Barrier: an abort breaks it for all waiters and all newcomers', async (crew, form) => {
  const barrier = new Barrier(parties);
  const all = crew.bunch(parties - 1, () => meet(form, barrier));
  await until(() => barrier.nWaiting === parties - 1);
  barrier.abort();
  await allReject(all, BrokenBarrierError);
  await assert.rejects(
    crew.run(() => meet(form, barrier)),
    BrokenBarrierError,
  );
  await assert.rejects(async () => barrier.wait(), BrokenBarrierError);
  assert.deepEqual([barrier.broken, barrier.nWaiting], [true, 0]);
});

inBothForms('Barrier: a reset breaks the waiters, and then it works', async (crew, form) => {
  const barrier = new Barrier(parties);
  const early = crew.bunch(parties - 1, () => meet(form, barrier));
  await until(() => barrier.nWaiting === parties - 1);
  barrier.reset();
  await allReject(early, BrokenBarrierError);
  assert.deepEqual([barrier.broken, barrier.nWaiting], [false, 0]);
  const all = crew.bunch(parties, () => meet(form, barrier));
  for (const each of all) await each;
});

inBothForms('Barrier: an abort and a reset later it works', async (crew, form) => {
  const barrier = new Barrier(3);
  const early = crew.bunch(2, () => meet(form, barrier));
  await until(() => barrier.nWaiting === 2);
  const broken = allReject(early, BrokenBarrierError);
  await crew.run(() => barrier.abort());
  await broken;
  await crew.run(() => barrier.reset());
  assert.equal(barrier.broken, false);
  for (const each of crew.bunch(3, () => meet(form, barrier))) await each;
});

inBothForms('Barrier: a party that comes too late finds it broken, and so do all others', async (crew, form) => {
  const barrier = new Barrier(4);
  const waiting = crew.bunch(2, () => meet(form, barrier));
  await until(() => barrier.nWaiting === 2);
  const impatient = crew.run(() => meet(form, barrier, 20));
  await allReject([...waiting, impatient], BrokenBarrierError);
  assert.equal(barrier.broken, true);
  await assert.rejects(async () => barrier.wait(), BrokenBarrierError);
});

inBothForms('Barrier: the time-out it was made with is that of its waits', async (crew, form) => {
  const barrier = new Barrier(2, { timeout: 20 });
  await assert.rejects(
    crew.run(() => meet(form, barrier)),
    BrokenBarrierError,
  );
  assert.equal(barrier.broken, true);
});
