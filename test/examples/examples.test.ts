/** Every program of examples/ that is there to be read: that it runs as it stands, ends, and prints what it should. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import { noOwnServer } from '../distributed/server.ts';

const folder = fileURLToPath(new URL('../../examples/', import.meta.url));

interface Ended {
  stdout: string;
  stderr: string;
  code: number;
}

const run = (name: string, ...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [join(folder, `${name}.js`), ...args], { timeout: 120_000 }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, code: error === null ? 0 : Number(error.code ?? -1) }),
    );
  });

/** Clients of the ticket program: two processes for each. */
const clients = process.env['HEDDLE_LONG'] === undefined ? 12 : 100;
const programArgs: Record<string, string[]> = { '15-tickets': [String(clients)] };

const squares = '0 1 4 9 16 25 36 49 64 81';
const executor = (name: string): string[] => [
  `${name}: default size true`,
  'submitted: done false',
  'not yet: TimeoutError',
  'callback: done true',
  'a is done',
  'shut down: done true b is done',
  'too late: ShutDown',
];

/** The output of each; a function where the lines or their order differ between runs. */
const outputs: Record<string, string[] | ((lines: string[]) => void)> = {
  '01-simple-process': [
    'parent: the child was started',
    'child: hello bob, my parent is the main program',
    'parent: the child has ended with 0',
  ],
  '02-process-class': ['Process-1: hello ann', 'Process-1: hello bob', 'the greeter has ended with 0'],
  '03-process-attributes': [
    'before start(): Process-1, no pid, alive false, daemon true, exit code null',
    'while it runs: Process-1, a pid, alive true, daemon true, exit code null',
    'joined: true',
    'afterwards: Process-1, a pid, alive false, daemon true, exit code 0',
  ],
  '04-daemon': ['daemon: daemonic processes are not allowed to have children', 'daemon: begins', 'main: ends'],
  '05-daemon-beside-non-daemon': ['daemon: begins', 'main: has nothing more to do', 'process: begins', 'process: ends'],
  '06-queue': ["parent got [ 42, null, 'hello' ]"],
  '07-bounded-queue': [
    'full: true, qsize: 10000',
    'putNowait: Full',
    'put within 5 ms: Full',
    'consumer: 25000 items, their sum is 312487500',
    'empty: true, qsize: 0',
    'getNowait: Empty',
    'get within 5 ms: Empty',
  ],
  '08-colours': (lines) => {
    const colours = ['red', 'green', 'blue', 'yellow', 'purple', 'black'];
    assert.equal(lines.pop(), 'End of mission');
    for (const who of ['writer puts', 'reader takes'])
      assert.deepEqual(
        lines.filter((line) => line.startsWith(who)),
        colours.map((colour) => `${who} ${colour}`),
      );
    for (const colour of colours) assert.ok(lines.indexOf(`reader takes ${colour}`) > 0);
    assert.equal(lines.length, 12);
  },
  '09-queue-kinds': (lines) => {
    assert.deepEqual(lines.splice(0, 9), [
      'first in, first out: [ 1, 2, 3 ]',
      'last in, first out: [ 3, 2, 1 ]',
      'lowest first: 1, an ambulance',
      'lowest first: 1, a fire engine',
      'lowest first: 2, a taxi',
      'lowest first: 3, a newspaper',
      'both ends: Cleo, at the front and Dan',
      "turned by one: [ 'Ben', 'Ann' ]",
      'the last three readings: [ 8, 9, 10 ]',
    ]);
    assert.equal(lines.pop(), 'all tasks are done');
    assert.deepEqual(lines.toSorted(), ['dry is done', 'fold is done', 'wash is done']);
  },
  '10-pipe': [
    'child received: hello from the parent',
    'parent received: hello from the child',
    'the reader cannot send: true',
    'the writer cannot receive: true',
    'one-way: 1',
    'one-way: 2',
    'one-way: 3',
    'end of file',
  ],
  '11-shared-value-and-array': [
    'hits 3000, balance 800',
    'total 3',
    'sums 1 3 6 10, the last 10',
    'squares 0 1 4, ready true',
    'table 500000',
    "expected value of type 'i' to be an integer from -2147483648 to 2147483647, got 2147483648",
  ],
  '12-three-ways': (lines) => {
    const cells = lines.map((line) => line.split('│').map((cell) => cell.trim().replaceAll("'", '')));
    assert.deepEqual(cells.find((row) => row.includes('pipe'))?.slice(2, 5), ['pipe', 'queue', 'shared memory']);
    for (const what of ['one way, numbers', 'there and back', '1 MiB messages']) {
      const row = cells.find((one) => one[1] === what);
      assert.ok(
        row?.slice(2, 4).every((cell) => /^[\d,]+\/s$/.test(cell)),
        lines.join('\n'),
      );
    }
  },
  '13-manager': [
    "Map(3) { 1 => '1', '2' => 2, null => [ 0.25 ] } 9 8 7 6 5 4 3 2 1 0",
    'the first manager has ended with its scope',
    "Map(3) { 1 => '1', '2' => 2, null => [ 0.25 ] } 9 8 7 6 5 4 3 2 1 0",
    'the second one was shut down',
  ],
  '14-prints-with-a-lock': (lines) => {
    for (const count of [3, 10]) {
      const inTurn = lines.splice(0, 2 * count);
      for (let i = 0; i < inTurn.length; i += 2) assert.equal(inTurn[i + 1], inTurn[i]!.replace('begins', 'ends'), inTurn.join('\n'));
      assert.equal(lines.shift(), `inTurn: all ${count} have ended`);
      const allAtOnce = lines.splice(0, 2 * count);
      assert.ok(
        allAtOnce.slice(0, count).every((line) => line.endsWith(' begins')) &&
          allAtOnce.slice(count).every((line) => line.endsWith(' ends')),
      );
      assert.equal(lines.shift(), `allAtOnce: all ${count} have ended`);
      assert.equal(new Set([...inTurn, ...allAtOnce]).size, 2 * count);
    }
    assert.deepEqual(lines, []);
  },
  '15-tickets': (lines) => {
    const bought = /^client \d+ has bought a ticket$/;
    const allAtOnce = lines.splice(0, clients);
    assert.ok(allAtOnce.every((line) => bought.test(line)) && new Set(allAtOnce).size === clients, allAtOnce.join('\n'));
    assert.equal(lines.shift(), `allAtOnce: all ${clients} have gone, and 0 tickets are left`);
    assert.match(lines.shift()!, bought);
    assert.deepEqual(lines, [`inTurn: all ${clients} have gone, and 0 tickets are left`]);
  },
  '16-pool': [
    `applyAsync ${squares}`,
    `callbacks  ${squares}`,
    `apply      ${squares}`,
    `map        ${squares}`,
    'closed     ShutDown',
    'joined     100',
    'terminated true',
  ],
  '17-pool-and-manager-queue': ['the writer has written all', 'the reader has read abcd'],
  '18-executors': [
    ...executor('ThreadPoolExecutor'),
    ...executor('ProcessPoolExecutor'),
    'TypeError: Executor cannot be constructed: use ThreadPoolExecutor or ProcessPoolExecutor',
  ],
  '19-callbacks': (lines) =>
    assert.deepEqual(
      lines.sort(),
      ['reed', 'shed', 'warp', 'weft'].map((title) => `${title}: 1000 links, parsed by another process: true`),
    ),
  '20-threads': (lines) => {
    assert.deepEqual(lines.slice(0, 2), ['greeter: hello bob', 'class: hello ann']);
    assert.match(lines[2] ?? '', /^ten sleeps of a second took (about one second|\d+ seconds)$/);
    assert.deepEqual(lines.slice(3), ['the program does not wait for a daemon']);
  },
  '21-thread-lock': (lines) => {
    const turns = Array.from({ length: 10 }, (_, i) => `thread ${i + 1} had its turn, with 0 others`);
    assert.deepEqual(lines.splice(0, 10).sort(), turns.sort());
    assert.deepEqual(lines, ['count: ten threads have counted to 1', 'countInTurn: ten threads have counted to 10']);
  },
  '22-greenlets': ['Kim eats 1', 'Lee plays 1', 'Kim eats 2', 'Lee plays 2', 'false true'],
  '23-coroutines': [
    'Kim: starts the machine',
    ...['one', 'two', 'three'].map((chapter) => `Lee: reads chapter ${chapter}`),
    'Kim: the machine is ready',
    'Lee has read three chapters',
    'Kim has clean clothes',
    '3 seconds, not 4.5',
  ],
  '24-coroutines-network': (lines) => {
    assert.deepEqual(lines.slice(0, 3), ['the page /news', 'the page /sport', 'saved a picture of 32 × 32']);
    assert.match(lines[3] ?? '', /^three at once are faster than one after another: (true|false)$/);
    // On a busy machine, a sleep that begins late ends late.
    assert.deepEqual(lines.slice(4, 7).sort(), ['long slept 30 ms', 'middle slept 15 ms', 'short slept 1 ms']);
    assert.deepEqual(lines.slice(7), ['in all 46 ms']);
  },
  '25-blocking-calls': [
    'Kim loads the machine',
    'Lee reads chapter one',
    '! Atomics.wait at machine: 1 second lost',
    'Kim has clean shirts',
    'Lee reads chapter two',
    'Lee reads chapter three',
    'Kim loads the machine',
    ...['one', 'two', 'three'].map((chapter) => `Lee reads chapter ${chapter}`),
    'Kim has clean socks',
  ],
  crawler: ['36 pages, at most 8 at once', '/13: no answer', '/17: status 500'],
  '26-when-to-use-what': (lines) => {
    const rows = lines.filter((line) => /│ [a-z].*│ +\d+ +│ +\d+ +│/.test(line));
    assert.equal(rows.length, 5, lines.join('\n'));
    assert.match(lines.at(-1) ?? '', /^What waits: /);
  },
};

