/** Start methods: contexts, the stock of warm processes that `forkserver` draws on, and processes that are threads. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  activeChildren,
  currentProcess,
  Event,
  getAllStartMethods,
  getContext,
  Lock,
  parentProcess,
  Pool,
  ProcessError,
  ProcessPoolExecutor,
  setForkserverPreload,
  setStartMethod,
  Thread,
  ThreadPool,
  ThreadPoolExecutor,
} from 'heddle';
import { until } from '../pool/collect.ts';
import { childrenOf, isReady, readyOf } from './blanks.ts';

const folder = mkdtempSync(join(tmpdir(), 'heddle-methods-'));
test.after(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);
const read = (name: string): unknown => JSON.parse(readFileSync(file(name), 'utf8'));
const isLinux = process.platform === 'linux';
const root = new URL('../../../', import.meta.url);

async function ready(count: number): Promise<number[]> {
  await until(() => readyOf(process.pid).length === count);
  return readyOf(process.pid);
}

/** The output of a program, as JSON lines. */
function run(program: string, options: { env?: Record<string, string> } = {}): unknown[] {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...options.env },
  });
  assert.equal(status, 0, stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

test('there are three start methods, each with one context, and fork is refused with the reason', () => {
  assert.deepEqual(getAllStartMethods(), ['spawn', 'forkserver', 'thread']);
  for (const method of getAllStartMethods()) {
    const context = getContext(method);
    assert.equal(context, getContext(method));
    assert.equal(context.getStartMethod(), method);
    assert.equal(context.getContext(), context);
    assert.equal(context.getContext('spawn'), getContext('spawn'));
    assert.throws(() => context.setStartMethod(), {
      name: 'ProcessError',
      message: `the start method of a context cannot be set: this one is ${method}`,
    });
    assert.equal(context.Lock, Lock);
  }
  assert.throws(() => getContext('fork' as 'spawn'), { name: 'TypeError', message: /^fork is not possible: a copy of a running V8 lacks/ });
  assert.throws(() => getContext('x' as 'spawn'), { name: 'TypeError', message: /'spawn', 'forkserver' or 'thread', got 'x'/ });
  assert.throws(() => setStartMethod('fork' as 'spawn', { force: true }), /^TypeError: fork is not possible/);
  assert.throws(() => setStartMethod('spawn', { forced: true } as object), /unknown key 'forced'/);
  assert.throws(() => setForkserverPreload('x' as unknown as string[]), {
    name: 'TypeError',
    message: /an array of specifiers and URLs, got 'x'/,
  });
  assert.equal(getContext('thread').Pool, ThreadPool);
});

test('the start method is set once, fixed by its first use, inherited by all children, and may be set again by force', () => {
  const [before, after, again, nested, worker, thread, reset, used] = run(`
    import { getStartMethod, Process, Pool, setStartMethod, Thread, getContext } from 'heddle';
    import { writeSync } from 'node:fs';
    const tell = (value) => writeSync(1, JSON.stringify(value) + '\\n');
    const why = (act) => { try { act(); return 'allowed'; } catch (error) { return error.name + ': ' + error.message; } };
    tell(getStartMethod({ allowNone: true }));
    setStartMethod('forkserver');
    tell(getStartMethod());
    tell(why(() => setStartMethod('spawn')));
    new Process({ target: () => tell([getStartMethod(), why(() => setStartMethod('spawn'))]) }).start().joinSync();
    const pool = new Pool(1);
    tell(await pool.apply(() => getStartMethod()));
    await pool.terminate();
    new Thread({ target: () => tell([getStartMethod(), why(() => setStartMethod('spawn'))]) }).start().joinSync();
    setStartMethod(null, { force: true });
    tell(getStartMethod({ allowNone: true }));
    await new Process({ target: () => {} }).start().join();
    tell([getStartMethod({ allowNone: true }), why(() => setStartMethod('thread')), why(() => setStartMethod('thread', { force: true })), getContext().method]);
  `);
  const refusal = /^ProcessError: the start method is already forkserver: set it before the first use of processes, or with/;
  assert.deepEqual([before, after, worker, reset], [null, 'forkserver', 'forkserver', null]);
  assert.match(String(again), refusal);
  for (const inChild of [nested, thread] as [string, string][]) {
    assert.equal(inChild[0], 'forkserver');
    assert.match(inChild[1], refusal);
  }
  assert.match((used as string[])[1]!, /^ProcessError: the start method is already spawn/);
  assert.deepEqual([(used as string[])[0], (used as string[])[2], (used as string[])[3]], ['spawn', 'allowed', 'thread']);
});

const forkserver = getContext('forkserver');
const options = { skip: !isLinux && 'reads /proc' };
const isNative = process.env['HEDDLE_PLATFORM'] !== 'none';
/** Shared objects cross to processes by native calls only. */
const shared = { skip: !(isLinux && isNative) && 'sends shared objects to processes' };

test('a warm process has the environment, folder, umask and arguments of the moment of start()', options, async () => {
  const pids = await ready(2);
  assert.deepEqual(activeChildren(), []);
  const { argv } = process;
  const cwd = process.cwd();
  const umask = process.umask();
  process.env['HE_ADDED'] = 'added';
  const path = process.env['PATH'];
  delete process.env['PATH'];
  process.chdir(folder);
  process.umask(0o27);
  process.argv = [...argv, 'one more'];
  const tell = (to: string): void => {
    const { HE_ADDED, PATH } = process.env;
    writeFileSync(
      to,
      JSON.stringify([process.pid, HE_ADDED, PATH ?? null, process.cwd(), process.umask(), process.argv.at(-1), process.ppid]),
    );
  };
  try {
    const child = new forkserver.Process({ target: tell, args: [file('moved')], name: 'warm' }).start();
    assert.ok(pids.includes(child.pid!));
    child.joinSync();
    assert.equal(String(child), `<ForkServerProcess name='warm' pid=${child.pid} stopped exitcode=0>`);
    assert.deepEqual([child.exitCode, child.error, activeChildren().length], [0, null, 0]);
    assert.deepEqual(read('moved'), [child.pid, 'added', null, process.cwd(), 0o27, 'one more', process.pid]);
  } finally {
    process.chdir(cwd);
    process.umask(umask);
    process.argv = argv;
    process.env['PATH'] = path;
    delete process.env['HE_ADDED'];
  }
});

test('a third start in a row is cold, and what cannot be handed over starts cold', options, async () => {
  const pids = await ready(2);
  const children = [1, 2, 3].map(() => new forkserver.Process({ target: () => {} }).start());
  assert.deepEqual(
    children.map((child) => pids.includes(child.pid!)),
    [true, true, false],
  );
  for (const child of children) assert.equal(await child.sentinel, 0);

  const next = await ready(2);
  const piped = new forkserver.Process({ target: () => console.log('piped'), stdio: 'pipe' }).start();
  assert.ok(!next.includes(piped.pid!));
  assert.equal(String((await once(piped.stdout!, 'data'))[0]), 'piped\n');
  await piped.join();
  process.env['NODE_NO_WARNINGS'] = '1';
  const changed = new forkserver.Process({ target: () => process.exit(process.env['NODE_NO_WARNINGS'] === '1' ? 7 : 8) }).start();
  assert.ok(!next.includes(changed.pid!));
  assert.equal(await changed.sentinel, 7);
  // The stock was stale; the next one has the variable.
  const fresh = await ready(2);
  assert.ok(fresh.every((pid) => !next.includes(pid)));
  delete process.env['NODE_NO_WARNINGS'];
  await new forkserver.Process({ target: () => {} }).start().join();
});

test('a blank process ignores SIGINT until it is used, and one that is killed is replaced', shared, async () => {
  const [first, second] = await ready(2);
  process.kill(first!, 'SIGINT');
  process.kill(second!, 'SIGKILL');
  await until(() => !childrenOf(process.pid).includes(second!));
  const pids = await ready(2);
  assert.ok(pids.includes(first!) && !pids.includes(second!));
  const forever = (): Promise<never> => new Promise(() => setInterval(() => {}, 1000));
  const child = new forkserver.Process({ target: forever }).start();
  assert.equal(child.pid, first);
  assert.deepEqual(activeChildren(), [child]);
  assert.equal(String(child), `<ForkServerProcess name='${child.name}' pid=${child.pid} started>`);
  const begun = new Event();
  const other = new forkserver.Process({
    target: (event: Event) => {
      event.set();
      return new Promise(() => setInterval(() => {}, 1000));
    },
    args: [begun],
  }).start();
  await begun.wait();
  other.interrupt();
  assert.equal(await other.sentinel, -2);
  child.kill();
  assert.equal(await child.sentinel, -9);
});

test('an interrupt ends a warm process, however soon after the start it comes', options, async () => {
  for (let round = 0; round < 3; round++) {
    const pids = await ready(2);
    const child = new forkserver.Process({ target: () => new Promise((resolve) => setTimeout(resolve, 60_000)) }).start();
    assert.ok(pids.includes(child.pid!));
    child.interrupt();
    assert.equal(await child.sentinel, -2);
  }
});

test('what a warm process throws is printed and rebuilt, and subclasses, shared objects and big arguments reach it', shared, async () => {
  await ready(2);
  class Failing extends forkserver.Process {
    readonly text: string;
    constructor(text: string) {
      super();
      this.text = text;
    }
    override run(): never {
      process.stderr.write = (): boolean => true;
      throw new RangeError(this.text);
    }
  }
  const failing = new Failing('too much').start();
  const lock = new Lock();
  lock.acquireSync();
  const big = Buffer.alloc(5_000_000, 1);
  const taking = new forkserver.Process({
    target: async (one: Lock, bytes: Buffer) => process.exit((await one.acquire(10)) ? 1 : bytes[4_999_999]! + 40),
    args: [lock, big],
  }).start();
  assert.equal(taking.joinSync(), true);
  assert.equal(taking.exitCode, 41);
  lock.release();
  await failing.join();
  assert.equal(failing.exitCode, 1);
  assert.ok(failing.error instanceof RangeError);
  assert.equal(failing.error.message, 'too much');
});

test('preloaded modules are there before the start, and one that fails is reported once', options, async () => {
  writeFileSync(file('preloaded.mjs'), `export const loadedIn = globalThis.loaded = [process.pid, process.argv[1]];`);
  writeFileSync(file('broken.mjs'), `throw new Error('broken on purpose');`);
  const [warnings, inChild, blanks] = run(`
    import { setStartMethod, Process } from 'heddle';
    import { readFileSync, writeSync, writeFileSync } from 'node:fs';
    const tell = (value) => writeSync(1, JSON.stringify(value) + '\\n');
    const warnings = [];
    process.on('warning', ({ name, message }) => warnings.push(name + ': ' + message));
    setStartMethod('forkserver', { preload: [new URL(${JSON.stringify(pathToFileURL(file('preloaded.mjs')).href)}), ${JSON.stringify(file('broken.mjs'))}] });
    // Warm when the module was loaded before the run began.
    const work = () => tell(globalThis.loaded?.[0] === process.pid);
    for (let child, isWarm = false; !isWarm; isWarm = child.exitCode === 9) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      child = new Process({ target: () => process.exit(globalThis.loaded === undefined ? 0 : 9) }).start();
      await child.join();
    }
    while (warnings.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await new Process({ target: () => {} }).start().join();
    }
    tell(warnings);
    tell('done');
    tell(process._getActiveHandles().length >= 0);
  `);
  assert.deepEqual(warnings, [`ForkserverPreloadWarning: ${file('broken.mjs')} could not be preloaded: broken on purpose`]);
  assert.deepEqual([inChild, blanks], ['done', true]);
});

test('the main module, and a module that imports it, cannot be preloaded', () => {
  const main = file('main.mjs');
  writeFileSync(
    main,
    `import { setForkserverPreload } from ${JSON.stringify(import.meta.resolve('heddle'))};
     export const here = import.meta.url;
     for (const module of [here, './importing.mjs', './other.mjs']) {
       try { setForkserverPreload([module]); console.log('allowed'); } catch (error) { console.log(error.name, error.message.replace(/^.*\\//, '')); }
     }
     setForkserverPreload([]);`,
  );
  writeFileSync(file('importing.mjs'), `import { here } from './main.mjs'; export const there = here;`);
  writeFileSync(file('other.mjs'), `export const other = 1;`);
  const { stdout } = spawnSync(process.execPath, [main], { encoding: 'utf8' });
  const refusal = (name: string): string =>
    `TypeError ${name} cannot be preloaded: it is the main module, or imports it, and that runs only once`;
  assert.deepEqual(stdout.trim().split('\n'), [refusal('main.mjs'), refusal('importing.mjs'), 'allowed']);
});

test('a module that asks for warm processes, and uses pools, where it is loaded may be preloaded itself', options, () => {
  const module = file('asking.mjs');
  writeFileSync(
    module,
    `import { appendFileSync } from 'node:fs';
     import { getContext, Lock, Pool } from ${JSON.stringify(import.meta.resolve('heddle'))};
     appendFileSync(${JSON.stringify(file('loads'))}, '.');
     export const lock = new Lock();
     export const context = getContext('forkserver', { preload: [import.meta.url] });
     const pool = new Pool(1);
     await pool.apply(Math.max, [1, 2]).then(() => {}, (error) => (globalThis.refusal = error.message));
     await pool.terminate();
     export const tell = () => console.log(JSON.stringify(globalThis.refusal));`,
  );
  const [refusal, exitCode] = run(`
    import { context, tell } from ${JSON.stringify(pathToFileURL(module).href)};
    const warm = new context.Process({ target: tell }).start();
    await warm.join();
    console.log(JSON.stringify(warm.exitCode));
  `) as [string, number];
  assert.match(refusal, /cannot be given to Pool-1 while a (?:worker|child) imports/);
  assert.equal(exitCode, 0);
  // The program, its process, and at most the stock: no blank process starts others.
  assert.ok(readFileSync(file('loads'), 'utf8').length <= 6);
});

test('blank processes end with their program, however it ends', options, async () => {
  for (const end of ['process.exitCode = 0', 'process.exit(3)', `process.kill(process.pid, 'SIGKILL')`]) {
    const program = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { getContext } from 'heddle'; getContext('forkserver'); process.stdin.once('data', () => { process.stdin.destroy(); ${end}; });`,
      ],
      { cwd: root, stdio: ['pipe', 'ignore', 'inherit'] },
    );
    await until(() => readyOf(program.pid!).length === 2);
    const pids = readyOf(program.pid!);
    program.stdin.end('now');
    await once(program, 'exit');
    await until(() => !pids.some(isReady));
  }
});

test('blank processes of a thread end with it', options, async () => {
  const before = new Set(childrenOf(process.pid));
  const hasBlanks = new Event();
  const thread = new Thread({
    target: (event: Event) => {
      // In a thread the stock is filled with the first use.
      new (getContext('forkserver').Process)({ target: () => {} }).start();
      return event.wait();
    },
    args: [hasBlanks],
  }).start();
  const others = (): number[] => readyOf(process.pid).filter((pid) => !before.has(pid));
  await until(() => others().length >= 2);
  const pids = others();
  hasBlanks.set();
  await thread.join();
  // Without native calls they stay zombies.
  await until(() => !pids.some(isReady));
});

test('pools draw on the same stock, with their own environment', options, async () => {
  const pids = await ready(2);
  // Inherited variables of an environment are not own properties.
  const env: NodeJS.ProcessEnv = { ...process.env, HE_POOL: 'pool' };
  delete env['PATH'];
  await using pool = new forkserver.Pool(2, { env: Object.assign(Object.create({ PATH: 'inherited' }) as NodeJS.ProcessEnv, env) });
  const told = await pool.map(
    (_: number) => [process.pid, process.env['HE_POOL'], parentProcess()?.pid, process.env['PATH']] as const,
    [1, 2, 3, 4],
    {
      chunkSize: 1,
    },
  );
  for (const [pid, env, parent, path] of told) {
    assert.ok(pids.includes(pid));
    assert.deepEqual([env, parent, path], ['pool', process.pid, undefined]);
  }
  await assert.rejects(
    pool.apply(() => process.exit(3)),
    { name: 'WorkerLost' },
  );
  assert.equal(await pool.apply(Math.max, [1, 2]), 2);
  await using executor = new ProcessPoolExecutor({ maxWorkers: 1, context: 'forkserver', execArgv: ['--no-warnings'] });
  assert.ok(await executor.submit(() => process.execArgv.includes('--no-warnings')));
});

test('a pool takes its context by name or object, and one of threads no other', async () => {
  await using threads = new Pool({ processes: 1, context: 'thread' });
  assert.equal(await threads.apply(() => process.pid), process.pid);
  await using executor = new ProcessPoolExecutor({ maxWorkers: 1, context: getContext('thread') });
  assert.equal(await executor.submit(() => process.pid), process.pid);
  assert.throws(() => new ThreadPoolExecutor({ context: 'spawn' }), {
    name: 'TypeError',
    message: /as the workers are threads, got 'spawn'/,
  });
  assert.throws(() => new ProcessPoolExecutor({ context: 'fork' as 'spawn' }), /fork is not possible/);
  assert.throws(
    () => new Pool({ context: 7 as unknown as 'spawn' }),
    /expected context to be a context, 'spawn', 'forkserver' or 'thread', got 7/,
  );
});

const thread = getContext('thread');

test('a process of the thread context runs here, and tells its end as a process does', async () => {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const tell = (to: string, opened: Int32Array): void => {
    Atomics.wait(opened, 0, 0);
    writeFileSync(
      to,
      JSON.stringify([process.pid, currentProcess().name, parentProcess()?.name, parentProcess()?.isAlive(), currentProcess().daemon]),
    );
  };
  const child = new thread.Process({ target: tell, args: [file('thread'), gate], name: 'light' }).start();
  assert.deepEqual([child.pid, typeof child.ident, child.isAlive()], [process.pid, 'number', true]);
  assert.deepEqual(activeChildren(), [child]);
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  assert.equal(child.joinSync(), true);
  assert.deepEqual([child.exitCode, child.error, child.isAlive(), activeChildren().length], [0, null, false, 0]);
  assert.deepEqual(read('thread'), [process.pid, 'light', 'MainProcess', true, false]);
  assert.equal(String(child), `<ThreadProcess name='light' pid=${process.pid} stopped exitcode=0>`);
  child.close();

  const forever = (): Promise<never> => new Promise(() => setInterval(() => {}, 1000));
  const [exits, ends, hangs, killed] = [
    new thread.Process({ target: () => process.exit(7) }),
    new thread.Process({ target: () => new Promise(() => {}) }),
    new thread.Process({ target: forever, daemon: true }),
    new thread.Process({ target: forever }),
  ].map((one) => one.start());
  hangs!.terminate();
  killed!.kill();
  assert.equal(await exits!.sentinel, 7);
  assert.equal(await ends!.sentinel, 1);
  assert.match(String(ends!.error), /can never settle/);
  assert.deepEqual([await hangs!.sentinel, await killed!.sentinel], [-15, -9]);
  assert.throws(() => new thread.Process({ stdio: 'pipe' }).start(), {
    name: 'ProcessError',
    message: /stdio 'pipe' needs a process of its own/,
  });
});

test('a subclass of the thread context keeps its state, its children obey the rules of daemons, and the context itself crosses', async () => {
  class Counter extends thread.Process {
    readonly words: Int32Array;
    constructor(words: Int32Array) {
      super({ daemon: true });
      this.words = words;
    }
    override run(): void {
      Atomics.add(this.words, 0, this.name === currentProcess().name && (currentProcess() as unknown) === this ? 1 : 100);
      try {
        new thread.Process({ target: () => {} }).start();
      } catch (error) {
        if (error instanceof ProcessError && error.message.includes('daemonic')) Atomics.add(this.words, 0, 10);
      }
      super.run();
    }
  }
  const words = new Int32Array(new SharedArrayBuffer(4));
  const counter = new Counter(words).start();
  await counter.join();
  assert.deepEqual([words[0], counter.exitCode], [11, 0]);
  const nested = new thread.Process({
    target: (told: Int32Array) => {
      const inner = new thread.Process({ target: (it: Int32Array) => void Atomics.add(it, 0, 1), args: [told] }).start();
      inner.joinSync();
      Atomics.add(told, 0, inner.exitCode === 0 ? 1 : 0);
    },
    args: [words],
  }).start();
  assert.equal(await nested.sentinel, 0);
  assert.equal(words[0], 13);
  await using pool = new thread.Pool(1);
  assert.equal(
    await pool.apply((context: typeof thread) => `${context.getStartMethod()} ${context.Process.name}`, [thread]),
    'thread ThreadProcess',
  );
});

test('the start method thread makes a plain Process a thread, and a plain Pool one of threads', () => {
  assert.deepEqual(
    run(`
    import { currentProcess, Pool, Process, setStartMethod } from 'heddle';
    import { writeSync } from 'node:fs';
    setStartMethod('thread');
    const main = process.pid;
    const child = new Process({ target: () => writeSync(1, JSON.stringify([process.pid === main, currentProcess().name]) + '\\n') }).start();
    await child.join();
    const pool = new Pool(1);
    writeSync(1, JSON.stringify(await pool.apply(() => process.pid === main)) + '\\n');
    await pool.terminate();
  `),
    [[true, 'Process-1'], true],
  );
});
