/** A host that is busy for longer than its workers may take: what they have said meanwhile counts. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { kinds } from './kinds.ts';

const home = mkdtempSync(join(tmpdir(), 'heddle-busy-host-'));
after(() => rmSync(home, { recursive: true }));

/** In milliseconds. */
const LIMIT = 100;

/** Keeps this thread until something is there, and for longer than the limit. */
function stayBusy(marker: string): void {
  const begin = performance.now();
  while (!existsSync(marker) || performance.now() - begin < 2 * LIMIT);
}

for (const { kind, open } of kinds) {
  /** Leaves its mark when its answer is on its way. */
  const quick =
    (marker: string): ((x: number) => string) =>
    (x) => {
      setImmediate(() => writeFileSync(marker, ''));
      return `answer ${x}`;
    };

  test(`${kind}: a task whose answer is there is not overdue`, async () => {
    const marker = join(home, `${kind}-task`);
    await using pool = open({ maxWorkers: 1 });
    await pool.submit(() => 'ready');
    const task = pool.with({ timeout: LIMIT }).submit(quick(marker), 1);
    stayBusy(marker);
    assert.equal(await task, 'answer 1');
  });

  test(`${kind}: an item whose answer is there is not overdue`, async () => {
    const marker = join(home, `${kind}-item`);
    await using pool = open({ maxWorkers: 1 });
    await pool.submit(() => 'ready');
    const results = pool.map(quick(marker), [1], { timeout: LIMIT });
    stayBusy(marker);
    assert.equal((await results.next()).value, 'answer 1');
  });
}

for (const [what, initializer] of [
  ['', undefined],
  [', with an initializer', () => {}],
] as const) {
  test(`a worker that is ready counts as in time${what}`, async () => {
    const marker = join(home, `ready${what === '' ? '' : '-initializer'}`);
    // The first that a worker says is that it is ready.
    const preload = `
      import { writeFileSync } from 'node:fs';
      import { MessagePort } from 'node:worker_threads';
      const post = MessagePort.prototype.postMessage;
      MessagePort.prototype.postMessage = function (...args) {
        post.apply(this, args);
        if (typeof args[0] === 'string') writeFileSync(${JSON.stringify(marker)}, '');
      };`;
    const execArgv = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
    await using pool = kinds[0].open({ maxWorkers: 1, minWorkers: 1, startTimeout: LIMIT, execArgv, initializer });
    stayBusy(marker);
    assert.equal(await pool.submit(() => 'ready'), 'ready');
  });
}
