/** Calls that block, made in greenlets: found, each once, and nothing else is changed by looking. */

import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import { once } from 'node:events';
import fs, { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import zlib from 'node:zlib';
import { HeddleError } from '#src/index.js';
import { BlockingCallError, type Coroutine, greenlet, joinAll, monkey, sleep, spawn, toThread } from '#src/coroutine/index.js';
import { blocking } from '#src/loop/index.js';
import { endThreads } from '#src/coroutine/wait/to-thread.js';
import { findTargets } from '#src/coroutine/monkey/targets.js';
import { runProgram } from '../program.ts';
import { unkilled } from '../unkilled.ts';

type Blocked = monkey.Blocked;

const here = fileURLToPath(import.meta.url);
const text = 'here';

/** Only calls: steps are the matter of monkey-steps.test.ts. */
function collect(): Blocked[] {
  const found: Blocked[] = [];
  monkey.patchAll({ onBlock: (blocked) => found.push(blocked), longerThan: Infinity });
  return found;
}

const names = (found: readonly Blocked[]): string[] => found.map(({ name }) => name);

afterEach(() => monkey.unpatchAll());
after(endThreads);

test('a blocking call is found, with its place, its time and its greenlet', async () => {
  const found = collect();
  function* inGenerator(): Coroutine<number> {
    yield* sleep(0);
    return fs.readFileSync(here).length;
  }
  async function inAsync(): Promise<number> {
    await sleep(0);
    return fs.statSync(here).size;
  }
  const greenlets = [spawn(inGenerator), spawn(inAsync), spawn(() => fs.existsSync(here))];
  greenlets.forEach((g, i) => (g.name = `g${i}`));
  await joinAll(greenlets, { raiseError: true });
  const by = (name: string): Blocked => found.find(({ greenlet }) => greenlet === name)!;
  assert.equal(found.length, 3);
  assert.deepEqual(
    ['g0', 'g1', 'g2'].map((name) => by(name).name),
    ['fs.readFileSync', 'fs.statSync', 'fs.existsSync'],
  );
  assert.match(by('g0').stack, /^ {4}at inGenerator \(.*monkey\.test\.[tj]s:\d+:\d+\)/);
  assert.match(by('g1').stack, /^ {4}at (async )?inAsync \(.*monkey\.test\.[tj]s:\d+:\d+\)/);
  for (const { stack, ms } of found) {
    assert.ok(ms > 0);
    assert.doesNotMatch(stack, /node:|\/(dist|src)\//);
  }
});

test('the time is that of the call', async () => {
  const found = collect();
  const word = new Int32Array(new SharedArrayBuffer(4));
  const g = spawn(() => {
    const begin = performance.now();
    const outcome = Atomics.wait(word, 0, 0, 20);
    return [outcome, performance.now() - begin] as const;
  });
  const [outcome, ms] = unkilled(await g);
  assert.equal(outcome, 'timed-out');
  assert.deepEqual(names(found), ['Atomics.wait']);
  assert.ok(found[0]!.ms >= 19 && found[0]!.ms <= ms, `${found[0]!.ms} of ${ms}`);
});

test('a call outside of greenlets, or made while they only wait, is not reported', async () => {
  const found = collect();
  const g = spawn(function* () {
    yield* sleep(1);
  });
  fs.readFileSync(here);
  await sleep(0);
  fs.readFileSync(here);
  await g;
  queueMicrotask(() => fs.readFileSync(here));
  await sleep(0);
  assert.deepEqual(found, []);
});

test('greenlets that are switched by hand are watched', () => {
  const found = collect();
  const g = greenlet(() => fs.readFileSync(here).length);
  assert.ok(g.switch() > 0);
  assert.deepEqual(
    found.map(({ name, greenlet }) => [name, greenlet]),
    [['fs.readFileSync', 'greenlet()']],
  );
});

test('a greenlet whose function is the blocking one itself is watched', async () => {
  const found = collect();
  const g = spawn(fs.readFileSync, here);
  assert.ok(unkilled(await g).length > 0);
  assert.deepEqual(names(found), ['fs.readFileSync']);
  assert.match(found[0]!.stack, /^ {4}spawned at .*monkey\.test/);
});

test('every function of the list is watched', async () => {
  const expected = [
    ...['readFileSync', 'writeFileSync', 'openSync', 'globSync', 'cpSync', 'realpathSync', 'realpathSync.native'].map((key) => `fs.${key}`),
    ...['readSync', 'closeSync'].map((key) => `fs.Dir.prototype.${key}`),
    ...['execSync', 'execFileSync', 'spawnSync'].map((key) => `child_process.${key}`),
    ...['pbkdf2Sync', 'scryptSync', 'hkdfSync', 'generateKeyPairSync', 'randomFillSync'].map((key) => `crypto.${key}`),
    ...['gzipSync', 'gunzipSync', 'brotliCompressSync'].map((key) => `zlib.${key}`),
    'Atomics.wait',
  ].filter((name) => name !== 'fs.globSync' || 'globSync' in fs);
  assert.deepEqual(
    expected.filter((name) => monkey.isPatched(name)),
    [],
  );
  const found = collect();
  assert.deepEqual(
    expected.filter((name) => !monkey.isPatched(name)),
    [],
  );
  const targets = findTargets();
  const g = spawn(() => {
    for (const { holder, key } of targets) {
      try {
        (holder as Record<string, () => unknown>)[key]!();
      } catch {
        // Without arguments nearly all refuse.
      }
    }
  });
  await g;
  assert.deepEqual(
    names(found),
    targets.map(({ name }) => name),
  );
});

test('the named modules are watched, and no others', () => {
  const all = ['fs', 'node:fs', 'child_process', 'crypto', 'zlib', 'Atomics', 'node:fs.readFileSync'];
  assert.deepEqual(
    all.filter((name) => monkey.isPatched(name)),
    [],
  );
  collect();
  assert.deepEqual(
    all.filter((name) => !monkey.isPatched(name)),
    [],
  );
  assert.deepEqual(
    ['fs.readFile', 'f', 'fs.', 'net', 'dns', '', 'toString'].filter((name) => monkey.isPatched(name)),
    [],
  );
  monkey.unpatchAll();
  assert.deepEqual(
    all.filter((name) => monkey.isPatched(name)),
    [],
  );
  assert.throws(() => monkey.isPatched(1 as never), { name: 'TypeError', message: 'expected name to be a string, got 1' });
});

test('a patched function keeps its form, and comes back', () => {
  const before = findTargets().map(({ name, holder, key }) => {
    const fn = Reflect.get(holder, key) as (...args: unknown[]) => unknown;
    return { name, holder, key, fn, descriptor: Object.getOwnPropertyDescriptor(holder, key), shape: shapeOf(fn) };
  });
  assert.ok(before.length > 60);
  collect();
  for (const { name, holder, key, fn, shape } of before) {
    const wrapper = Reflect.get(holder, key) as typeof fn;
    assert.notEqual(wrapper, fn, name);
    assert.ok(types.isProxy(wrapper), name);
    if (name !== 'fs.realpathSync') assert.deepEqual(shapeOf(wrapper), shape, name);
  }
  assert.equal(typeof fs.realpathSync.native, 'function');
  monkey.unpatchAll();
  for (const { name, holder, key, descriptor } of before) assert.deepEqual(Object.getOwnPropertyDescriptor(holder, key), descriptor, name);
});

function shapeOf(fn: (...args: unknown[]) => unknown): unknown {
  return [typeof fn, fn.name, fn.length, Object.getOwnPropertyDescriptors(fn), Object.getPrototypeOf(fn)];
}

test('results, errors, arguments and this are unchanged', async () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'monkey-'));
  const file = join(folder, 'file');
  const work = (): unknown[] => {
    const seen: unknown[] = [];
    const note = (make: () => unknown): void => {
      try {
        seen.push(make());
      } catch (error) {
        const { name, message, code } = error as NodeJS.ErrnoException;
        seen.push([name, message, code]);
      }
    };
    note(() => fs.writeFileSync(file, text));
    note(() => fs.readFileSync(file, 'utf8'));
    note(() => fs.readFileSync(join(folder, 'none')));
    note(() => (fs.readFileSync as () => unknown)());
    note(() => fs.realpathSync(file) === fs.realpathSync.native(file));
    note(() => fs.readdirSync(folder, { withFileTypes: true }).map((entry) => [entry.name, entry.isFile()]));
    note(() => {
      const dir = fs.opendirSync(folder);
      const { name } = dir.readSync()!;
      dir.closeSync();
      return name;
    });
    note(() => Reflect.apply(fs.Dir.prototype.readSync, {}, []));
    note(() => childProcess.execFileSync(process.execPath, ['-p', '6 * 7'], { encoding: 'utf8' }));
    note(() => childProcess.spawnSync('/nowhere').error!.message);
    note(() => crypto.pbkdf2Sync('word', 'salt', 1, 8, 'sha256').toString('hex'));
    note(() => zlib.gunzipSync(zlib.gzipSync(text)).toString());
    note(() => zlib.gunzipSync('no'));
    note(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1));
    note(() => Atomics.wait(new Int32Array(4), 0, 1));
    return seen;
  };
  try {
    const plain = work();
    const found = collect();
    assert.deepEqual(await spawn(work), plain);
    // Also of those that failed.
    assert.equal(names(found).filter((name) => name === 'fs.readFileSync').length, 3);
    assert.ok(names(found).includes('Atomics.wait'));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test('a call within a call is reported once', async () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'monkey-'));
  try {
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    fs.mkdirSync(from);
    fs.writeFileSync(join(from, 'a'), text);
    const found = collect();
    await spawn(() => {
      fs.cpSync(from, to, { recursive: true, filter: (one) => fs.existsSync(one) });
      fs.rmSync(to, { recursive: true });
    });
    assert.deepEqual(names(found), ['fs.cpSync', 'fs.rmSync']);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test('calls of Node itself do not count as the program’s: a module that is loaded, a console', () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'monkey-'));
  try {
    fs.writeFileSync(join(folder, 'loaded.cjs'), `require('node:fs').statSync('.'); module.exports = 7;`);
    fs.writeFileSync(join(folder, 'other.cjs'), 'module.exports = 8;');
    const program = `
      import { createRequire } from 'node:module';
      import * as h from 'heddle/coroutine';
      const found = [];
      h.monkey.patchAll({ onBlock: ({ name, stack }) => found.push([name, /loaded.cjs/.test(stack)]), longerThan: Infinity });
      await h.spawn(function* () {
        yield* h.sleep(0);
        console.log(createRequire(process.cwd() + '/')('${folder}/loaded.cjs'));
      });
      await h.spawn(async () => console.log((await import('${folder}/other.cjs')).default));
      console.log(JSON.stringify(found));
    `;
    const file = fs.openSync(join(folder, 'stdout'), 'w');
    const cwd = fileURLToPath(new URL('../../../../', import.meta.url));
    const args = ['--input-type=module', '-e', program];
    const { stderr, status } = childProcess.spawnSync(process.execPath, args, { cwd, stdio: ['ignore', file, 'pipe'], encoding: 'utf8' });
    fs.closeSync(file);
    assert.deepEqual([status, fs.readFileSync(join(folder, 'stdout'), 'utf8')], [0, '7\n8\n[["fs.statSync",true]]\n'], stderr);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test('patching twice wraps once, and new options replace the old ones', async () => {
  const found = collect();
  const { readFileSync: wrapper } = fs;
  monkey.patchAll();
  assert.equal(fs.readFileSync, wrapper);
  await spawn(() => fs.readFileSync(here));
  assert.equal(found.length, 1);
  const others = collect();
  assert.equal(fs.readFileSync, wrapper);
  await spawn(() => fs.readFileSync(here));
  assert.deepEqual([found.length, others.length], [1, 1]);
  monkey.unpatchAll();
  monkey.unpatchAll();
  assert.ok(!types.isProxy(fs.readFileSync));
  await spawn(() => [fs.readFileSync(here), wrapper(here)]);
  assert.deepEqual([found.length, others.length], [1, 1]);
  const again = collect();
  await spawn(() => wrapper(here));
  assert.equal(again.length, 1);
});

test('a later patch of other code stays, with a warning', async () => {
  const original = fs.statSync;
  const found = collect();
  const ours = fs.statSync;
  const theirs = Object.assign((...args: Parameters<typeof ours>) => ours(...args), { bigint: 0 }) as unknown as typeof ours;
  Object.assign(fs, { statSync: theirs });
  await spawn(() => fs.statSync(here));
  assert.deepEqual(names(found), ['fs.statSync']);
  const warning = once(process, 'warning');
  monkey.unpatchAll();
  assert.match(String(await warning), /monkey\.unpatchAll\(\) left fs\.statSync as they are/);
  assert.equal(fs.statSync, theirs);
  await spawn(() => fs.statSync(here));
  assert.equal(found.length, 1);
  // Patched again on top of theirs: still told of once.
  const again = collect();
  await spawn(() => fs.statSync(here));
  assert.deepEqual(names(again), ['fs.statSync']);
  monkey.unpatchAll();
  assert.equal(fs.statSync, theirs);
  Object.assign(fs, { statSync: original });
});

test('’throw’ refuses the call, and no other', async () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'monkey-'));
  try {
    monkey.patchAll({ onBlock: 'throw', longerThan: Infinity });
    const g = spawn(function* () {
      yield* sleep(0);
      fs.writeFileSync(join(folder, 'file'), text);
    });
    g.name = 'writer';
    await g.join();
    const error = g.exception as BlockingCallError;
    assert.ok(error instanceof BlockingCallError && error instanceof HeddleError && error instanceof Error);
    assert.equal(error.code, 'ERR_HEDDLE_BLOCKING');
    assert.match(error.message, /^fs\.writeFileSync in writer would .*: use fs\.promises\.writeFile, or let toThread\(\) do it$/);
    assert.match(error.stack!, /monkey\.test/);
    assert.deepEqual(fs.readdirSync(folder), []);
    const inside = await spawn(() => {
      assert.throws(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), BlockingCallError);
      return fs.promises.readFile(here, 'utf8');
    });
    assert.ok(unkilled(inside).length > 0);
  } finally {
    monkey.unpatchAll();
    fs.rmSync(folder, { recursive: true });
  }
});

