/** iwait: the order, what is not awaited, and that a loop that is left leaves nothing behind. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Coroutine, Greenlet, iwait, sleep, spawn, Timeout } from 'heddle/coroutine';
import { Gate } from '../gate.js';
import { HandClock, idle } from '../hand-clock.js';
import { unkilled } from '../unkilled.ts';

const LONG = 60_000;

function* turns(n: number): Generator<any, number> {
  for (let i = 0; i < n; i += 1) yield* sleep();
  return n;
}

test('they come in the order of their ends, as themselves', async () => {
  const values: number[] = [];
  for await (const g of iwait([spawn(turns, 3), spawn(turns, 1), spawn(turns, 2)])) {
    assert.ok(g instanceof Greenlet);
    values.push(unkilled(g.value!));
  }
  assert.deepEqual(values, [1, 2, 3]);
});

test('a generator greenlet takes them by next()', async () => {
  const gates = [new Gate(), new Gate()];
  const g = spawn(function* () {
    const order: number[] = [];
    const ready = iwait(gates);
    for (let next = yield* ready.next(); next.done !== true; next = yield* ready.next()) order.push(gates.indexOf(next.value));
    assert.deepEqual(yield* ready.next(), { done: true, value: undefined });
    return order;
  });
  await sleep();
  gates[1]!.open();
  await sleep();
  gates[0]!.open();
  assert.deepEqual(await g, [1, 0]);
});

test('those that were ready come first, promises and all, each once', async () => {
  const ended = spawn(turns, 0);
  await ended.join();
  const open = new Gate();
  open.open();
  const closed = new Gate();
  const promise = Promise.resolve();
  const order: unknown[] = [];
  for await (const one of iwait([closed, ended, open, promise, ended, open])) {
    order.push(one);
    if (order.length === 3) closed.open();
  }
  assert.deepEqual(
    [ended, open, promise, closed].map((one) => order.indexOf(one)).toSorted((a, b) => a - b),
    [0, 1, 2, 3],
  );
  assert.deepEqual([order[0] === ended, order[3] === closed], [true, true]);
});

test('a loop that is left early leaves nothing linked', async () => {
  const gates = [new Gate(), new Gate(), new Gate()];
  gates[0]!.open();
  for await (const one of iwait(gates)) {
    assert.equal(one, gates[0]);
    break;
  }
  assert.deepEqual(
    gates.map((one) => one.links.size),
    [0, 0, 0],
  );
  {
    using ready = iwait(gates, { timeout: LONG });
    assert.equal((await ready.next()).value, gates[0]);
  }
  const failing = async (): Promise<void> => {
    for await (const _ of iwait(gates, { timeout: LONG })) throw new Error('in the loop');
  };
  await assert.rejects(failing, new Error('in the loop'));
  assert.deepEqual(
    gates.map((one) => one.links.size),
    [0, 0, 0],
  );
});

test('after the time-out it is over, and what is ready comes still', async () => {
  using clock = new HandClock();
  const [open, closed] = [new Gate(), new Gate()];
  const ready = iwait([open, closed], { timeout: 1 });
  open.open();
  await idle();
  clock.advance(1);
  await idle();
  assert.equal((await ready.next()).value, open);
  assert.equal((await ready.next()).done, true);
  const late = iwait([closed], 1).next();
  clock.advance(1);
  assert.deepEqual([await late, closed.links.size], [{ done: true, value: undefined }, 0]);
  assert.deepEqual(await iwait([], { timeout: LONG }).next(), { done: true, value: undefined });
});

test('count ends it, and the others are left', async () => {
  const gates = [new Gate(), new Gate(), new Gate()];
  const ready = iwait(gates, { count: 2, timeout: LONG });
  gates[2]!.open();
  gates[1]!.open();
  const order: number[] = [];
  for await (const one of ready) order.push(gates.indexOf(one));
  assert.deepEqual([order, gates[0]!.links.size], [[2, 1], 0]);
});

test('a signal ends it with its reason, with a waiter or without', async () => {
  const gate = new Gate();
  for (const isWaited of [true, false]) {
    const controller = new AbortController();
    const ready = iwait([gate], { signal: controller.signal });
    const next = isWaited ? ready.next() : undefined;
    controller.abort(new Error('enough'));
    await assert.rejects(next ?? ready.next(), new Error('enough'));
    assert.equal((await ready.next()).done, true);
    assert.equal(gate.links.size, 0);
  }
  await assert.rejects(iwait([gate], { signal: AbortSignal.abort(new Error('before')) }).next(), new Error('before'));
});

test('several that wait get one each, in order, and one that is thrown out takes none', async () => {
  const gates = [new Gate(), new Gate()];
  const ready = iwait(gates);
  const got: string[] = [];
  function* takes(name: string): Coroutine<void> {
    const next = yield* ready.next();
    got.push(`${name}: ${next.done === true ? 'end' : gates.indexOf(next.value)}`);
  }
  const first = spawn(takes, 'first');
  const second = spawn(takes, 'second');
  const third = spawn(takes, 'third');
  await sleep();
  gates[0]!.open();
  // The first was to receive it, and has not had its turn.
  void first.kill();
  await sleep();
  gates[1]!.open();
  await third.join();
  await second.join();
  assert.deepEqual(got, ['second: 0', 'third: 1']);
});

test('a greenlet that waits in next() is thrown out by a Timeout, and may go on', async () => {
  const gate = new Gate();
  const g = spawn(function* () {
    using ready = iwait([gate]);
    for (;;) {
      using _ = Timeout.startNew(1);
      try {
        return (yield* ready.next()).value === gate;
      } catch {
        gate.open();
      }
    }
  });
  assert.equal(await g, true);
  assert.equal(gate.links.size, 0);
});

test('a member that fails does not disturb the loop, nor waits in it', async () => {
  const greenlets = [1, 2, 3].map((i) =>
    spawn(function* () {
      yield* turns(i);
      if (i === 2) throw new Error('the second');
      return i;
    }),
  );
  const seen: unknown[] = [];
  for await (const g of iwait(greenlets)) {
    seen.push(g.exception ?? g.value);
    await sleep(1);
  }
  assert.deepEqual(seen, [1, new Error('the second'), 3]);
});

test('a thousand come one after another', async () => {
  const greenlets = Array.from({ length: 1000 }, (_, i) => spawn(turns, i % 7));
  const values: number[] = [];
  for await (const g of iwait(new Set(greenlets))) values.push(unkilled(g.value!));
  assert.equal(values.length, 1000);
  assert.deepEqual(
    values,
    values.toSorted((a, b) => a - b),
  );
});
