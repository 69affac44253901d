/** The results of waiting calls: awaited, left, limited, given up. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { Done, done, Pending, type WaitOptions } from '#src/loop/index.js';
import { InvalidStateError, TimeoutError } from '#src/index.js';
import { spawn } from '#src/coroutine/index.js';
import { runProgram } from '../coroutine/program.js';

/** Waits for nothing; says what is done to it. */
class Probe extends Pending<string> {
  readonly said: string[] = [];

  constructor(options?: number | WaitOptions) {
    super();
    this.limit(options);
  }

  describe(): string {
    return 'Probe.wait()';
  }

  protected override abandon(reason: unknown): void {
    this.said.push(`abandoned: ${String(reason)}`);
  }

  protected override giveBack(value: string): void {
    this.said.push(`given back: ${value}`);
  }
}

const waiter = (): { wake(): void; count: number } => ({
  count: 0,
  wake() {
    this.count += 1;
  },
});

test('an operation is over once, and keeps its value', async () => {
  const probe = new Probe();
  assert.equal(probe.isPending, true);
  probe.settle('first');
  probe.settle('second');
  probe.fail(new Error('third'));
  probe.reject(new Error('fourth'));
  assert.equal(probe.isPending, false);
  assert.equal(await probe, 'first');
  assert.equal(await probe, 'first');
  assert.deepEqual(probe.node.next(), { done: true, value: 'first' });
  assert.deepEqual(probe.said, []);
});

test('an operation can be used as a promise', async () => {
  const probe = new Probe();
  const chain = probe.then((value) => value.length).finally(() => probe.said.push('finally'));
  const failed = new Probe();
  const caught = failed.catch((error: Error) => error.message);
  const raced = Promise.race([new Probe(), probe]);
  probe.settle('four');
  failed.fail(new Error('no'));
  assert.equal(await chain, 4);
  assert.equal(await caught, 'no');
  assert.equal(await raced, 'four');
  assert.deepEqual(probe.said, ['finally']);
  await assert.rejects(
    failed.finally(() => {}),
    /no/,
  );
  assert.equal(Object.prototype.toString.call(probe), '[object Operation]');
});

test('a timeout of 0 does not wait, and a later one counts', async () => {
  await assert.rejects(new Probe(0).then(), TimeoutError);
  await assert.rejects(new Probe({ timeout: 1 }).then(), /Probe.wait\(\) took longer/);
  const settled = new Probe(1);
  settled.settle('in time');
  assert.equal(settled.node.place, -1);
  assert.equal(await settled, 'in time');
});

test('an abort ends the wait, with its reason', async () => {
  const reason = new Error('enough');
  await assert.rejects(new Probe({ signal: AbortSignal.abort(reason) }).then(), (error) => error === reason);
  const controller = new AbortController();
  const probe = new Probe({ signal: controller.signal, timeout: 60_000 });
  const rejected = assert.rejects(probe.then(), (error) => error === reason);
  controller.abort(reason);
  await rejected;
  assert.equal(probe.node.place, -1, 'its timer is left');
  assert.deepEqual(probe.said, ['abandoned: Error: enough']);
});

test('bad options are refused', () => {
  const bad = (options: unknown): Probe => new Probe(options as WaitOptions);
  assert.throws(() => bad(-1), { name: 'RangeError', message: 'expected timeout to be a number >= 0, got -1' });
  assert.throws(() => bad(NaN), RangeError);
  assert.throws(() => bad({ timeout: '5' }), /expected timeout to be a number >= 0, got '5'/);
  assert.throws(() => bad({ timeuot: 5 }), /unknown key 'timeuot' in options: known are timeout, signal/);
  assert.throws(() => bad({ signal: {} }), /expected signal to be an AbortSignal, got {}/);
  assert.throws(() => bad('soon'), /expected timeout to be a number of milliseconds or { timeout, signal }, got 'soon'/);
});

test('a waiter that leaves takes nothing with it', () => {
  const [one, other] = [waiter(), waiter()];
  const pending = new Probe();
  pending.addWaiter(one);
  pending.leave(one, 'killed');
  assert.deepEqual(pending.said, ['abandoned: killed']);
  pending.settle('late');
  assert.equal(one.count, 0);

  const over = new Probe();
  over.addWaiter(one);
  over.settle('item');
  assert.equal(one.count, 1);
  over.leave(one, 'killed');
  assert.deepEqual(over.said, ['given back: item']);

  const shared = new Probe();
  shared.addWaiter(one);
  shared.addWaiter(other);
  shared.leave(one, 'killed');
  assert.deepEqual(shared.said, []);
  shared.settle('for the other');
  assert.deepEqual([one.count, other.count], [1, 1]);
  shared.leave(other, 'killed');
});

test('an unseen failure is reported', async () => {
  const { stdout } = await runProgram(`
    process.on('unhandledRejection', (error) => console.log(error.message));
    h.until(Promise.reject(new Error('unseen')));
    h.until(Promise.reject(new Error('seen in time'))).catch(() => {});
    h.spawn(function* () { try { yield* h.until(Promise.reject(new Error('seen by a greenlet'))) } catch {} });
  `);
  assert.equal(stdout, 'unseen\n');
});

test('yield* outside of a greenlet is refused', () => {
  assert.throws(() => [...(new Probe() as unknown as Iterable<unknown>)], InvalidStateError);
  assert.throws(() => new Probe().node.next(), /yield\* Probe.wait\(\) works in a generator function that spawn\(\) runs: await it/);
});

test('an operation that was over at once is an operation', async () => {
  assert.equal(await new Done(5), 5);
  assert.deepEqual(new Done(5)[Symbol.iterator]().next(), { done: true, value: 5 });
  assert.equal(await done.then(() => 'x'), 'x');
  assert.equal(inspect(new Done(1)), 'Operation <over>');
  assert.equal(inspect(new Probe()), 'Operation <Probe.wait()>');
});

test('a caller that does not wait lets others go on', async () => {
  let isSet = false;
  const g = spawn(function* () {
    for (;;) {
      try {
        yield* new Probe(0);
      } catch {
        if (isSet) return 'seen';
      }
    }
  });
  spawn(() => (isSet = true));
  assert.equal(await g, 'seen');
});

test('of two that leave an item one gives it back', () => {
  const [one, other] = [waiter(), waiter()];
  const shared = new Probe();
  shared.addWaiter(one);
  shared.addWaiter(other);
  shared.settle('item');
  shared.leave(one, 'killed');
  assert.deepEqual(shared.said, []);
  shared.leave(other, 'killed');
  assert.deepEqual(shared.said, ['given back: item']);
});
