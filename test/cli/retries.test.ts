/** `heddle map --retries --timeout`: items that fail, die, hang, and do better the next time. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { fixtures, heddle, kinds, lines } from './heddle.ts';

const folder = mkdtempSync(join(tmpdir(), 'retries-'));
after(() => rmSync(folder, { recursive: true }));

/** Runs the items and gives how often each was begun. */
async function run(...args: string[]): Promise<{ code: number | null; out: string[]; err: string[]; attempts: Record<string, number> }> {
  const effects = join(folder, 'effects');
  rmSync(effects, { force: true });
  const { code, stdout, stderr } = await heddle(['map', `${fixtures}effects.mjs#falter`, ...args], { env: { EFFECTS: effects } });
  const attempts: Record<string, number> = {};
  for (const item of lines(readFileSync(effects, 'utf8'))) attempts[item] = (attempts[item] ?? 0) + 1;
  return {
    code,
    out: lines(stdout),
    err: lines(stderr).map((line) => line.replace(/ \(at .*?\)/, '').replace(/\((process|thread) \d+\)/, '(…)')),
    attempts,
  };
}

for (const kind of kinds) {
  test(`a failed item is tried again as often as allowed, in order, with ${kind}`, async () => {
    const journal = join(folder, `journal${kind}`);
    const { code, out, err, attempts } = await run(
      kind,
      '-j',
      '2',
      '--retries',
      '2',
      '--journal',
      journal,
      'ok',
      'bad',
      'third',
      'die',
      'ok',
    );
    assert.deepEqual([code, out], [1, ['"ok"', '"third"', '"die"', '"ok"']]);
    assert.deepEqual(err, ['item 2 ("bad"): RangeError: never; tried 3 times', 'heddle: 1 of 5 items failed']);
    assert.deepEqual(attempts, { ok: 2, bad: 3, third: 3, die: 3 });
    assert.equal(lines(readFileSync(journal, 'utf8')).length, 1 + 4);
  });

  test(`an item is tried again only where that was asked for, with ${kind}`, async () => {
    const { code, out, err, attempts } = await run(kind, '-j', '1', 'die', 'third', 'ok');
    assert.deepEqual([code, out], [1, ['"ok"']]);
    assert.deepEqual(err, [
      'item 1 ("die"): WorkerLost: the worker (…) that ran it exited with code 3',
      'item 2 ("third"): RangeError: not yet',
      'heddle: 2 of 3 items failed',
    ]);
    assert.deepEqual(attempts, { die: 1, third: 1, ok: 1 });
  });

  test(`an item that takes too long loses its worker, and spares the others, with ${kind}`, async () => {
    const { code, out, err, attempts } = await run(kind, '-j', '2', '--timeout', '1000', '--retries', '1', 'ok', 'spin', 'wait', 'ok');
    assert.deepEqual([code, out], [1, ['"ok"', '"spin"', '"ok"']]);
    assert.deepEqual(err, ['item 3 ("wait"): TimeoutError: it has not ended within 1000 ms; tried 2 times', 'heddle: 1 of 4 items failed']);
    assert.deepEqual([attempts['spin'], attempts['wait']], [2, 2]);
  });
}

test('between two tries of an item are at least the milliseconds of --backoff', async () => {
  const since = performance.now();
  const { code, attempts } = await run('-j', '1', '--retries', '2', '--backoff', '600', 'third');
  assert.deepEqual([code, attempts], [0, { third: 3 }]);
  assert.ok(performance.now() - since > 1200);
});
