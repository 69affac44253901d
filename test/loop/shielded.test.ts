/** A wait that its waiter cannot leave before something is in order again. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Shielded } from '#src/loop/index.js';
import { GreenletExit, sleep, spawn } from '#src/coroutine/index.js';

/** Ends when it is told to, by what it was interrupted with. */
class Probe extends Shielded<string> {
  readonly interruptions: unknown[] = [];

  describe(): string {
    return 'Probe.wait()';
  }

  protected interrupted(error: unknown): void {
    this.interruptions.push(error);
  }

  inOrder(): void {
    if (this.interruptions.length === 0) this.settle('value');
    else this.fail(this.interruptions.at(-1));
  }
}

const [first, second] = [new Error('first'), new Error('second')];

test('a killed greenlet goes on after all is in order', async () => {
  const probe = new Probe();
  const said: string[] = [];
  const g = spawn(function* () {
    try {
      yield* probe;
    } finally {
      said.push('finally');
    }
  });
  await sleep();
  const killed = g.kill(first);
  await sleep();
  assert.deepEqual([probe.interruptions, said, g.dead], [[first], [], false]);
  probe.inOrder();
  await killed;
  assert.deepEqual([said, g.exception], [['finally'], first]);
});

test('a second error counts for more than the first', async () => {
  const probe = new Probe();
  const g = spawn(function* () {
    yield* probe;
  });
  await sleep();
  g.kill(first);
  g.kill();
  await sleep();
  const [, exit] = probe.interruptions;
  assert.equal(probe.interruptions[0], first);
  assert.ok(exit instanceof GreenletExit, 'the exit is stronger');
  g.kill(second);
  assert.deepEqual(probe.interruptions, [first, exit, second]);
  probe.inOrder();
  await g.join();
  assert.equal(g.exception, second);
});

test('one that ends well all the same does not throw', async () => {
  const probe = new Probe();
  const g = spawn(function* () {
    return yield* probe;
  });
  await sleep();
  g.kill(first);
  probe.settle('swallowed');
  await g.join();
  assert.equal(g.value, 'swallowed');
});

test('one that was over before the kill throws it', async () => {
  const probe = new Probe();
  const g = spawn(function* () {
    return yield* probe;
  });
  await sleep();
  probe.settle('value');
  g.kill(first);
  await g.join();
  assert.deepEqual([g.exception, probe.interruptions], [first, []]);
});

test('one that ended after a kill does not keep the next kill back', async () => {
  const probe = new Probe();
  const g = spawn(function* () {
    return yield* probe;
  });
  await sleep();
  g.kill(first);
  await sleep();
  probe.settle('value');
  g.kill(second);
  await g.join();
  assert.equal(g.exception, second);
});

test('waiters besides the killed one are not disturbed', async () => {
  const probe = new Probe();
  const [one, other] = [1, 2].map(() =>
    spawn(function* () {
      return yield* probe;
    }),
  );
  await sleep();
  await one!.kill();
  assert.deepEqual([probe.interruptions, one!.dead, other!.dead], [[], true, false]);
  probe.settle('value');
  assert.equal(await other!, 'value');
});

test('a killed async function goes on after all is in order', async () => {
  const probe = new Probe();
  const said: unknown[] = [];
  const g = spawn(async () => {
    try {
      await probe;
    } catch (error) {
      said.push(error);
    }
  });
  await sleep();
  await g.kill(first);
  assert.deepEqual([probe.interruptions, said], [[first], []]);
  probe.inOrder();
  await sleep();
  assert.deepEqual(said, [first]);
});
