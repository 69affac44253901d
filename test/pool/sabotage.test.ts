/** Tasks that break what their worker stands on, on purpose or not: whatever they do, they end, and the pool goes on. */

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { kinds } from './kinds.ts';

const line = 'printed\n';

/** Each leaves something in the streams that will never leave them. */
const silencers: Record<string, () => unknown> = {
  'corks its output': () => {
    process.stdout.cork();
    process.stderr.cork();
    process.stdout.write(line);
  },
  'replaces its output by a stream without a reader': () => {
    const pipe = new PassThrough({ highWaterMark: 1 });
    Object.defineProperty(process, 'stdout', { value: pipe });
    for (let i = 0; i < 3; i++) process.stdout.write(line);
    return pipe.writableLength > 0;
  },
  'puts an object in the place of its output': () => {
    Object.defineProperty(process, 'stdout', { value: { writableLength: 1, write: () => true } });
  },
  'takes its output away': () => {
    Object.defineProperty(process, 'stdout', { value: undefined });
  },
  'has a write() that never calls back': () => {
    process.stderr.write = () => true;
    process.stderr.write(line);
  },
  'has a nextTick() that does nothing': () => {
    process.nextTick = () => {};
  },
};

for (const { kind, open } of kinds) {
  for (const [what, silence] of Object.entries(silencers)) {
    test(`${kind}: a task that ${what} ends`, async () => {
      await using pool = open({ maxWorkers: 1 });
      const work = (task: () => unknown): unknown[] => [task(), 'done'];
      assert.equal((await pool.submit(work, silence)).at(-1), 'done');
      assert.equal(await pool.submit(() => 'next'), 'next');
    });
  }

  test(`${kind}: a task that breaks what its result is sent with rejects, and the pool goes on`, async () => {
    // The worker reports it on standard error, as a program does that ends by its own error.
    await using pool = open({ maxWorkers: 1 });
    const spoil = (): number => {
      process.stderr.write = () => true;
      // oxlint-disable-next-line no-extend-native -- even so absurd a program must be survived
      DataView.prototype.setUint32 = () => {
        throw new Error('broken on purpose');
      };
      return 1;
    };
    await assert.rejects(pool.submit(spoil), { name: 'WorkerLost', task: 'spoil' });
    const works = (): number => {
      const view = new DataView(new ArrayBuffer(4));
      view.setUint32(0, 2);
      return view.getUint32(0);
    };
    assert.equal(await pool.submit(works), 2);
  });
}