/** A grey PNG whose rows have the filters none, sub, up, average and Paeth in turn. Without checksums, which our decoder does not read. */
function filtered(width: number, height: number, grey: (x: number, y: number) => number): Buffer {
  const at = (x: number, y: number): number => (x < 0 || y < 0 ? 0 : grey(x, y));
  const rows: number[] = [];
  for (let y = 0; y < height; y++) {
    const filter = y % 5;
    rows.push(filter);
    for (let x = 0; x < width; x++) {
      const [left, up, corner] = [at(x - 1, y), at(x, y - 1), at(x - 1, y - 1)];
      const nearest = [left, up, corner].sort((a, b) => Math.abs(left + up - corner - a) - Math.abs(left + up - corner - b))[0]!;
      rows.push((grey(x, y) - [0, left, up, Math.floor((left + up) / 2), nearest][filter]!) & 255);
    }
  }
  const chunk = (name: string, body: Uint8Array): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(body.length);
    head.write(name, 4, 'latin1');
    return Buffer.concat([head, body, Buffer.alloc(4)]);
  };
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, 0, 0, 0, 0]);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(Uint8Array.from(rows)))]);
}

test('an example is not tested, or is tested and not there', () => {
  const names = readdirSync(folder).filter((name) => /^(\d\d-.*|crawler)\.js$/.test(name));
  assert.deepEqual(names.map((name) => name.slice(0, -3)).sort(), Object.keys(outputs).sort());
});

