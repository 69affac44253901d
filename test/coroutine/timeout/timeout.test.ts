/** Timeout: where it is thrown, by which of several, and a cancelled one never fires. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidStateError, TimeoutError } from 'heddle';
import { type Coroutine, Greenlet, GreenletExit, killAll, sleep, spawn, Timeout, until } from 'heddle/coroutine';
import { HandClock, idle } from '../hand-clock.js';

const LONG = 60_000;

/** The outcome of a greenlet of the function, thrown or not. */
async function outcome(fn: () => unknown): Promise<unknown> {
  const greenlet = spawn(fn);
  await greenlet.join();
  return greenlet.exception ?? greenlet.value;
}

test('it throws that very object, through whatever the greenlet waits for', async () => {
  for (const wait of [() => sleep(LONG), () => until(new Promise<never>(() => {})), () => spawn(() => sleep(1)).join()]) {
    const t = new Timeout(0);
    const caught = await outcome(function* () {
      t.start();
      try {
        return yield* wait();
      } catch (error) {
        return error;
      }
    });
    assert.equal(caught, t);
  }
});

test('it is a TimeoutError that says after how long', () => {
  const t = new Timeout(10);
  assert.ok(t instanceof TimeoutError);
  assert.deepEqual([t.name, t.code, t.message, t.ms], ['Timeout', 'ERR_HEDDLE_TIMEOUT', 'timed out after 10 ms', 10]);
  assert.deepEqual([new Timeout().ms, new Timeout().message], [Infinity, 'never times out']);
  assert.equal(new Timeout(10, 'the page took too long').message, 'the page took too long');
});

test('thrown by hand it is an error like any other', async () => {
  const t = new Timeout(10);
  const caught = await outcome(() => {
    throw t;
  });
  assert.equal(caught, t);
});

test('an error of the program is thrown instead, or made of its class', async () => {
  class TooLate extends Error {}
  const error = new TooLate('mine');
  const late = (exception: any): Promise<any> =>
    outcome(function* () {
      Timeout.startNew(1, exception);
      yield* sleep(LONG);
    });
  assert.equal(await late(error), error);
  const made = await late(TooLate);
  assert.ok(made instanceof TooLate);
  assert.equal(made.message, 'timed out after 1 ms');
  assert.equal((await late(Error)).constructor, Error);
});

test('arguments that are wrong are refused', () => {
  assert.throws(() => new Timeout(-1), new RangeError('expected ms to be a number >= 0, got -1'));
  assert.throws(() => new Timeout('1' as any), RangeError);
  assert.throws(() => new Timeout(1, 5 as any), new TypeError('expected exception to be an Error or a class of errors, got 5'));
  assert.throws(() => new Timeout(1, (() => {}) as any), TypeError);
});

test('of nested ones each is told apart, and an inner longer one does not hide the outer', async () => {
  const said: unknown[] = [];
  await spawn(function* () {
    using outer = Timeout.startNew(20);
    try {
      using inner = Timeout.startNew(1);
      try {
        yield* sleep(LONG);
      } catch (error) {
        said.push(error === inner);
      }
      using longer = Timeout.startNew(LONG);
      try {
        yield* sleep(2 * LONG);
      } catch (error) {
        said.push(error === longer);
        throw error;
      }
    } catch (error) {
      said.push(error === outer);
    }
  });
  assert.deepEqual(said, [true, false, true]);
});

for (const kind of ['generator', 'async'] as const) {
  test(`two that are due at once both come, one after the other (${kind})`, async () => {
    using clock = new HandClock();
    const caught: unknown[] = [];
    const first = new Timeout(1);
    const second = new Timeout(2);
    const begin = (): void => {
      first.start();
      second.start();
    };
    if (kind === 'generator') {
      await spawn(function* () {
        begin();
        setImmediate(() => clock.advance(3));
        for (let i = 0; i < 2; i += 1) {
          try {
            yield* sleep(LONG);
          } catch (error) {
            caught.push(error);
          }
        }
      });
    } else {
      await spawn(async () => {
        begin();
        setImmediate(() => clock.advance(3));
        for (let i = 0; i < 2; i += 1) {
          try {
            await sleep(LONG);
          } catch (error) {
            caught.push(error);
          }
        }
      });
    }
    assert.deepEqual(caught, [first, second]);
  });

  test(`of two that are due at once the other is not thrown if it was cancelled meanwhile (${kind})`, async () => {
    using clock = new HandClock();
    const first = new Timeout(1);
    const second = new Timeout(2);
    const body = {
      *generator() {
        first.start();
        second.start();
        setImmediate(() => clock.advance(3));
        try {
          yield* sleep(LONG);
        } catch (error) {
          assert.equal(error, first);
          assert.equal(second.pending, true);
          second.cancel();
        }
        clock.advance(5);
        yield* sleep();
        return 'whole';
      },
      async async() {
        first.start();
        second.start();
        setImmediate(() => clock.advance(3));
        await sleep(LONG).catch((error) => assert.equal(error, first));
        assert.equal(second.pending, true);
        second.cancel();
        clock.advance(5);
        await sleep();
        return 'whole';
      },
    };
    assert.equal(await spawn(body[kind] as () => Coroutine<string>), 'whole');
  });
}

test('a kill is stronger, and is not lost behind a time-out', async () => {
  for (const error of [undefined, new Error('a kill of its own')]) {
    using clock = new HandClock();
    const g = spawn(function* () {
      Timeout.startNew(1);
      for (;;) {
        try {
          yield* sleep(LONG);
        } catch (thrown) {
          if (!(thrown instanceof Timeout)) throw thrown;
        }
      }
    });
    const killer = spawn(function* () {
      Timeout.startNew(2);
      // The listener runs when both are due and the first has not had its turn.
      yield* until((signal) => {
        signal.addEventListener('abort', () => void g.kill(error));
        return new Promise(() => {});
      });
    });
    await idle();
    clock.advance(2);
    await killer.join();
    await g.join();
    assert.ok(killer.exception instanceof Timeout);
    if (error === undefined) assert.ok((g.value as unknown) instanceof GreenletExit);
    else assert.equal(g.exception, error);
  }
});

