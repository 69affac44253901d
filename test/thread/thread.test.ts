/** `Thread` and `Timer`: what runs in them, which threads there are, how they end. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import test from 'node:test';
import { inspect } from 'node:util';
import {
  activeCount,
  currentThread,
  enumerateThreads,
  Event,
  getIdent,
  getNativeId,
  Lock,
  mainThread,
  Process,
  ProcessError,
  setExceptHook,
  Thread,
  ThreadPoolExecutor,
  Timer,
} from 'heddle';
import { until } from '../pool/collect.ts';

/** Words that a thread and its test share. */
const shared = (): Int32Array => new Int32Array(new SharedArrayBuffer(64));

/** The output of a program, on both streams in the order of their coming. */
const printed = (program: string, ...flags: string[]): string =>
  execFileSync('sh', ['-c', 'exec "$@" 2>&1', 'sh', process.execPath, ...flags, '--input-type=module', '-e', program], {
    encoding: 'utf8',
  });

test('a target runs with its arguments in a thread of its own', () => {
  const words = shared();
  const target = (out: Int32Array, a: number): void => {
    out.set([a, getIdent(), getNativeId()!]);
  };
  const thread = new Thread({ target, args: [words, 5] });
  assert.deepEqual([thread.ident, thread.isAlive()], [null, false]);
  assert.equal(thread.start().joinSync(), true);
  assert.equal(words[0], 5);
  assert.equal(words[1], thread.ident);
  assert.notEqual(words[1], getIdent());
  assert.notEqual(words[2], getNativeId());
  assert.deepEqual([thread.isAlive(), thread.error], [false, null]);
});

test('a subclass has in its thread the state of its constructor, its methods, and itself', () => {
  class Adder extends Thread {
    readonly words: Int32Array;
    readonly step: number;
    constructor(words: Int32Array, step: number) {
      super({ name: 'adder' });
      this.words = words;
      this.step = step;
    }
    add(): void {
      Atomics.add(this.words, 0, this.step);
    }
    override run(): void {
      this.add();
      if (currentThread() === this && this.name === 'adder') this.add();
    }
  }
  const words = shared();
  assert.ok(new Adder(words, 21).start().joinSync());
  assert.equal(words[0], 42);
});

test('names are numbered, with the name of the target', () => {
  const first = new Thread();
  const [, number] = /^Thread-(\d+)$/.exec(first.name)!;
  function work(): void {}
  assert.equal(new Thread({ target: work }).name, `Thread-${Number(number) + 1} (work)`);
  assert.equal(new Thread({ name: 'mine' }).name, 'mine');
});

test('every thread enumerates all threads of the program', async () => {
  assert.equal(mainThread().name, 'MainThread');
  assert.equal(currentThread(), mainThread());
  const before = activeCount();
  const go = new Event();
  const thread = new Thread({ target: (wait: Event) => void wait.waitSync(), args: [go], name: 'one' }).start();
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const seen = await pool.submit(() => enumerateThreads().map(({ name }) => name));
  assert.ok(seen.includes('MainThread') && seen.includes('one'), String(seen));
  assert.ok(enumerateThreads().includes(thread));
  assert.equal(activeCount(), before + 2);
  thread.name = 'two';
  assert.ok((await pool.submit(() => enumerateThreads().map(({ name }) => name))).includes('two'));
  go.set();
  assert.ok(thread.joinSync());
  assert.ok(!enumerateThreads().includes(thread));
});

test('output of several threads appears at once and in order, also while the main thread is blocked', () => {
  const text = printed(`
    import { Thread } from 'heddle';
    const say = (n) => { for (let i = 0; i < 3; i++) console.log('thread ' + n + ' line ' + i); console.error('error ' + n); };
    for (const n of [1, 2]) { new Thread({ target: say, args: [n] }).start().joinSync(); console.log('joined ' + n); }
  `);
  const lines = [1, 2].flatMap((n) => [0, 1, 2].map((i) => `thread ${n} line ${i}`).concat(`error ${n}`, `joined ${n}`));
  assert.equal(text, `${lines.join('\n')}\n`);
});

test('what run() throws is printed once with the name of the thread, and rebuilt in its starter', () => {
  const text = printed(`
    import { Thread } from 'heddle';
    function bad() { throw new RangeError('no'); }
    const thread = new Thread({ target: bad }).start();
    thread.joinSync();
    console.log(thread.error instanceof RangeError, thread.error.message);
  `);
  assert.match(text, /^Exception in thread Thread-1 \(bad\):\nRangeError: no\n {4}at bad/);
  assert.equal(text.match(/RangeError: no/g)?.length, 1);
  assert.match(text, /\ntrue no\n$/);
});

