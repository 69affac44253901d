/** Results that wait for the one in front of them: in which order they come, and how many may wait. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Order } from '#src/cli/map/order.js';
import { runMap } from '#src/cli/map/run.js';

const mebibyte = 'x'.repeat(1024 * 1024);

/** Puts results of a mebibyte each into the places from `from` up to, and without, `to`. */
function fill(order: Order, from: number, to: number): void {
  for (let i = from; i < to; i++) assert.deepEqual(order.put(i, mebibyte), []);
}

test('results behind a late item are full at 64 MiB, to the character, whatever was there before', () => {
  const order = new Order();
  for (let round = 0, first = 0; round < 3; round++, first += 66) {
    fill(order, first + 1, first + 64);
    assert.equal(order.isFull, false);
    assert.deepEqual(order.put(first + 64, mebibyte.slice(1)), []);
    assert.equal(order.isFull, false);
    assert.deepEqual(order.put(first + 65, 'y'), []);
    assert.equal(order.isFull, true);
    // The result that comes at its turn has never waited, and does not count.
    const ready = order.put(first, mebibyte.repeat(2));
    assert.equal(order.isFull, false);
    assert.deepEqual(
      ready.map((result) => result.length),
      [2 * 1024 * 1024, ...Array<number>(63).fill(1024 * 1024), 1024 * 1024 - 1, 1],
    );
  }
});

test('results that leave are counted off, and no others', () => {
  const order = new Order();
  fill(order, 1, 40);
  fill(order, 41, 66);
  assert.equal(order.isFull, true);
  assert.equal(order.put(0, 'first').length, 40);
  // 25 MiB are left behind item 40.
  assert.equal(order.isFull, false);
  fill(order, 66, 104);
  assert.equal(order.isFull, false);
  fill(order, 104, 105);
  assert.equal(order.isFull, true);
  assert.equal(order.put(40, null).length, 64);
  assert.equal(order.isFull, false);
});

test('a failed item takes a place and no characters', () => {
  const order = new Order();
  for (let i = 1; i < 65_536; i++) order.put(i, null);
  assert.equal(order.isFull, false);
  order.put(65_536, null);
  assert.equal(order.isFull, true);
  assert.deepEqual(order.put(0, null), []);
  assert.equal(order.isFull, false);
});

test('all available results come in order across the gaps, and free their space', () => {
  const order = new Order();
  order.put(7, 'seven');
  order.put(3, null);
  fill(order, 10, 74);
  order.put(5, 'five');
  assert.equal(order.isFull, true);
  assert.deepEqual(order.rest().slice(0, 3), ['five', 'seven', mebibyte]);
  assert.equal(order.isFull, false);
  assert.deepEqual(order.rest(), []);
});

test('a run waits for space until the late result has come', async () => {
  const order = new Order();
  await order.room();
  fill(order, 2, 100);
  let hasRoom = false;
  const room = order.room().then(() => (hasRoom = true));
  order.put(1, 'one');
  await new Promise(setImmediate);
  assert.equal(hasRoom, false);
  order.put(0, 'zero');
  await room;
});

for (const isUnordered of [false, true]) {
  test(`a run ${isUnordered ? 'without order takes items whatever is late' : 'takes no items while 64 MiB wait for a late one'}`, async () => {
    const items = async function* (): AsyncGenerator<{ value: number }[]> {
      for (let i = 0; i < 100; i++) yield [{ value: i }];
    };
    let takenAtStall = 0;
    const state = { isStopped: false, taken: 0, failures: 0, written: 0 };
    // Item 0 ends when nothing else can go on.
    async function* outcomes(jobs: AsyncIterable<unknown>): AsyncGenerator {
      const taken = jobs[Symbol.asyncIterator]();
      await taken.next();
      for (let index = 1; ; index++) {
        const next = taken.next();
        const turn = new Promise<'stalled'>((resolve) => setImmediate(resolve, 'stalled'));
        if ((await Promise.race([next, turn])) === 'stalled') {
          takenAtStall = state.taken;
          yield { index: 0, ok: true, value: 'first' };
        }
        if ((await next).done === true) break;
        yield { index, ok: true, value: mebibyte };
      }
      if (takenAtStall === 0) yield { index: 0, ok: true, value: 'first' };
    }
    const written: string[] = [];
    const run = {
      input: { items: items() },
      engine: { outcomes },
      target: {},
      output: { isFull: false, write: (line: string) => written.push(line) },
      report: { succeeded: () => {} },
      isUnordered,
      retries: 0,
      journal: undefined,
    };
    await runMap(run as never, state);
    assert.equal(takenAtStall, isUnordered ? 0 : 65);
    assert.equal(written.length, 100);
    assert.equal(written.indexOf('first'), isUnordered ? 99 : 0);
    assert.deepEqual([state.taken, state.written, state.failures], [100, 100, 0]);
  });
}
