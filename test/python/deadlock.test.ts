/** The assertions of CPython's ExecutorDeadlockTest: a failure on the way to a worker or back leaves no endless wait. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMainThread } from 'node:worker_threads';
import { SerializationError, WorkerLost, registerReducer } from 'heddle';
import { kinds } from '../pool/kinds.ts';

/** Where something happens to it: when it is taken apart or made anew, in the host or in the worker. */
interface Trap {
  readonly at: 'reduce' | 'rebuild';
  readonly in: 'host' | 'worker';
  readonly how: 'throw' | 'exit' | 'abort';
}

class Trapped {
  readonly #trap: Trap;
  constructor(trap: Trap) {
    this.#trap = trap;
  }
  get trap(): Trap {
    return this.#trap;
  }
}

/** Only the host has it. */
const here = globalThis as { isHost?: boolean };
here.isHost = true;

function spring({ in: where, how }: Trap): void {
  const isHost = (globalThis as { isHost?: boolean }).isHost === true;
  if (isHost !== (where === 'host')) return;
  if (how === 'throw') throw new RangeError('trapped');
  if (how === 'exit') process.exit(1);
  if (isMainThread) process.abort();
  // In a thread this would be the end of the whole program.
  process.exit(134);
}

registerReducer(Trapped, {
  reduce: (trapped) => {
    if (trapped.trap.at === 'reduce') spring(trapped.trap);
    return trapped.trap;
  },
  rebuild: (trap: Trap) => {
    if (trap.at === 'rebuild') spring(trap);
    return new Trapped(trap);
  },
});

/** Decoding gives the error itself, encoding says where it happened. */
const isTrap = (error: unknown): boolean =>
  (error instanceof RangeError && error.message === 'trapped') ||
  (error instanceof SerializationError && /^(args\[0\]|result) → reduce\(\): reading it threw RangeError: trapped$/.test(error.message));

for (const { kind, open } of kinds) {
  test(`${kind}: an argument that cannot be encoded fails its own task, and the executor goes on`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const future = pool.submit((x: unknown) => x, new Trapped({ at: 'reduce', in: 'host', how: 'throw' }));
    await assert.rejects(future, isTrap);
    await assert.rejects(
      pool.submit((x: unknown) => x, new WeakMap()),
      SerializationError,
    );
    assert.equal(await pool.submit(() => 1), 1);
  });

  for (const how of ['throw', 'exit', 'abort'] as const) {
    test(`${kind}: ${how} while an argument is decoded fails its own task (Python's executor is broken for good)`, async () => {
      await using pool = open({ maxWorkers: 1 });
      const trapped = new Trapped({ at: 'rebuild', in: 'worker', how });
      const future = pool.submit((x: unknown) => typeof x, trapped);
      const waiting = pool.submit(() => 'unharmed');
      await assert.rejects(future, how === 'throw' ? isTrap : WorkerLost);
      assert.equal(await waiting, 'unharmed');
      // The same in the middle of a chunk.
      const items = [1, trapped, 3] as const;
      const results = pool.map((x: unknown) => typeof x, items, { chunkSize: 3 });
      assert.equal((await results.next()).value, 'number');
      await assert.rejects(results.next(), how === 'throw' ? isTrap : WorkerLost);
      assert.equal(await pool.submit(() => 1), 1);
    });

    test(`${kind}: ${how} while a result is encoded fails its own task`, async () => {
      await using pool = open({ maxWorkers: 1 });
      const future = pool.submit((trap: Trap) => new Trapped(trap), { at: 'reduce', in: 'worker', how });
      const waiting = pool.submit(() => 'unharmed');
      await assert.rejects(future, how === 'throw' ? isTrap : WorkerLost);
      assert.equal(await waiting, 'unharmed');
    });
  }

  test(`${kind}: a result that cannot be decoded here fails its own task`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const future = pool.submit((trap: Trap) => new Trapped(trap), { at: 'rebuild', in: 'host', how: 'throw' });
    await assert.rejects(future, isTrap);
    assert.equal(await pool.submit(() => 1), 1);
  });

  test(`${kind}: shutdown without waiting delivers the error of a task that could not be sent`, async () => {
    const pool = open({ maxWorkers: 1 });
    const good = pool.submit(() => 1);
    const bad = pool.submit((x: unknown) => x, new WeakMap());
    await pool.shutdown({ wait: false });
    await assert.rejects(bad, SerializationError);
    assert.equal(await good, 1);
    await pool.shutdown();
  });

  test(`${kind}: a worker that dies with a huge argument in flight hangs no caller`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const huge = new Uint8Array(16 * 1024 * 1024);
    const lost = pool.submit(
      (trap: Trapped, bytes: Uint8Array) => [trap, bytes.length],
      new Trapped({ at: 'rebuild', in: 'worker', how: 'exit' }),
      huge,
    );
    const after = pool.submit((bytes: Uint8Array) => bytes.length, huge);
    await assert.rejects(lost, WorkerLost);
    assert.equal(await after, huge.length);
  });

  test(`${kind}: thousands of submits without a pause do not block each other`, async () => {
    await using pool = open({ maxWorkers: 2 });
    const futures = Array.from({ length: 3000 }, (_, i) => pool.submit((x: number) => x, i));
    assert.equal((await Promise.all(futures)).length, 3000);
  });
}
