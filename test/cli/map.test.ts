/** `heddle map`, run as a user runs it. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { type Ended, fixtures, heddle, jobs, kinds, lines, root } from './heddle.ts';

const folder = mkdtempSync(join(tmpdir(), 'map-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const clean = (ended: Ended): unknown => ({ code: ended.code, stderr: ended.stderr });
const done = { code: 0, stderr: '' };

for (const kind of kinds) {
  test(`results are right and in order with ${kind}`, async () => {
    const many = Array.from({ length: 5000 }, (_, i) => `item ${i}`);
    const ended = await heddle(['map', `${jobs}#slowly`, kind, '--lines', '-', '-j', '3'], { input: many.join('\n') });
    assert.deepEqual(clean(ended), done);
    assert.deepEqual(
      lines(ended.stdout).map((line) => JSON.parse(line) as string),
      many,
    );
  });

  test(`a failing item is named and fails alone, with ${kind}`, async () => {
    const { code, stdout, stderr } = await heddle(['map', `${jobs}#pick`, kind, 'a', 'x', 'b', 'big', 'round', 'c']);
    assert.equal(code, 1);
    assert.deepEqual(lines(stdout), ['"a"', '"b"', '"c"']);
    assert.match(stderr, /^item 2 \("x"\): TypeError: no x here \(at .*jobs\.mjs:\d+:\d+\)$/m);
    assert.match(stderr, /^item 4 \("big"\): TypeError: result\.n: JSON cannot hold a BigInt \(1n\)$/m);
    assert.match(stderr, /^item 5 \("round"\): TypeError: result\.ring: JSON cannot hold a cycle$/m);
    assert.match(stderr, /^heddle: 3 of 6 items failed$/m);
    assert.equal(lines(stderr).length, 4);
  });

  test(`a worker that exits loses only its item, with ${kind}`, async () => {
    const { code, stdout, stderr } = await heddle(['map', `${jobs}#pick`, kind, '-j', '2', 'a', 'exit', 'b', 'c', 'd']);
    assert.equal(code, 1);
    assert.deepEqual(lines(stdout), ['"a"', '"b"', '"c"', '"d"']);
    assert.match(stderr, /^item 2 \("exit"\): WorkerLost: .*7/);
  });

  test(`prints of the function stay out of the results, with ${kind}`, async () => {
    const { code, stdout, stderr } = await heddle(['map', `${jobs}#chatty`, kind, '-j', '1', 'a', 'b']);
    assert.deepEqual([code, stdout], [0, '"a"\n"b"\n']);
    assert.equal(stderr, 'working on a\nand more\nworking on b\nand more\n');
  });
}

test('threads are threads, and processes are processes', async () => {
  const places = async (kind: string): Promise<{ pid: number; threadId: number }[]> => {
    const { stdout } = await heddle(['map', `${jobs}#where`, kind, '1']);
    return lines(stdout).map((line) => JSON.parse(line) as { pid: number; threadId: number });
  };
  assert.ok((await places('--threads'))[0]!.threadId > 0);
  assert.equal((await places('--processes'))[0]!.threadId, 0);
});

test('the named function is called', async () => {
  const results = async (target: string, ...items: string[]): Promise<string[]> => lines((await heddle(['map', target, ...items])).stdout);
  assert.deepEqual(await results(jobs, 'a'), ['"A"']);
  assert.deepEqual(await results('./test/fixtures/cli/jobs.mjs#twice', 'a'), ['"aa"']);
  assert.deepEqual(await results('test/fixtures/cli/jobs.mjs#twice', 'a'), ['"aa"']);
  assert.deepEqual(await results(`file://${jobs}#tools.times`, '5'), ['15']);
  assert.deepEqual(await results('node:path#basename', '/a/b', '/c'), ['"b"', '"c"']);
  assert.deepEqual(await results('acorn#isIdentifierStart', '97'), ['true']);
  assert.deepEqual(await results(`${jobs}#nothing`, 'a'), ['null']);
});

test('a member of every function is not taken for an export', async () => {
  for (const name of ['toString', 'call', '__proto__']) assert.equal((await heddle(['map', `${jobs}#${name}`, 'a'])).code, 2, name);
});

test('an item that begins with a dash can be passed', async () => {
  const { stdout } = await heddle(['map', `${jobs}#same`, '-j1', '--', '-x', '--jobs']);
  assert.deepEqual(lines(stdout), ['"-x"', '"--jobs"']);
});

test('items come from a file', async () => {
  const text = file('lines.txt', 'a\r\n\nb');
  assert.deepEqual(lines((await heddle(['map', `${jobs}#same`, '--lines', text])).stdout), ['"a"', '""', '"b"']);
  const rows = file('rows.jsonl', '{"a":1}\n[2]\n');
  assert.deepEqual(lines((await heddle(['map', `${jobs}#same`, '--json', rows])).stdout), ['{"a":1}', '[2]']);
  const array = file('array.json', '[\n  {"a": 1},\n  [2]\n]\n');
  assert.deepEqual(lines((await heddle(['map', `${jobs}#same`, '--json', array])).stdout), ['{"a":1}', '[2]']);
  assert.deepEqual(lines((await heddle(['map', `${jobs}#same`, '--json', '-'], { input: '1\n"x"' })).stdout), ['1', '"x"']);
  assert.deepEqual(lines((await heddle(['map', `${jobs}#same`, '--glob', '*.{txt,json}'], { cwd: folder })).stdout), [
    '"array.json"',
    '"lines.txt"',
  ]);
  assert.deepEqual(clean(await heddle(['map', `${jobs}#same`, '--lines', file('empty', '')])), done);
});

test('a broken line of JSON is named by its number', async () => {
  const { code, stdout, stderr } = await heddle(['map', `${jobs}#same`, '--json', '-'], { input: '1\n\n{"a":\n2\n' });
  assert.deepEqual([code, stdout], [1, '1\n2\n']);
  assert.match(stderr, /^item 2 \(line 3, "\{\\"a\\":"\): it is not JSON: /);
});

test('a line that cannot be read is named by its item and its line', async () => {
  const ends = async (flag: string, input: string | Buffer): Promise<{ code: number | null; out: string[]; err: string[] }> => {
    const { code, stdout, stderr } = await heddle(['map', `${jobs}#same`, flag, '-'], { input });
    return { code, out: lines(stdout), err: lines(stderr).map((line) => line.replace(/(it is not JSON: ).*/, '$1…')) };
  };
  const failed = (n: number, of: number): string => `heddle: ${n} of ${of} items failed`;
  assert.deepEqual(await ends('--lines', Buffer.from('\uFEFFa\r\n\r\nb\xff\r\nc'.replace('\uFEFF', '\xef\xbb\xbf'), 'latin1')), {
    code: 1,
    out: ['"a"', '""', '"c"'],
    err: ['item 3 (line 3, "b\uFFFD"): it is not UTF-8', failed(1, 4)],
  });
  assert.deepEqual(await ends('--json', Buffer.from('\n{"a": 1}\n\n{"a": "\xe4"}\n[1\n\n2', 'latin1')), {
    code: 1,
    out: ['{"a":1}', '2'],
    err: ['item 2 (line 4, "{\\"a\\": \\"\uFFFD\\"}"): it is not UTF-8', 'item 3 (line 5, "[1"): it is not JSON: …', failed(2, 4)],
  });
  assert.deepEqual(await ends('--json', '[\n  1,\n  {"a": },\n  {\n    "b": tru\n  },\n  4\n]\n'), {
    code: 1,
    out: ['1', '4'],
    err: [
      'item 2 (line 3, "{\\"a\\": }"): it is not JSON: …',
      'item 3 (line 6, "{\\n    \\"b\\": tru\\n  }"): it is not JSON: …',
      failed(2, 4),
    ],
  });
  assert.deepEqual(await ends('--json', '[1,\n2'), {
    code: 1,
    out: ['1'],
    err: ['item 2 (line 2, "2"): the array has no end', failed(1, 2)],
  });
});

