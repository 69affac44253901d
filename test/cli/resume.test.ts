/** `heddle map --journal`: killed, interrupted, out of disk, twice at once; and then started again. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fixtures, gone, heddle, jobs, kinds, lines, main, root, type Running, start } from './heddle.ts';

const folder = mkdtempSync(join(tmpdir(), 'resume-'));
after(() => rmSync(folder, { recursive: true }));

interface Place {
  out: string;
  journal: string;
  effects: string;
  env: Record<string, string>;
}

/** Files of one run, none of them there yet. */
function place(name: string): Place {
  const path = (end: string): string => join(folder, `${name}.${end}`);
  for (const end of ['out', 'journal', 'effects']) rmSync(path(end), { force: true });
  return { out: path('out'), journal: path('journal'), effects: path('effects'), env: { EFFECTS: path('effects') } };
}

const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
/** Items whose record is whole. */
const recorded = (journal: string): Set<string> =>
  new Set(
    lines(read(journal))
      .slice(1)
      .map((line) => line.split(' ')[1]!),
  );
const healed = { HEALED: '1' };
const long = process.env['HEDDLE_LONG'] !== undefined;
const COUNT = long ? 3000 : 1500;
const input = join(folder, 'input.txt');
writeFileSync(input, Array.from({ length: COUNT }, (_, i) => `${i + 1}\n`).join(''));

for (const [kind, ...more] of [['--threads'], ['--processes', '--unordered', '--chunk', '1']] as const) {
  test(`a run that is killed again and again loses and repeats no finished item, with ${kind} ${more.join(' ')}`, async () => {
    const { out, journal, effects, env } = place(`kills${kind}${more.length}`);
    const args = ['map', `${fixtures}effects.mjs#leave`, kind, ...more, '-j', '3', '--lines', input, '--out', out];
    const straight = place(`straight${kind}${more.length}`);
    await heddle([...args.slice(0, -1), straight.out], { env: { ...straight.env, ...healed } });
    const expected = read(straight.out);
    assert.equal(lines(expected).length, COUNT);

    const rounds = long ? 60 : 4;
    const kills: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = recorded(journal);
      const seen = lines(read(effects)).length;
      const running = start([...args, '--journal', journal], { env });
      const wanted = Math.floor((Math.random() * COUNT) / rounds);
      const size = (): number => statSync(effects, { throwIfNoEntry: false })?.size ?? 0;
      const first = size();
      while (running.child.exitCode === null && size() < first + wanted * 4) await pause(1);
      running.child.kill('SIGKILL');
      await running.ended;
      kills.push(`${wanted} (${before.size} recorded)`);
      const again = lines(read(effects)).slice(seen);
      assert.deepEqual(
        again.filter((item) => before.has(item)),
        [],
        `run again after kills at ${kills.join(', ')}`,
      );
      const now = recorded(journal);
      for (const item of before) assert.ok(now.has(item), `${item} was recorded before the kill at ${kills.join(', ')}`);
      // A result is in the output only if its record is in the journal.
      for (const line of lines(read(out))) assert.ok(now.has((JSON.parse(line) as { item: string }).item), line);
      // As if less of both had come to the disk.
      if (round % 3 === 1 && now.size > 0) {
        truncateSync(journal, Math.max(0, statSync(journal).size - Math.floor(Math.random() * 200)));
        truncateSync(out, Math.floor(Math.random() * statSync(out).size));
      }
    }
    const seen = lines(read(effects)).length;
    const before = recorded(journal);
    const ended = await heddle([...args, '--journal', journal], { env: { ...env, ...healed } });
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(
      lines(read(effects))
        .slice(seen)
        .filter((item) => before.has(item)),
      [],
    );
    const sorted = (text: string): string[] => lines(text).sort();
    if (more.length > 0) assert.deepEqual(sorted(read(out)), sorted(expected));
    else assert.equal(read(out), expected, `after kills at ${kills.join(', ')}`);
    // All is finished: nothing runs, all is written.
    rmSync(effects);
    assert.equal((await heddle([...args, '--journal', journal], { env })).code, 0);
    assert.ok(!existsSync(effects));
    assert.deepEqual(sorted(read(out)), sorted(expected));
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('.lock.')),
      [],
    );
  });
}

