/** wait: for things of all kinds, and for all greenlets; what comes back, in what order, and what is left behind. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getCurrent, GreenletExit, killAll, sleep, spawn, spawnLater, Timeout, wait } from 'heddle/coroutine';
import { Gate } from '../gate.js';

const LONG = 60_000;

function* turns(n: number): Generator<any, number> {
  for (let i = 0; i < n; i += 1) yield* sleep();
  return n;
}

test('things of all kinds come in the order in which they are ready', async () => {
  const gate = new Gate();
  const ended = spawn(turns, 0);
  await ended.join();
  const g = spawn(() => sleep(1));
  const resolved = Promise.resolve('a promise');
  let resolveLate!: () => void;
  const late = new Promise<void>((resolve) => (resolveLate = resolve));
  const waits = wait([late, g, gate, resolved, ended]);
  g.rawlink(() => gate.open());
  gate.rawlink(() => resolveLate());
  const order: unknown[] = await waits;
  assert.equal(order.length, 5);
  assert.deepEqual(
    [late, g, gate, resolved, ended].map((one) => order.indexOf(one)),
    [4, 2, 3, 1, 0],
  );
});

test('an error among them is one that was seen, and does not fail the wait', async () => {
  const rejected = Promise.reject(new Error('no'));
  const failed = spawn(() => {
    throw new Error('failed');
  });
  failed.link(() => {});
  assert.equal((await wait([rejected, failed])).length, 2);
  assert.deepEqual(failed.exception, new Error('failed'));
});

test('a time-out gives those that are ready, and leaves the others', async () => {
  const [open, closed] = [new Gate(), new Gate()];
  const slow = spawn(function* () {
    yield* sleep(LONG);
  });
  const waits = wait([closed, slow, open], { timeout: 20 });
  open.open();
  assert.deepEqual(await waits, [open]);
  assert.deepEqual([open.links.size, closed.links.size], [0, 0]);
  assert.deepEqual(await wait([closed, slow], 0), []);
  await slow.kill();
});

test('count ends it early, and one given twice counts once', async () => {
  const gates = [new Gate(), new Gate(), new Gate()];
  const waits = wait([...gates, ...gates], { count: 2 });
  gates[2]!.open();
  gates[0]!.open();
  assert.deepEqual(await waits, [gates[2], gates[0]]);
  assert.equal(gates[1]!.links.size, 0);
  assert.deepEqual(await wait(gates, { count: 0 }), []);
  assert.deepEqual(await wait([]), []);
  assert.equal((await wait([gates[0]!, gates[0]!])).length, 1);
});

test('a greenlet that is thrown out leaves nothing linked', async () => {
  const gate = new Gate();
  const g = spawn(function* () {
    yield* wait([gate, spawn(turns, 1)]);
  });
  const late = spawn(function* () {
    using _ = Timeout.startNew(1);
    yield* wait([gate]);
  });
  await sleep();
  await sleep();
  assert.equal(gate.links.size, 2);
  await g.kill();
  await late.join();
  assert.equal(late.exception instanceof Timeout, true);
  assert.equal(gate.links.size, 0);
});

test('a signal ends it with its reason', async () => {
  const gate = new Gate();
  const controller = new AbortController();
  const waits = wait([gate], { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(waits, new Error('enough'));
  assert.equal(gate.links.size, 0);
  await assert.rejects(wait([gate], { signal: controller.signal }), new Error('enough'));
});

test('what cannot be waited for is refused, and then nothing is linked', () => {
  const gate = new Gate();
  assert.throws(
    () => wait([gate, 5 as any]),
    new TypeError('expected objects[1] to be a greenlet, a promise, or something with rawlink(), got 5'),
  );
  assert.equal(gate.links.size, 0);
  assert.throws(() => wait(5 as any), /expected objects to be an iterable of what can be waited for, got 5/);
  assert.throws(() => wait(spawn(turns, 0) as any), TypeError);
  assert.throws(() => wait([], { count: -1 }), RangeError);
  assert.throws(() => wait([], { raiseError: true } as any), /unknown key 'raiseError'/);
  assert.throws(() => wait(undefined, { count: 1 } as any), /unknown key 'count'/);
});

test('without objects it waits for all greenlets, also for those that come meanwhile', async () => {
  const ended: string[] = [];
  spawn(function* () {
    yield* sleep(1);
    spawnLater(1, function* () {
      yield* turns(3);
      ended.push('grandchild');
    });
    ended.push('child');
  });
  spawn(async () => {
    await sleep(2);
    ended.push('async');
  });
  assert.equal(await wait(), true);
  assert.deepEqual(ended.sort(), ['async', 'child', 'grandchild']);
  assert.equal(await wait(), true, 'none is left: at once');
  spawn(() => ended.push('again'));
  assert.equal(await wait(), true);
  assert.equal(ended.at(-1), 'again');
});

test('without objects a time-out is false', async () => {
  const slow = spawn(function* () {
    yield* sleep(LONG);
  });
  assert.equal(await wait(undefined, 5), false);
  assert.equal(await wait(undefined, { timeout: 0 }), false);
  const controller = new AbortController();
  const waits = wait(undefined, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(waits, new Error('enough'));
  await slow.kill();
  assert.equal(await wait(undefined, 5), true);
});

test('those that wait for all do not wait for each other, nor for themselves', async () => {
  const work = spawn(turns, 10);
  const ends = ['first', 'second'].map(() =>
    spawn(function* () {
      const isAll = yield* wait();
      return [isAll, work.dead];
    }),
  );
  const inPart = spawn(function* () {
    return yield* Timeout.run(LONG, function* () {
      return yield* wait();
    });
  });
  assert.deepEqual(await Promise.all(ends), [
    [true, true],
    [true, true],
  ]);
  assert.equal(await inPart, true);
});

test('one that was unrefed is not waited for', async () => {
  const daemon = spawn(function* () {
    yield* sleep(LONG);
  }).unref();
  const g = spawn(turns, 3);
  assert.deepEqual([await wait(), g.dead, daemon.dead], [true, true, false]);
  await daemon.kill();
});

test('one that waits for all can be killed', async () => {
  const slow = spawn(function* () {
    yield* sleep(LONG);
  });
  const waits = spawn(function* () {
    yield* wait();
  });
  await sleep();
  await killAll([waits]);
  assert.ok((waits.value as unknown) instanceof GreenletExit);
  const other = spawn(function* () {
    return yield* wait(undefined, 1);
  });
  assert.equal(await other, false, 'the killed one is not in the way');
  await slow.kill();
  assert.equal(getCurrent().name, 'main');
});