test('a cancelled one never fires, and can be started again', async () => {
  const t = new Timeout(1);
  const said: unknown[] = [];
  await spawn(function* () {
    said.push(t.pending);
    t.start();
    said.push(t.pending);
    t.cancel();
    t.cancel();
    said.push(t.pending);
    yield* sleep(3);
    t.start();
    try {
      yield* sleep(LONG);
    } catch (error) {
      said.push(error === t, t.pending);
    }
    t.start();
    try {
      yield* sleep(LONG);
    } catch (error) {
      said.push(error === t);
    }
  });
  assert.deepEqual(said, [false, true, false, true, false, true]);
});

test('started twice or after close() it is an InvalidStateError', async () => {
  const said = await spawn(() => {
    const t = Timeout.startNew(LONG);
    assert.throws(() => t.start(), new InvalidStateError('the Timeout is pending: cancel() it before it is started again'));
    assert.equal(Timeout.startNew(t), t);
    t.close();
    assert.throws(() => t.start(), new InvalidStateError('the Timeout was closed: make another'));
    t.close();
    return t.pending;
  });
  assert.equal(said, false);
});

test('outside of a greenlet it says what to write', () => {
  assert.throws(() => new Timeout(1).start(), /none runs here: write Timeout\.run\(ms, fn\)/);
  assert.throws(() => Timeout.startNew(1), InvalidStateError);
});

test('one without a time never fires and is never pending', async () => {
  const g = spawn(function* () {
    using t = Timeout.startNew();
    yield* sleep(2);
    return t.pending;
  });
  assert.equal(await g, false);
});

test('one of 0 fires at the next turn, not before a wait', async () => {
  const said: string[] = [];
  await spawn(function* () {
    const t = Timeout.startNew(0);
    said.push('goes on');
    try {
      for (;;) yield* sleep();
    } catch (error) {
      said.push(error === t ? 'fired' : 'what else?');
    }
  });
  assert.deepEqual(said, ['goes on', 'fired']);
});

test('using closes it at the end of the block, however that is left', async () => {
  const kept: Timeout[] = [];
  const g = spawn(function* () {
    for (let i = 0; i < 2; i += 1) {
      using t = Timeout.startNew(1);
      kept.push(t);
      if (i === 0) continue;
    }
    yield* sleep(3);
    return 'not thrown out';
  });
  assert.equal(await g, 'not thrown out');
  for (const t of kept) assert.throws(() => t.start(), /closed/);
});

test('an async function has it thrown at its await, or at the next of ours', async () => {
  const said: string[] = [];
  await spawn(async () => {
    const first = Timeout.startNew(1);
    await sleep(LONG).catch((error) => said.push(`sleep: ${error === first}`));
    const second = Timeout.startNew(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    said.push(`a promise of others goes on: ${second.pending}`);
    await sleep(LONG).catch((error) => said.push(`next sleep: ${error === second}, ${second.pending}`));
    const third = Timeout.startNew(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    third.cancel();
    await sleep(1);
    said.push('the third was cancelled');
  });
  assert.deepEqual(said, ['sleep: true', 'a promise of others goes on: true', 'next sleep: true, false', 'the third was cancelled']);
});

test('what was waited for is given up: a signal is aborted with the very Timeout', async () => {
  let reason: unknown;
  const t = new Timeout(1);
  const g = spawn(function* () {
    t.start();
    yield* until((signal) => {
      signal.addEventListener('abort', () => (reason = signal.reason));
      return new Promise(() => {});
    });
  });
  await g.join();
  assert.deepEqual([reason === t, g.exception === t], [true, true]);
});

test('a finally that waits is run to its end', async () => {
  const said: string[] = [];
  const g = spawn(function* () {
    using _ = Timeout.startNew(1);
    try {
      yield* sleep(LONG);
    } finally {
      yield* sleep(2);
      said.push('cleaned up');
    }
  });
  await g.join();
  assert.deepEqual([said, g.exception instanceof Timeout], [['cleaned up'], true]);
});

test('it ends with its greenlet', async () => {
  const kept: Timeout[] = [];
  const ends = spawn(function* () {
    kept.push(Timeout.startNew(LONG));
    yield* sleep();
  });
  const killed = spawn(function* () {
    kept.push(Timeout.startNew(LONG));
    yield* sleep(LONG);
  });
  const late = spawn(async () => {
    kept.push(Timeout.startNew(1));
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
  await ends;
  await killAll([killed]);
  await late;
  assert.deepEqual(
    kept.map((t) => t.pending),
    [false, false, false],
  );
});

test('each greenlet has its own', async () => {
  const both = [1, 2].map((i) =>
    spawn(function* () {
      const t = Timeout.startNew(i === 1 ? 1 : LONG);
      try {
        yield* sleep(5);
        return 'slept';
      } catch (error) {
        return error === t;
      }
    }),
  );
  assert.deepEqual(await Promise.all(both), [true, 'slept']);
});

test('a subclass of Greenlet is thrown out of its run(), too', async () => {
  class Worker extends Greenlet<string> {
    override *run() {
      using t = Timeout.startNew(1);
      try {
        yield* sleep(LONG);
        return 'slept';
      } catch (error) {
        return error === t ? 'late' : 'what else?';
      }
    }
  }
  assert.equal(await Worker.spawn(), 'late');
});