test('setExceptHook hears of the error and the thread, instead of stderr', async (t) => {
  const heard: unknown[] = [];
  setExceptHook(({ error, thread }) => heard.push(error.message, thread.name));
  t.after(() => setExceptHook(null));
  const fail = (): never => {
    throw new Error('hooked');
  };
  await new Thread({ target: fail, name: 'async' }).start().join();
  assert.ok(new Thread({ target: fail, name: 'sync' }).start().joinSync());
  assert.deepEqual(heard, ['hooked', 'async', 'hooked', 'sync']);
  assert.throws(() => setExceptHook(1 as never), TypeError);
});

test('terminate ends a thread in an endless loop, and one that blocks in a lock; the lock goes on', async () => {
  const lock = new Lock();
  lock.acquireSync();
  const targets = [
    (): never => {
      for (;;);
    },
    (): void => void lock.acquireSync(),
  ];
  for (const target of targets) {
    const thread = new Thread({ target }).start();
    assert.equal(thread.joinSync(1), false);
    await thread.terminate();
    assert.deepEqual([thread.isAlive(), thread.joinSync(), thread.error], [false, true, null]);
    await thread.terminate();
  }
  lock.release();
  assert.equal(lock.tryAcquire(), true);
  lock.release();
});

test('a thread that exits is seen to end by a blocked starter', () => {
  const thread = new Thread({ target: () => process.exit(3) }).start();
  assert.deepEqual([thread.joinSync(), thread.isAlive()], [true, false]);
});

test('a thread that runs out of memory has an error, also for a blocked starter', (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc');
  const text = printed(
    `
    import { Thread } from 'heddle';
    const eat = () => { const all = []; for (;;) all.push(new Array(1e5).fill(1)); };
    const thread = new Thread({ target: eat }).start();
    console.log(thread.joinSync(), thread.isAlive(), thread.error?.message);
  `,
    '--max-old-space-size=40',
  );
  assert.match(text, /^true false Thread-1 \(eat\) has ended without a word: it ran out of memory, or could not start/m);
});

test('a thread that Node cannot start has an error, also for a blocked starter', (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc');
  const preload = `import { isMainThread } from 'node:worker_threads'; if (!isMainThread) throw new Error('of the preload');`;
  const text = printed(
    `
    import { Thread } from 'heddle';
    const thread = new Thread({ target: () => {}, name: 'unstarted' }).start();
    console.log(thread.joinSync(), thread.isAlive(), thread.error.message);
    const other = new Thread({ target: () => {} }).start();
    console.log(await other.join(), other.error.message);
  `,
    '--import',
    `data:text/javascript,${encodeURIComponent(preload)}`,
  );
  assert.match(text, /^true false unstarted has ended without a word: /m);
  assert.match(text, /^true of the preload$/m);
});

test('a start without a free descriptor is a ProcessError, and works when there are some', (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc');
  const program = `
    import { closeSync, openSync } from 'node:fs';
    import { Thread } from 'heddle';
    const open = [];
    const target = () => {};
    // The modules of a start are loaded.
    await new Thread({ target }).start().join();
    const thread = new Thread({ target, name: 'crowded' });
    try { for (;;) open.push(openSync('/dev/null')); } catch {}
    try { thread.start(); } catch (error) { console.log(String(error)); }
    open.forEach((descriptor) => closeSync(descriptor));
    console.log(thread.start().joinSync(), thread.error);`;
  const args = ['-c', 'ulimit -n 100; exec "$0" --input-type=module -e "$1"', process.execPath, program];
  const text = execFileSync('sh', args, { encoding: 'utf8', timeout: 30_000 });
  assert.match(text, /^ProcessError: crowded could not be started: its event loop needs more files than may be open .*\ntrue null\n$/);
});

test('misuse is a ProcessError that says what is wrong', async () => {
  const thread = new Thread({ target: () => {} });
  assert.throws(() => thread.joinSync(), { name: 'ProcessError', message: /has not been started/ });
  await assert.rejects(thread.terminate(), ProcessError);
  thread.start();
  assert.throws(() => thread.start(), { name: 'ProcessError', message: /cannot be started twice/ });
  assert.throws(() => (thread.daemon = true), ProcessError);
  assert.ok(await thread.join());
  assert.throws(() => new Thread({ demon: true } as never), { name: 'TypeError', message: /known are/ });
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  await assert.rejects(
    pool.submit((it: unknown) => it, thread),
    { name: 'SerializationError', message: /cannot cross: a Thread belongs to the thread that made it/ },
  );
});

