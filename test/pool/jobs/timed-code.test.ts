/** A `timeout` measures the code of the user, and no work of heddle's own. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Lock, TimeoutError, registerReducer } from 'heddle';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const fixture = (name: string): URL => new URL(`../../../test/fixtures/timed/${name}`, import.meta.url);

/** Work of heddle's takes longer than this in each of these tests, in milliseconds. */
const timeout = 150;

const home = mkdtempSync(join(tmpdir(), 'heddle-timed-'));
after(() => rmSync(home, { recursive: true }));

const host = globalThis as { isHost?: true };
host.isHost = true;

/** Takes long to be decoded and to be encoded in a worker. */
class Slow {
  readonly #value: number;
  constructor(value: number) {
    this.#value = value;
  }
  get value(): number {
    return this.#value;
  }
}
const waitInWorker = (): void => {
  if ((globalThis as { isHost?: true }).isHost !== true) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
};
registerReducer(Slow, {
  reduce: (slow) => {
    waitInWorker();
    return slow.value;
  },
  rebuild: (value) => {
    waitInWorker();
    return new Slow(value);
  },
});

const { answer, double } = (await import(fixture('slow-import.mjs').href)) as { answer: () => number; double: (x: number) => number };
const endless = (await import(fixture('endless-import.mjs').href)) as { answer: () => number };

for (const { kind, open, shared } of kinds) {
  test(`${kind}: a task is not charged for the decoding of its arguments, nor for the encoding of its result`, async () => {
    const pool = shared(1).with({ timeout });
    assert.equal(await pool.submit((slow: Slow) => slow.value + 1, new Slow(1)), 2);
    assert.equal((await pool.submit((Class: typeof Slow) => new Class(7), Slow)).value, 7);
  });

  test(`${kind}: an item of a map is not charged for its decoding, nor for the encoding of another item's result`, async () => {
    const results = shared(1).map((slow: Slow) => slow, [new Slow(1), new Slow(2)], { timeout, chunkSize: 2 });
    assert.deepEqual(
      (await all(results)).map((slow) => slow.value),
      [1, 2],
    );
  });

  test(`${kind}: an item of a stream is not charged for the import before it`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const values = pool.with({ timeout }).stream(function* (times: (x: number) => number) {
      yield times(21);
    }, double);
    assert.deepEqual(await all(values), [42]);
  });

  test(`${kind}: a task and an item are not charged for an import that blocks their worker`, async () => {
    await using pool = open({ maxWorkers: 1, maxTasksPerChild: 1 });
    assert.equal(await pool.with({ timeout }).submit(answer), 42);
    assert.deepEqual(await all(pool.map(double, [1], { timeout })), [2]);
  });

  test(`${kind}: a task is not charged for the native code that the first lock in its worker loads`, async () => {
    await using pool = open({ maxWorkers: 1, maxTasksPerChild: 1, execArgv: ['--require', fileURLToPath(fixture('slow-koffi.cjs'))] });
    const lock = new Lock();
    assert.equal(await pool.with({ timeout }).submit(() => lock.locked()), false);
    // Here it is loaded in the middle of the task's own code.
    const make = (): boolean => new Lock().acquireSync();
    assert.equal(await pool.with({ timeout }).submit(make), true);
  });

  test(`${kind}: code that runs before and after work of heddle's is measured as one`, async () => {
    await using pool = open({ maxWorkers: 1, execArgv: ['--require', fileURLToPath(fixture('slow-koffi.cjs'))], gracePeriod: 0 });
    const make = (): never => {
      new Lock();
      for (;;);
    };
    await assert.rejects(pool.with({ timeout }).submit(make), { name: 'TimeoutError', message: `make has not ended within ${timeout} ms` });
  });

  test(`${kind}: a task whose import never ends fails after the startTimeout of its pool, and the pool goes on`, async () => {
    await using pool = open({ maxWorkers: 1, startTimeout: 4000, gracePeriod: 0 });
    const error = await pool
      .with({ timeout })
      .submit(endless.answer)
      .catch((thrown: unknown) => thrown);
    assert.ok(error instanceof TimeoutError);
    assert.match(error.message, /^answer has not begun within 4000 ms: its worker is stuck, or still imports/);
    assert.equal(await pool.submit(() => 'next'), 'next');
  });

  test(`${kind}: a task fails by its timeout where an earlier one has left a loop behind, and the pool goes on`, async () => {
    await using pool = open({ maxWorkers: 1, gracePeriod: 0 });
    const loops = join(home, kind);
    await pool.submit((file: string) => {
      setImmediate(() => {
        writeFileSync(file, '');
        for (;;);
      });
    }, loops);
    await until(() => existsSync(loops));
    await assert.rejects(pool.with({ timeout }).submit(answer), { name: 'TimeoutError', message: /^answer has not begun within 1000 ms/ });
    assert.equal(await pool.submit(() => 'next'), 'next');
  });
}