test('toThread, the cure, is neither refused nor reported', async () => {
  const found = collect();
  function* cured(): Coroutine<boolean> {
    return yield* toThread((path: string) => process.getBuiltinModule('node:fs').statSync(path).isDirectory(), '.');
  }
  assert.equal(await spawn(cured), true);
  monkey.patchAll({ onBlock: 'throw', longerThan: Infinity });
  assert.equal(await spawn(cured), true);
  assert.equal(await spawn(async () => toThread(() => 7)), 7);
  assert.deepEqual(found, []);
});

test('an error of onBlock, thrown or rejected, is reported and does not change the call', async () => {
  const { stdout, stderr, code } = await runProgram(`
    import { statSync, readFileSync } from 'node:fs';
    let times = 0;
    h.monkey.patchAll({ longerThan: Infinity, onBlock: ({ name }) => {
      readFileSync('package.json'); // is not found again
      if (++times === 1) throw new Error('thrown for ' + name);
      return Promise.reject(new Error('rejected for ' + name));
    } });
    const g = h.spawn(() => {
      try { statSync('/nowhere/at/all'); } catch (error) { console.log(error.code); }
      return statSync('.').isDirectory();
    });
    console.log(await g, times);
  `);
  assert.deepEqual([stdout, code], ['ENOENT\ntrue 2\n', 0], stderr);
  assert.match(stderr, /heddle: onBlock of monkey\.patchAll\(\) failed: Error: thrown for fs\.statSync/);
  assert.match(stderr, /heddle: onBlock of monkey\.patchAll\(\) failed: Error: rejected for fs\.statSync/);
});

