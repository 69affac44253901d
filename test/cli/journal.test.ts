/** The journal as a file: what it holds after it was cut off, damaged, or taken for something else. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { promisify } from 'node:util';
import { Journal } from '#src/cli/journal/journal.js';
import { lock } from '#src/cli/journal/lock.js';
import type { JournalCommand } from '#src/cli/journal/record.js';
import { UsageError } from '#src/cli/usage-error.js';
import { cannotHide, hiding } from '../platform/other-users.js';

const folder = mkdtempSync(join(tmpdir(), 'journal-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'work.journal');
const command: JournalCommand = { module: 'file:///home/me/job.mjs', export: 'default', items: '--lines' };

const items = ['a', '', 'ä\n"', { deep: [1] }, null].map((value) => ({ value }));
const results = ['"A"', 'null', '{"text":"é 👩‍👧"}', '[1,2]', `"${'x'.repeat(300)}"`];

/** Opens it, adds results and closes it; gives those that were there. */
async function session(add: readonly number[], opened: JournalCommand = command): Promise<(string | undefined)[]> {
  const journal = await Journal.open(file, opened);
  try {
    for (const i of add) journal.add(i, items[i]!, results[i]!, () => {});
    await journal.flushed();
    return await Promise.all(items.map(async (item, i) => journal.resultOf(i, item)));
  } finally {
    await journal.close();
  }
}

async function whole(): Promise<Buffer> {
  rmSync(file, { force: true });
  await session([0, 2, 1]);
  await session([4]);
  return readFileSync(file);
}

const refusal = async (opened?: JournalCommand): Promise<string> =>
  session([], opened).then(
    () => 'it was accepted',
    (error: unknown) => {
      assert.ok(error instanceof UsageError, String(error));
      return error.message;
    },
  );

test('results are kept between two runs, unchanged', async () => {
  await whole();
  const [a, b, c, , e] = results;
  assert.deepEqual(await session([3]), [a, b, c, undefined, e]);
  assert.deepEqual(await session([]), results);
  assert.deepEqual(readdirSync(folder), ['work.journal']);
});

test('a journal that was cut at any byte keeps each whole record, and can be used', async () => {
  const bytes = await whole();
  const order = [0, 2, 1, 4];
  const ends = [...bytes.keys()].filter((at) => bytes[at] === 10).map((at) => at + 1);
  assert.equal(ends.length, order.length + 1);
  for (let cut = 0; cut <= bytes.length; cut++) {
    writeFileSync(file, bytes.subarray(0, cut));
    const count = Math.max(0, ends.filter((end) => end <= cut).length - 1);
    const expected = results.map((result, i) => (order.slice(0, count).includes(i) ? result : undefined));
    assert.deepEqual(await session(order.slice(count)), expected, `cut at ${cut}`);
    assert.ok(readFileSync(file).equals(bytes), `after a cut at ${cut} it is not made whole again`);
  }
});

test('a changed byte is named', async () => {
  const bytes = await whole();
  const starts = [0, ...[...bytes.keys()].filter((at) => bytes[at] === 10).map((at) => at + 1)];
  for (let at = 0; at < bytes.length - 1; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    writeFileSync(file, changed);
    const line = starts.findLast((start) => start <= at)!;
    const said = await refusal();
    if (line > 0)
      assert.ok(
        said.startsWith(`${file} is damaged at byte ${line}, after ${starts.indexOf(line) - 1} of its results; truncate --size ${line} `),
        `byte ${at}: ${said}`,
      );
    else assert.match(said, /is not a journal of heddle$|is damaged at byte 0$|is a journal in format \S+, which/, `byte ${at}`);
    assert.ok(readFileSync(file).equals(changed), `byte ${at}: it was written to`);
  }
});

test('garbage between two records is refused', async () => {
  const bytes = await whole();
  const middle = bytes.indexOf(10, bytes.indexOf(10) + 1) + 1;
  for (const garbage of ['\n', 'garbage\n', '\0\0\0\0', '0'.repeat(60) + '\n']) {
    writeFileSync(file, Buffer.concat([bytes.subarray(0, middle), Buffer.from(garbage), bytes.subarray(middle)]));
    assert.match(
      await refusal(),
      new RegExp(`is damaged at byte ${middle}, after 1 of its results; truncate --size ${middle} .* keeps those$`),
    );
  }
});

