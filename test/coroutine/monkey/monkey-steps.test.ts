/** Greenlets that work for long without a wait: measured, named, and seen at it by another thread. */

import assert from 'node:assert/strict';
import { spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { type Coroutine, getCurrent, joinAll, monkey, sleep, spawn } from '#src/coroutine/index.js';
import { sampleSince } from '#src/coroutine/monkey/watchdog.js';
import { runProgram } from '../program.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const here = fileURLToPath(import.meta.url);

/** In milliseconds: short, so that the tests are quick. */
const LIMIT = 40;

function collect(longerThan: number): monkey.Blocked[] {
  const found: monkey.Blocked[] = [];
  monkey.patchAll({ onBlock: (blocked) => found.push(blocked), longerThan });
  return found;
}

/** Of a limit of nothing the other thread may find something, too. */
function collectSteps(): monkey.Blocked[] {
  const found: monkey.Blocked[] = [];
  monkey.patchAll({ onBlock: (blocked) => blocked.name === '(long stretch)' || found.push(blocked), longerThan: 0 });
  return found;
}

/** The first find that is a stretch; what tells of it does not keep the process alive. */
async function firstStretch(found: readonly monkey.Blocked[]): Promise<monkey.Blocked> {
  for (;;) {
    const stretch = found.find(({ name }) => name === '(long stretch)');
    if (stretch !== undefined) return stretch;
    await new Promise(setImmediate);
  }
}

/** Keeps the thread until it has been seen at it, and for as long as counts. */
function hogThread(): void {
  const begin = performance.now();
  while (sampleSince(begin) === undefined || performance.now() - begin < 3 * LIMIT);
}

/** The end of each thread of a watchdog, which does not keep the process alive. */
const ends: Promise<unknown>[] = [];
process.on('worker', (worker: Worker) => ends.push(once(worker, 'exit')));

async function allEnd(): Promise<void> {
  const keepsAlive = setInterval(() => {}, 1000);
  // Workers are announced a little later.
  await new Promise(setImmediate);
  await Promise.all(ends);
  clearInterval(keepsAlive);
}

afterEach(() => monkey.unpatchAll());
after(allEnd);

test('a step is measured with its own time only', async () => {
  const found = collectSteps();
  function* counting(): Coroutine<void> {
    for (let i = 0; i < 3; i += 1) yield* sleep(0);
  }
  const stepped = spawn(counting);
  stepped.name = 'stepped';
  const plain = spawn(() => {});
  plain.name = 'plain';
  const begin = performance.now();
  await joinAll([stepped, plain]);
  const whole = performance.now() - begin;
  assert.deepEqual(
    found.map(({ name, greenlet }) => [name, greenlet]).sort((a, b) => (a.join() < b.join() ? -1 : 1)),
    [['(long step)', 'plain'], ...Array.from({ length: 4 }, () => ['(long step)', 'stepped'])],
  );
  let sum = 0;
  for (const { ms, stack } of found) {
    assert.ok(ms > 0);
    assert.match(stack, /^ {4}(spawned )?at .*monkey-steps\.test/);
    sum += ms;
  }
  assert.ok(sum <= whole);
});

test('a failed step is measured, and its error is unchanged', async () => {
  const found = collectSteps();
  const g = spawn(function* () {
    yield* sleep(0);
    throw new RangeError('as it was');
  });
  await assert.rejects(async () => g, /^RangeError: as it was$/);
  assert.equal(found.length, 2);
});

test('steps that are short enough, or after unpatchAll, are not reported', async () => {
  const found = collect(60_000);
  await spawn(function* () {
    yield* sleep(0);
  });
  assert.deepEqual(found, []);
  const others = collectSteps();
  monkey.unpatchAll();
  await spawn(function* () {
    yield* sleep(0);
  });
  assert.deepEqual([found, others], [[], []]);
});

test('time that a call has lost is not reported again with the step', async () => {
  const found = collect(LIMIT);
  await spawn(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * LIMIT);
  });
  const total = collectSteps();
  const begin = performance.now();
  await spawn(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LIMIT);
  });
  const whole = performance.now() - begin;
  assert.deepEqual(
    found.slice(0, 1).map(({ name }) => name),
    ['Atomics.wait'],
  );
  assert.deepEqual(
    total.map(({ name }) => name),
    ['Atomics.wait', '(long step)'],
  );
  assert.ok(total[0]!.ms + total[1]!.ms <= whole);
});