test('a warning comes once for each place, with the cure', async () => {
  const { stderr, code } = await runProgram(`
    import { readFileSync, existsSync } from 'node:fs';
    import { execFileSync } from 'node:child_process';
    import { gzipSync } from 'node:zlib';
    h.monkey.patchAll();
    const seen = [];
    process.on('warning', (warning) => seen.push(warning));
    function* work() {
      for (let i = 0; i < 3; i += 1) {
        yield* h.sleep(0);
        readFileSync('package.json');
      }
      existsSync('package.json');
      execFileSync(process.execPath, ['-v']);
      gzipSync('');
      const word = new Int32Array(new SharedArrayBuffer(4));
      Atomics.wait(word, 0, 0, 1);
    }
    const gs = [h.spawn(work), h.spawn(work)];
    gs[0].name = 'first';
    gs[1].name = 'second';
    await h.joinAll(gs);
    while (seen.length < 5) await new Promise(setImmediate);
    process.exitCode = seen.every((one) => one.name === 'BlockingWarning' && one.code === 'HEDDLE_BLOCKING') ? 5 : 6;
  `);
  assert.equal(code, 5, stderr);
  const lines = stderr.split('\n').filter((line) => line.includes('[HEDDLE_BLOCKING]'));
  assert.deepEqual(
    lines.map((line) => line.replace(/^\(node:\d+\) \[HEDDLE_BLOCKING\] BlockingWarning: /, '').replace(/[\d.]+ ms/, 'N ms')),
    [
      ['fs.readFileSync', 'fs.promises.readFile'],
      ['fs.existsSync', 'fs.promises.access'],
      ['child_process.execFileSync', 'child_process.execFile'],
      ['zlib.gzipSync', 'zlib.gzip'],
      ['Atomics.wait', 'Atomics.waitAsync'],
    ].map(([name, twin]) => `${name} in first kept this thread from all others for N ms: use ${twin}, or let toThread() do it`),
  );
  assert.equal(stderr.match(/^ {4}at work \(file:.*\[eval1\]:\d+:\d+\)$/gm)?.length, 5, stderr);
});