test('the journal of another command, or another file, is refused and kept', async () => {
  const bytes = await whole();
  const other: JournalCommand = { ...command, export: 'score', items: '--json' };
  assert.equal(
    await refusal(other),
    `${file} is the journal of another command: /home/me/job.mjs with --lines; this is /home/me/job.mjs#score with --json`,
  );
  writeFileSync(file, bytes.subarray(0, 40));
  assert.equal(await refusal(other), `${file} is the journal of another command, cut off in its first line`);
  for (const text of ['my diary\n', 'h1', '\n', '{"rows": 1}']) {
    writeFileSync(file, text);
    assert.equal(await refusal(), `${file} is not a journal of heddle`);
    assert.equal(readFileSync(file, 'utf8'), text);
  }
  assert.deepEqual(readdirSync(folder), ['work.journal']);
});

test('changed input does not get old results', async () => {
  await whole();
  const journal = await Journal.open(file, command);
  const changed = async (position: number, item: { value: unknown; line?: number }): Promise<unknown> => journal.resultOf(position, item);
  await assert.rejects(changed(0, { value: 'b', line: 2 }), {
    name: 'OutsideError',
    message: `the input has changed: item 1 (line 2) is now "b", and another one stood there when ${file} was written`,
  });
  await assert.rejects(changed(4, { value: 'null' }), /item 5 is now "null"/);
  assert.throws(() => journal.checkEnd(4), /the input has changed: it ends after 4 items, and .* has the result of item 5$/);
  journal.checkEnd(5);
  await journal.close();
});

test('results far apart, or longer than a block, come back unchanged', async () => {
  rmSync(file, { force: true });
  const count = 3000;
  const positions = Array.from({ length: count }, (_, i) => (i * 1009) % count);
  const result = (i: number): string => JSON.stringify(`${i} `.repeat(i % 100 === 7 ? 200_000 : 100));
  const first = await Journal.open(file, command);
  for (const i of positions) {
    first.add(i, { value: i }, result(i), () => {});
    if (first.isFull) await first.flushed();
  }
  await first.close();
  const second = await Journal.open(file, command);
  assert.equal(second.finished, count);
  for (let i = 0; i < count; i++) assert.ok((await second.resultOf(i, { value: i })) === result(i), `result ${i}`);
  let at = 2990;
  for await (const each of second.resultsFrom(at)) assert.ok(each === result(at++));
  assert.equal(at, count);
  await second.close();
});

test('the leftovers of a dead process are not in the way, and a second name leads to the same journal', async () => {
  await whole();
  // No process has this id.
  writeFileSync(`${file}.lock.4194305-1`, 'held\n');
  // This one has, but it began at another time.
  writeFileSync(`${file}.lock.${process.ppid}-1`, 'held\n');
  await session([]);
  assert.deepEqual(readdirSync(folder), ['work.journal']);
  const link = join(folder, 'link');
  symlinkSync('work.journal', link);
  const journal = await Journal.open(link, command);
  assert.deepEqual(
    readdirSync(folder).map((name) => name.replace(/\d+-\d+/, '…')),
    ['link', 'work.journal', 'work.journal.lock.…'],
  );
  await journal.close();
  rmSync(link);
});

test('the journal of a hidden process of another user is not taken from it', { skip: cannotHide() }, async () => {
  // Where the other user may go, too.
  const open = mkdtempSync('/tmp/journal-');
  chmodSync(open, 0o777);
  const path = join(open, 'work.journal');
  const held = await lock(path);
  const program = `
    const { lock } = await import(${JSON.stringify(import.meta.resolve('#src/cli/journal/lock.js'))});
    console.log(JSON.stringify(await lock(${JSON.stringify(path)})));`;
  const other = [
    ...hiding,
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    process.execPath,
    '--input-type=module',
    '-e',
    program,
  ];
  const { stdout } = await promisify(execFile)(other[0]!, other.slice(1));
  assert.deepEqual(JSON.parse(stdout), { heldBy: process.pid });
  assert.ok('release' in held);
  held.release();
  rmSync(open, { recursive: true });
});

test('a file that cannot hold a journal is not written to', async () => {
  for (const [name, why] of [
    [folder, 'it is not a regular file'],
    ['/dev/null', 'it is not a regular file'],
    [join(folder, 'no/such/journal'), 'there is no such file or directory'],
  ] as const) {
    await assert.rejects(Journal.open(name, command), { name: 'UsageError', message: `cannot keep a journal in ${name}: ${why}` });
  }
});
