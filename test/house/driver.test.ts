/** The test driver itself: what a test file may leave behind is found, and counts as failed. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { features } from 'heddle/lowlevel';
import { runFile, type Verdict } from '../../tools/test/one-file.ts';
import { withSourcePositions } from '../../tools/source-positions.ts';

async function judge(source: string, total = 60_000): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'driver-'));
  try {
    const file = join(folder, 'case.test.mjs');
    writeFileSync(
      file,
      `import test from 'node:test';\nimport fs from 'node:fs';\nimport { setImmediate as nextTick } from 'node:timers/promises';\nimport { spawn } from 'node:child_process';\n${source}`,
    );
    return await runFile(file, { total, afterLastTest: 1000, afterExit: 500 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function whyFailed(source: string, total?: number): Promise<string> {
  const { failures, counts } = await judge(source, total);
  assert.equal(counts.failed, failures.length);
  return failures.map(({ name, why }) => `${name}: ${why}`).join('\n');
}

test('a clean file is counted wrongly', async () => {
  const { counts, failures, skips } = await judge(`
    test('a', async (t) => { await t.test('b', () => {}); });
    test('c', { skip: 'needs a moon' }, () => {});`);
  assert.deepEqual(
    { counts, failures, skips },
    {
      counts: { passed: 2, failed: 0, skipped: 1 },
      failures: [],
      skips: [{ name: 'c', reason: 'needs a moon' }],
    },
  );
});

test('a failing subtest is counted twice or loses its name', async () => {
  const { counts, failures } = await judge(`test('a', async (t) => { await t.test('b', () => { throw new Error('no'); }); });`);
  assert.equal(counts.failed, 1);
  assert.equal(failures[0]?.name, 'a > b');
  assert.match(failures[0]?.why ?? '', /^Error: no\n {4}at .*case\.test\.mjs:5:/);
});

test('an orphaned child stays unseen', async () => {
  const why = await whyFailed(`test('a', () => { spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref(); });`);
  assert.equal(why, ': left a process behind: sleep 1000');
});

test('a file left in the temporary directory stays unseen', async () => {
  const why = await whyFailed(`test('a', () => { fs.writeFileSync(process.env.TMPDIR + '/forgotten', ''); });`);
  assert.equal(why, ': left files in its temporary directory: forgotten');
});

test('an open descriptor stays unseen', async () => {
  assert.equal(await whyFailed(`test('a', () => { fs.openSync('/dev/null'); });`), ': left descriptors open: 1 × /dev/null');
});

const door = (path: string): string => import.meta.resolve(`#src/${path}/index.js`);

test('the shared heap and the bell of its thread count as left open, or another pipe or heap does not', {
  skip: features().sharedHeap ?? false,
}, async () => {
  const waits = `
    const { Word } = await import('${door('lowlevel')}');
    test('a', async () => { await new Word().waitAsync(0, 1); });`;
  assert.equal(await whyFailed(waits), '');
  const more = `const { createSharedFile, openPipe } = await import('${door('platform')}');${waits}
    test('b', () => { createSharedFile(); openPipe(); });`;
  assert.match(
    await whyFailed(more),
    /^: left descriptors open: (2 × pipe, 1 × \/memfd:heddle \(deleted\)|1 × \/memfd:heddle \(deleted\), 2 × pipe)$/,
  );
});

test('a test that never ends hangs the run', async () => {
  assert.equal(
    await whyFailed(`test('the slow one', async () => { await nextTick(); for (;;); });`, 1500),
    ': ran over 1.5 s and was killed, in: the slow one',
  );
});

test('a handle that keeps the process alive after its last test hangs the run', async () => {
  const why = await whyFailed(`test('a', () => { setInterval(() => {}, 1000); });`);
  assert.equal(why, ': still alive 1 s after its last test, kept by PipeWrap, PipeWrap, Timeout');
});

test('a file that ends in the middle of a test passes', async () => {
  assert.equal(await whyFailed(`test('a', async () => { await nextTick(); process.exit(0); });`), ': ended early (exit code 0), in: a');
});

test('an empty file passes', async () => {
  assert.equal(await whyFailed(''), ': ended early (exit code 0), in: no test');
});

test('a skip without a reason passes', async () => {
  assert.equal(await whyFailed(`test('a', { skip: true }, () => {});`), 'a: skipped without a reason');
});

test('stacks of built files are shown with positions in their sources', () => {
  const [, thrown] = withSourcePositions(String(new Error('no').stack)).split('\n');
  assert.match(thrown!, /^ {4}at TestContext\.<anonymous> \(test\/house\/driver\.test\.ts:\d+:\d+\)$/);
  assert.equal(withSourcePositions('at /elsewhere/a.js:1:2, node:fs:3:4'), 'at /elsewhere/a.js:1:2, node:fs:3:4');
});