test('failed items run again, and finished ones do not, from any source', async () => {
  writeFileSync(join(folder, 'rows.json'), '[{"a": 1}, "b",\n "c", ["b"]]');
  for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, `file-${name}`), '');
  const sources: [source: string[], items: string[], input?: string][] = [
    [
      ['a', 'b', 'c'],
      ['"a"', '"b"', '"c"'],
    ],
    [['--lines', '-'], ['"a"', '"b"', '"c"'], 'a\nb\nc'],
    [['--json', '-'], ['{"a":1}', '"b"', '[]'], '{"a": 1}\n"b"\n\n[]\n'],
    [
      ['--json', 'rows.json'],
      ['{"a":1}', '"b"', '"c"', '["b"]'],
    ],
    [
      ['--glob', 'file-*'],
      ['"file-a"', '"file-b"', '"file-c"'],
    ],
  ];
  for (const [source, items, text = ''] of sources) {
    const { journal, effects, env } = place('sources');
    const args = ['map', `${fixtures}effects.mjs#heal`, '--journal', journal, ...source];
    const first = await heddle(args, { cwd: folder, env, input: text });
    assert.equal(first.code, 1, source.join(' '));
    const second = await heddle(args, { cwd: folder, env: { ...env, ...healed }, input: text });
    const well = items.filter((item) => !item.includes('b'));
    assert.deepEqual(
      [second.code, lines(second.stdout), second.stderr],
      [0, items, `heddle: ${well.length === 1 ? '1 result is' : `${well.length} results are`} already in ${journal}\n`],
    );
    assert.deepEqual(lines(read(effects)).sort(), [...items, ...items.filter((item) => item.includes('b'))].sort());
  }
});

test('an input that has grown is accepted, and one that has changed is named', async () => {
  const { journal } = place('changes');
  const run = (text: string): ReturnType<typeof heddle> => heddle(['map', jobs, '--journal', journal, '--lines', '-'], { input: text });
  assert.equal((await run('a\nb\n')).code, 0);
  const grown = await run('a\nb\nc\n');
  assert.deepEqual([grown.code, grown.stdout], [0, '"A"\n"B"\n"C"\n']);
  const changed = await run('a\nx\nc\n');
  assert.deepEqual([changed.code, changed.stdout], [1, '"A"\n']);
  assert.match(changed.stderr, /^heddle map: the input has changed: item 2 is now "x", and another one stood there when /m);
  const shorter = await run('a\nb\n');
  assert.deepEqual([shorter.code, shorter.stdout], [1, '"A"\n"B"\n']);
  assert.match(shorter.stderr, /^heddle map: the input has changed: it ends after 2 items, and .* has the result of item 3$/m);
});

test('a wrong journal leaves the output alone, and nothing begins', async () => {
  const { journal, out } = place('wrong');
  assert.equal((await heddle(['map', jobs, 'a', '--journal', journal])).code, 0);
  writeFileSync(out, 'kept');
  const says = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await heddle(['map', ...args]);
    assert.deepEqual([code, stdout, read(out)], [2, '', 'kept'], stderr);
    return stderr;
  };
  assert.match(
    await says(`${jobs}#same`, 'a', '--out', out, '--journal', journal),
    /is the journal of another command: .*#same with items/,
  );
  assert.match(await says(jobs, '--lines', input, '--out', out, '--journal', journal), /with items as arguments; this is .* with --lines/);
  assert.match(await says(jobs, '--lines', input, '--out', out, '--journal', input), /--journal .* is the file the items come from/);
  assert.match(await says(jobs, 'a', '--out', out, '--journal', out), /--out and --journal are the same file/);
  assert.match(await says(jobs, 'a', '--journal', '-'), /--journal needs a file/);
  assert.match(await says(`${jobs}#nowhere`, 'a', '--journal', join(folder, 'new')), /no export named/);
  assert.ok(!existsSync(join(folder, 'new')));
});

const begun = ({ stderr }: Running): boolean => /begun in \d+/.test(stderr);

for (const kind of kinds) {
  test(`an interrupt keeps finished results, and says how to go on, with ${kind}`, async () => {
    const { journal } = place(`interrupt${kind}`);
    const args = ['map', `${jobs}#wait`, kind, '-j', '2', '--chunk', '1', '--journal', journal];
    const running = start([...args, 'a', 'stay', 'b', 'c']);
    await running.until(begun);
    while (recorded(journal).size < 3) await pause(1);
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    assert.deepEqual([code, stdout], [130, '"a"\n"b"\n"c"\n']);
    assert.ok(stderr.endsWith(`heddle: interrupted; 3 results are written; the same command resumes from ${journal}\n`), stderr);
    // Interrupted once more, before it has come to what was finished behind the item that stays.
    const again = start([...args, '--unordered', 'a', 'stay', 'b', 'c']);
    await again.until((now) => begun(now) && lines(now.stdout).length === 3);
    again.child.kill('SIGINT');
    assert.deepEqual(lines((await again.ended).stdout), ['"a"', '"b"', '"c"']);
  });
}