for (const [name, output] of Object.entries(outputs)) {
  test(`${name} does not run, end, or print what it should`, async () => {
    const { stdout, stderr, code } = await run(name, ...(programArgs[name] ?? []));
    assert.deepEqual([code, stderr], [0, ''], stdout);
    const lines = stdout.trimEnd().split('\n');
    if (typeof output === 'function') output(lines);
    else assert.deepEqual(lines, output);
  });
}

test('distributed loses a result with the worker that is killed', { skip: noOwnServer }, async () => {
  const { stdout, stderr, code } = await run('distributed');
  assert.deepEqual([code, stderr], [0, ''], stdout);
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    'workers: 2',
    'one worker is killed',
    'results: 400 of 400',
    'primes below 20000 in each: 2262',
  ]);
});

test('thumbnails loses a picture, scales it wrongly, or stops at a broken one', async () => {
  const { decodePng, encodePng } = (await import(join(folder, 'png.js'))) as {
    decodePng: (bytes: Uint8Array) => { width: number; height: number; pixels: Uint8Array };
    encodePng: (picture: { width: number; height: number; pixels: Uint8Array }) => Buffer;
  };
  const from = mkdtempSync(join(tmpdir(), 'pictures-'));
  try {
    // The left half is red, the right half is blue and half transparent.
    const [width, height] = [200, 100];
    const pixels = Uint8Array.from(
      { length: width * height * 4 },
      (_, i) => ((i >> 2) % width < 100 ? [255, 0, 0, 255] : [0, 0, 255, 128])[i & 3]!,
    );
    writeFileSync(join(from, 'halves.png'), encodePng({ width, height, pixels }));
    writeFileSync(join(from, 'broken.png'), 'not a picture');
    // Grey, from dark to light, with every filter of the format in turn.
    writeFileSync(
      join(from, 'grey.png'),
      filtered(64, 48, (x, y) => 2 * x + 2 * y),
    );
    const { stdout, stderr, code } = await run('thumbnails', from, '20');
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/, \d+ bytes/, '')),
      ['grey.png: 64×48 → 20×15', 'halves.png: 200×100 → 20×10'],
    );
    assert.match(stderr, /broken\.png: not a PNG file/);
    assert.equal(code, 1);
    const small = decodePng(readFileSync(join(from, 'thumbnails', 'halves.png')));
    assert.deepEqual(
      [small.width, small.height, [...small.pixels.subarray(0, 4)], [...small.pixels.subarray(-4)]],
      [20, 10, [255, 0, 0, 255], [0, 0, 255, 128]],
    );
    const grey = decodePng(readFileSync(join(from, 'grey.png')));
    for (const [x, y] of [
      [0, 0],
      [63, 47],
      [10, 31],
      [40, 2],
      [1, 44],
    ] as const)
      assert.equal(grey.pixels[(y * 64 + x) * 4], 2 * x + 2 * y);
  } finally {
    rmSync(from, { recursive: true });
  }
});