test('calls of heddle that block are reported', async () => {
  const acquireSync = (): string => blocking('Lock.acquireSync', acquireSync, () => fs.realpathSync('.') && 'taken');
  assert.equal(await spawn(acquireSync), 'taken');
  const found = collect();
  assert.equal(acquireSync(), 'taken');
  function locking(): string {
    return acquireSync();
  }
  assert.equal(await spawn(locking), 'taken');
  assert.deepEqual(names(found), ['Lock.acquireSync']);
  assert.match(found[0]!.stack, /^ {4}at locking /);
  monkey.patchAll({ onBlock: 'throw', longerThan: Infinity });
  await assert.rejects(
    async () => spawn(locking),
    /^BlockingCallError: Lock\.acquireSync in .*: use Lock\.acquire, or let toThread\(\) do it$/,
  );
});

test('wrong options are refused', () => {
  const patch = (options: unknown) => (): void => monkey.patchAll(options as never);
  assert.throws(patch({ onBlock: 'shout' }), /^TypeError: expected onBlock to be 'warn', 'throw' or a function, got 'shout'/);
  assert.throws(patch({ longerThan: -1 }), /^RangeError: expected longerThan to be a number >= 0, got -1/);
  assert.throws(patch({ longerThan: 'long' }), RangeError);
  assert.throws(patch({ onblock: 'warn' }), /^TypeError: unknown key 'onblock' in options: known are onBlock, longerThan/);
  assert.throws(patch('warn'), /^TypeError: expected options to be an object, got 'warn'/);
  assert.equal(monkey.isPatched('fs'), false);
});

test('a name imported from a module sees the patch exactly while it is on', async () => {
  const original = readFileSync;
  const found = collect();
  assert.notEqual(readFileSync, original);
  await spawn(() => readFileSync(here));
  assert.deepEqual(names(found), ['fs.readFileSync']);
  monkey.unpatchAll();
  assert.equal(readFileSync, original);
});