test('a run that is interrupted early still writes finished results', async () => {
  const { journal } = place('early');
  const args = ['map', `${jobs}#wait`, '--journal', journal, '--lines', '-'];
  assert.equal((await heddle(args, { input: 'a\nb\nc\n' })).code, 0);
  const running = start(args);
  running.child.stdin.write('a\n');
  await running.until(({ stdout }) => stdout === '"a"\n');
  running.child.kill('SIGINT');
  const { code, stdout } = await running.ended;
  assert.deepEqual([code, stdout], [130, '"a"\n"b"\n"c"\n']);
});

test('one process uses a journal, and a killed one does not stay in the way', async () => {
  const { journal } = place('two');
  const args = ['map', `${jobs}#same`, '--journal', journal, '--lines', '-'];
  const first = start(args);
  first.child.stdin.write('a\n');
  await first.until(({ stdout }) => stdout !== '');
  const second = await heddle(args, { input: 'a\n' });
  assert.deepEqual(
    [second.code, second.stdout, second.stderr],
    [2, '', `heddle map: process ${first.child.pid} is at work with ${journal}\nTry: heddle map --help\n`],
  );
  first.child.kill('SIGKILL');
  await first.ended;
  const third = await heddle(args, { input: 'a\nb\n' });
  assert.deepEqual([third.code, third.stdout], [0, '"a"\n"b"\n']);
});

test('of many that begin at once exactly one gets the journal', async () => {
  const { journal } = place('many');
  for (let round = 0; round < 3; round++) {
    const all = Array.from({ length: 4 }, () => start(['map', jobs, '--journal', journal, '--lines', '-']));
    const refused: number[] = [];
    const ends = all.map(async ({ ended }, i) => {
      const { code, stderr } = await ended;
      if (code === 2) refused.push(i);
      return { code, stderr };
    });
    while (refused.length < 3) await pause(1);
    const winner = [0, 1, 2, 3].find((i) => !refused.includes(i));
    assert.notEqual(winner, undefined, 'all were refused');
    all[winner!]!.child.stdin.end('a\n');
    assert.equal((await ends[winner!])!.code, 0);
    await Promise.all(ends);
  }
});

test('a full disk is reported, and loses no result', { skip: process.platform === 'win32' ? 'needs ulimit' : false }, async () => {
  const { journal, out, env, effects } = place('full');
  const args = ['map', `${fixtures}effects.mjs#leave`, '-j', '2', '--lines', input, '--out', out, '--journal', journal];
  const limited = ['-c', `trap '' XFSZ; ulimit -f 64; exec "$0" "$@"`, process.execPath, main, ...args];
  const child = spawn('bash', limited, { cwd: root, env: { ...process.env, ...env, ...healed } });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 1);
  assert.ok(stderr.endsWith(`heddle map: cannot write ${journal}: the file would be too large\n`), stderr);
  const finished = recorded(journal);
  assert.ok(finished.size > 100);
  for (const line of lines(read(out))) assert.ok(finished.has((JSON.parse(line) as { item: string }).item));
  appendFileSync(effects, 'resumed\n');
  assert.equal((await heddle(args, { env: { ...env, ...healed } })).code, 0);
  assert.equal(lines(read(out)).length, COUNT);
  const [, again] = read(effects).split('resumed\n');
  assert.deepEqual(
    lines(again!).filter((item) => finished.has(item)),
    [],
  );
});

test('a process that was at work when its command was killed ends', async () => {
  const { journal, effects, env } = place('orphans');
  const running = start(['map', `${jobs}#where`, '--processes', '-j', '2', '--journal', journal, '--lines', '-'], { env });
  running.child.stdin.write('1\n2\n');
  await running.until(({ stdout }) => lines(stdout).length === 2);
  running.child.kill('SIGKILL');
  await running.ended;
  for (const line of lines(running.stdout)) await gone((JSON.parse(line) as { pid: number }).pid);
  assert.ok(!existsSync(effects));
});