test('a generator greenlet in a long step is seen with its place', async () => {
  const found = collect(LIMIT);
  function* hog(): Coroutine<void> {
    yield* sleep(1);
    hogThread();
  }
  const g = spawn(hog);
  g.name = 'hog';
  await g;
  // On a busy machine the first step may be long as well.
  const step = found.findLast(({ name }) => name === '(long step)')!;
  assert.equal(step.greenlet, 'hog');
  assert.ok(step.ms >= 3 * LIMIT);
  assert.match(step.stack, /^ {4}at hogThread \(.*\n {4}at hog \(/);
});

test('an async function that keeps the thread after its first wait is seen', async () => {
  const found = collect(LIMIT);
  async function other(): Promise<void> {
    await sleep(1);
    await Promise.resolve();
  }
  async function hog(): Promise<void> {
    await sleep(2);
    hogThread();
  }
  const [first, second] = [spawn(other), spawn(hog)];
  first.name = 'other';
  second.name = 'hog';
  const { name, greenlet, ms, stack } = await firstStretch(found);
  assert.deepEqual([name, greenlet], ['(long stretch)', 'hog']);
  assert.ok(ms >= LIMIT);
  assert.match(stack, /^ {4}at hogThread \(.*\n {4}at (async )?hog \(/);
  await joinAll([first, second]);
});

test('an async function whose waits are over at once is seen to starve the event loop', async () => {
  const found = collect(LIMIT);
  async function starving(): Promise<void> {
    await sleep(1);
    const begin = performance.now();
    while (sampleSince(begin) === undefined || performance.now() - begin < 3 * LIMIT) await Promise.resolve();
  }
  const g = spawn(starving);
  g.name = 'starving';
  const { name, greenlet, stack } = await firstStretch(found);
  assert.deepEqual([name, greenlet], ['(long stretch)', 'starving']);
  // Or between two of its parts.
  assert.match(stack, /^ {4}(at (async )?starving \(|spawned at )/);
  await g;
});

test('the patching code does not count as the running greenlet, as long as it is patched', async () => {
  const tellers: string[] = [];
  const found: monkey.Blocked[] = [];
  const onBlock = (blocked: monkey.Blocked): void => {
    found.push(blocked);
    if (blocked.name === '(long stretch)') tellers.push(getCurrent().name);
  };
  const patching = spawn(async () => {
    await sleep(1);
    monkey.patchAll({ onBlock, longerThan: LIMIT });
  });
  await patching;
  const g = spawn(async () => {
    await sleep(1);
    hogThread();
  });
  g.name = 'hog';
  assert.equal((await firstStretch(found)).greenlet, 'hog');
  assert.deepEqual(tellers, ['main']);
  await g;
});

test('the program outside of greenlets is not reported', async () => {
  const g = spawn(async () => sleep(5));
  await sleep(0);
  const found = collect(LIMIT);
  const begin = performance.now();
  while (performance.now() - begin < 5 * LIMIT);
  await g;
  await new Promise((resolve) => setTimeout(resolve, LIMIT));
  assert.deepEqual(found, []);
});

test('the other thread ends with unpatchAll, and new options leave none behind', async () => {
  const before = ends.length;
  collect(LIMIT);
  collect(2 * LIMIT);
  monkey.unpatchAll();
  collect(Infinity);
  await allEnd();
  assert.equal(ends.length - before, 2);
});

test('a stretch at the end of a program is reported', async () => {
  const { stdout, stderr, code } = await runProgram(`
    import { sampleSince } from '#src/coroutine/monkey/watchdog.js';
    const onBlock = ({ name, greenlet }) => name === '(long stretch)' && console.log(name, greenlet);
    h.monkey.patchAll({ onBlock, longerThan: ${LIMIT} });
    h.spawn(async () => {
      await h.sleep(${LIMIT});
      const begin = performance.now();
      while (sampleSince(begin) === undefined || performance.now() - begin < ${3 * LIMIT});
    }).name = 'last';
  `);
  assert.deepEqual([stdout, code], ['(long stretch) last\n', 0], stderr);
});

test('a program ends while it is patched', async () => {
  const { stdout, stderr, code } = await runProgram(`
    h.monkey.patchAll();
    console.log(await h.spawn(function* () { yield* h.sleep(1); return 'over'; }));
  `);
  assert.deepEqual([stdout, stderr, code], ['over\n', '', 0]);
});

/** Collects the stderr of a program until it holds a text; then the program is killed. */
async function stderrUntil(program: string, text: string): Promise<string> {
  const child = spawnProcess(process.execPath, ['--input-type=module', '-e', program], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    let stderr = '';
    for await (const part of child.stderr.setEncoding('utf8')) {
      stderr += part;
      if (stderr.includes(text)) break;
    }
    return stderr;
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
}

test('a step that never ends is reported', async () => {
  const program = `
    import { monkey, sleep, spawn } from 'heddle/coroutine';
    monkey.patchAll({ onBlock: () => console.log('never') });
    function* endless() {
      yield* sleep(1);
      for (let i = 0; ; i += 1) Math.sqrt(i);
    }
    spawn(endless).name = 'endless';
  `;
  const stderr = await stderrUntil(program, 'endless (');
  assert.match(stderr, /^heddle: endless has kept this thread from all others for \d+ ms, and still does\n {4}at endless \(/);
});

test('a call that never returns is reported', async () => {
  const program = `
    import { monkey, sleep, spawn } from 'heddle/coroutine';
    monkey.patchAll({ onBlock: () => console.log('never') });
    async function waiting() {
      await sleep(1);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
    spawn(waiting).name = 'endless ü';
  `;
  const stderr = await stderrUntil(program, 'waiting (');
  assert.match(
    stderr,
    /^heddle: Atomics\.wait in endless ü has kept this thread from all others for \d+ ms, and still does\n {4}at waiting \(/,
  );
});

test('a debugger of the user is left alone', async () => {
  const { stdout, stderr, code } = await runProgram(
    `
    h.monkey.patchAll({ onBlock: ({ name, stack }) => console.log(name, stack.trim().split(' ')[0]), longerThan: ${LIMIT} });
    await h.spawn(function* () {
      yield* h.sleep(1);
      const begin = performance.now();
      while (performance.now() - begin < ${20 * LIMIT});
    });
  `,
    ['--inspect=127.0.0.1:0'],
  );
  // Where a step was is not looked for. On a busy machine the first may be long as well.
  assert.match(stdout, /^(?:\(long step\) spawned\n){1,2}$/);
  assert.equal(code, 0, stderr);
});

test('where threads are refused steps are still measured', async () => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  const { stdout, stderr, code } = await runProgram(
    `
    h.monkey.patchAll({ onBlock: ({ name }) => console.log(name), longerThan: 0 });
    await h.spawn(() => {});
    h.monkey.unpatchAll();
  `,
    [flag, '--allow-fs-read=*'],
  );
  assert.deepEqual([stdout, code], ['(long step)\n', 0], stderr);
});

test('a body that blocks is told from one that switches (assert_switches)', async () => {
  const found = collect(60_000);
  await spawn(function* () {
    yield* sleep(3 * LIMIT);
  });
  assert.equal(found.length, 0);
  await spawn(function* () {
    yield* sleep(0);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    readFileSync(here);
  });
  assert.deepEqual(
    found.map(({ name }) => name),
    ['Atomics.wait', 'fs.readFileSync'],
  );
});