test('results are in the file they were sent to', async () => {
  const out = join(folder, 'out.jsonl');
  const ended = await heddle(['map', `${jobs}#pick`, '--out', out, 'a', 'x', 'b']);
  assert.deepEqual([ended.code, ended.stdout, readFileSync(out, 'utf8')], [1, '', '"a"\n"b"\n']);
});

test('results come before all are there', async () => {
  const { stdout } = await heddle(['map', `${jobs}#same`, '--unordered', '--chunk', '2', 'a', 'b', 'c']);
  assert.deepEqual(lines(stdout).sort(), ['"a"', '"b"', '"c"']);
});

const refused: [why: string, args: string[], says: RegExp][] = [
  ['no module', [], /which function\?/],
  ['no items', [jobs], /no items/],
  ['two sources', [jobs, 'a', '--lines', '-'], /items come from one place, got items as arguments and --lines/],
  ['both kinds', [jobs, 'a', '--threads', '--processes'], /exclude each other/],
  ['an unknown flag', [jobs, 'a', '--unorderd'], /unknown flag --unorderd; did you mean --unordered\?/],
  ['a number that is none', [jobs, 'a', '-j', 'all'], /expected --jobs to be an integer >= 1, got "all"/],
  ['a time-out that is none', [jobs, 'a', '--timeout', '0'], /expected --timeout to be an integer >= 1, got "0"/],
  ['retries that are none', [jobs, 'a', '--retries=-1'], /expected --retries to be an integer >= 0, got "-1"/],
  ['a backoff that is none', [jobs, 'a', '--backoff=soon'], /expected --backoff to be an integer >= 0, got "soon"/],
  ['a module that is not there', ['./nowhere.mjs', 'a'], /\.\/nowhere\.mjs does not exist/],
  ['a module without its ending', ['./test/fixtures/cli/jobs', 'a'], /did you mean .*jobs\.mjs\?/],
  ['a package that is not installed', ['no-such-package', 'a'], /there is no module no-such-package/],
  ['a module that throws', [`${fixtures}broken.mjs`, 'a'], /cannot import .*broken\.mjs: Error: this module cannot be loaded/],
  ['an export that is not there', [`${jobs}#twise`, 'a'], /has no export named twise; did you mean .*#twice\?/],
  ['an export that is no function', [`${jobs}#notAFunction`, 'a'], /has a number under notAFunction, not a function/],
  ['a file that is not there', [jobs, '--lines', 'nowhere.txt'], /cannot read nowhere\.txt: there is no such file/],
  ['a folder for a file', [jobs, '--json', root], /it is a directory/],
  [
    'an output that cannot be written',
    [jobs, 'a', '--out', '/nowhere/out'],
    /cannot write \/nowhere\/out: there is no such file or directory/,
  ],
];

for (const [why, args, says] of refused) {
  test(`a wrong command does not run: ${why}`, async () => {
    const { code, stdout, stderr } = await heddle(['map', ...args]);
    assert.equal(stdout, '');
    assert.match(stderr, says);
    assert.match(stderr, /^heddle map: .*\nTry: heddle map --help\n$/s);
    assert.equal(code, 2);
  });
}

test('a wrong command does not empty the output', async () => {
  const out = file('kept', 'kept');
  for (const args of [
    ['./nowhere.mjs', 'a'],
    [`${jobs}#twise`, 'a'],
    [`${jobs}#same`, '--lines', out],
    [`${jobs}#same`, '--glob', '[z-a]'],
  ]) {
    assert.equal((await heddle(['map', ...args, '--out', out])).code, 2);
    assert.equal(readFileSync(out, 'utf8'), 'kept');
  }
});

test('nothing to do is a success', async () => {
  const out = join(folder, 'nothing');
  const ended = await heddle(['map', jobs, '--glob', 'no/such/*', '--out', out]);
  assert.equal(ended.code, 0);
  assert.match(ended.stderr, /^heddle: no file matches no\/such\/\*$/m);
  assert.ok(existsSync(out));
});