test('a program waits for its threads, and not for daemons', () => {
  const text = printed(`
    import { Thread } from 'heddle';
    new Thread({ target: () => setInterval(() => {}, 1000), daemon: true }).start();
    new Thread({ target: () => new Promise((resolve) => setTimeout(() => { console.log('late'); resolve(); }, 50)) }).start();
  `);
  assert.equal(text, 'late\n');
});

test('threads start threads, which have the numbers that follow', () => {
  const text = printed(`
    import { currentThread, Thread } from 'heddle';
    const inner = () => console.log(currentThread().name);
    const outer = () => { new Thread({ target: inner }).start().joinSync(); console.log(currentThread().name); };
    new Thread({ target: outer }).start().joinSync();
  `);
  assert.equal(text, 'Thread-2 (inner)\nThread-1 (outer)\n');
});

test('a promise of run() that nothing can settle ends the thread with an error that says so', (t) => {
  setExceptHook(() => {});
  t.after(() => setExceptHook(null));
  const thread = new Thread({ target: () => new Promise(() => {}) }).start();
  assert.ok(thread.joinSync());
  assert.match(thread.error!.message, /can never settle/);
});

test('a Timer calls its function once; cancelled before, while it waits, or afterwards it does what it says', async () => {
  const words = shared();
  const count = (out: Int32Array): void => void Atomics.add(out, 0, 1);
  const timer = new Timer(1, count, [words]).start();
  assert.ok(await timer.join());
  timer.cancel();
  assert.equal(words[0], 1);
  const waiting = new Timer(60_000, count, [words]).start();
  waiting.cancel();
  assert.ok(waiting.joinSync());
  const never = new Timer(0, count, [words]);
  never.cancel();
  assert.ok(never.start().joinSync());
  assert.equal(words[0], 1);
  assert.throws(() => new Timer(-1, count, [words]), RangeError);
});

for (const [how, inner] of [
  ['a Process of a thread', false],
  ['a Process of a worker of a thread', true],
] as const) {
  test(`${how}: it ends with the thread, and leaves no zombie`, async (t) => {
    if (process.platform !== 'linux' || process.env['HEDDLE_PLATFORM'] === 'none') return t.skip('needs native calls');
    const words = shared();
    const start = async (out: Int32Array): Promise<void> => {
      const child = new Process({ target: () => new Promise((resolve) => setTimeout(resolve, 1e9)), stdio: 'ignore' }).start();
      Atomics.store(out, 0, child.pid!);
      await child.join();
    };
    const startInPool = async (out: Int32Array): Promise<void> => {
      await using threads = new ThreadPoolExecutor({ maxWorkers: 1 });
      await threads.submit(start, out);
    };
    const thread = new Thread({ target: inner ? startInPool : start, args: [words] }).start();
    await until(() => Atomics.load(words, 0) !== 0);
    await thread.terminate();
    await until(() => !existsSync(`/proc/${words[0]}`));
  });
}

test('inspect shows name and state', () => {
  const thread = new Thread({ target: () => {}, name: 'shown', daemon: true });
  assert.equal(inspect(thread), '<Thread(shown, initial daemon)>');
  thread.start();
  thread.joinSync();
  assert.equal(inspect(thread), `<Thread(shown, stopped daemon ${thread.ident})>`);
});

test('where the system has no descriptors for a thread, start() says so, and joinSync of the others ends', () => {
  const program = `
    import { Thread } from 'heddle';
    const threads = [];
    try {
      for (;;) threads.push(new Thread({ target: () => {} }).start());
    } catch (error) {
      console.log(error.name, error.message.replace(/Thread-\\d+/, 'it'));
    }
    // Threads that load their modules at the same moment may be short of descriptors, too, and say so.
    console.log(threads.every((thread) => thread.joinSync() && (thread.error === null || /EMFILE|too many open files|without a word/.test(thread.error))));
  `;
  const command = `ulimit -n 60; exec "$0" --input-type=module -e "$1"`;
  const { stdout } = spawnSync('sh', ['-c', command, process.execPath, program], {
    cwd: new URL('../../../', import.meta.url),
    encoding: 'utf8',
  });
  assert.equal(stdout, 'ProcessError it could not be started: its event loop needs more files than may be open (ulimit -n)\ntrue\n');
});
