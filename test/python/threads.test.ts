/**
 * The assertions of CPython's test_threading on threads, daemons, hooks and timers. Assertions in `thread/` are not repeated: README.md
 * lists them.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { inspect } from 'node:util';
import { activeCount, currentThread, enumerateThreads, getIdent, getNativeId, ProcessError, setExceptHook, Thread, Timer } from 'heddle';
import { until } from '../pool/collect.ts';

/** Words that threads and their test share. */
const shared = (): Int32Array => new Int32Array(new SharedArrayBuffer(256));

/** The output of a program on both streams. */
const program = (code: string, redirect = '2>&1'): string =>
  execFileSync(
    'sh',
    [
      '-c',
      `exec "$0" --input-type=module -e "$1" ${redirect}`,
      process.execPath,
      `import * as heddle from 'heddle'; const { Process, Thread, Timer } = heddle;${code}`,
    ],
    {
      encoding: 'utf8',
      timeout: 60_000,
    },
  );

test('threads run at the same time with names and numbers of their own, and all are joined', async () => {
  const words = shared();
  const target = (all: Int32Array, i: number): void => {
    all[i] = getIdent();
    all[8 + i] = getNativeId() ?? i;
    // All of them are there at once: each waits for the last.
    Atomics.add(all, 16, 1);
    Atomics.notify(all, 16);
    for (let seen = Atomics.load(all, 16); seen < 4; seen = Atomics.load(all, 16)) Atomics.wait(all, 16, seen);
  };
  const threads = [0, 1, 2, 3].map((i) => new Thread({ target, args: [words, i], name: `thread ${i}` }));
  for (const thread of threads) assert.deepEqual([thread.ident, inspect(thread)], [null, `<Thread(${thread.name}, initial)>`]);
  for (const thread of threads) thread.start();
  for (const thread of threads) {
    assert.ok(await thread.join());
    assert.equal(inspect(thread), `<Thread(${thread.name}, stopped ${thread.ident})>`);
  }
  assert.deepEqual(
    [...words.subarray(0, 4)],
    threads.map((thread) => thread.ident),
  );
  assert.equal(new Set([...words.subarray(0, 4), getIdent()]).size, 5);
  assert.equal(new Set(words.subarray(8, 12)).size, 4);
  assert.ok(threads.every((thread) => thread.ident! > 0));
});

test('a thread that was joined is not enumerated', async () => {
  const before = activeCount();
  for (let i = 0; i < 4; i++) {
    const thread = new Thread({ target: () => {} }).start();
    assert.ok(enumerateThreads().includes(thread));
    if (i % 2 === 0) assert.ok(thread.joinSync());
    else assert.ok(await thread.join());
    assert.ok(!enumerateThreads().includes(thread));
  }
  assert.equal(activeCount(), before);
});

test('threads that were never joined are gone when they have ended', async () => {
  const before = activeCount();
  for (let i = 0; i < 5; i++) new Thread({ target: () => {} }).start();
  await until(() => activeCount() === before);
});

test('of one thread all joins return, in both forms', async () => {
  const words = shared();
  const thread = new Thread({ target: (all: Int32Array) => void Atomics.wait(all, 0, 0), args: [words] }).start();
  const joins = [thread.join(), thread.join(60_000), thread.join({ timeout: 60_000 })];
  assert.equal(await thread.join(0), false);
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  assert.equal(thread.joinSync(), true);
  assert.deepEqual(await Promise.all(joins), [true, true, true]);
});

test('daemon is false by default, as it is given, inherited, and shown', async () => {
  const flags = [undefined, false, true].map((daemon) => new Thread({ daemon }).daemon);
  assert.deepEqual(flags, [false, false, true]);
  const thread = new Thread({ daemon: true });
  assert.match(inspect(thread), /daemon/);
  thread.daemon = false;
  assert.doesNotMatch(inspect(thread), /daemon/);
  const words = shared();
  const target = (all: Int32Array): void => {
    all[0] = new Thread().daemon ? 1 : 2;
  };
  for (const daemon of [true, false]) {
    await new Thread({ target, args: [words], daemon }).start().join();
    assert.equal(words[0], daemon ? 1 : 2);
  }
});

test('a thread that starts, joins or makes a daemon of itself is refused', async () => {
  class Own extends Thread {
    readonly words = shared();
    override run(): void {
      const uses = [() => this.start(), () => this.joinSync(), () => (this.daemon = true)];
      for (const [i, use] of uses.entries()) {
        try {
          use();
        } catch (error) {
          if (error instanceof ProcessError) this.words[i] = 1;
        }
      }
      if (this.isAlive() && this === currentThread()) this.words[3] = 1;
    }
  }
  const own = new Own();
  await own.start().join();
  assert.deepEqual([...own.words.subarray(0, 4)], [1, 1, 1, 1]);
});

test('arguments of one thread or timer are not those of another', async () => {
  const words = shared();
  const target = (...args: number[]): void => {
    args.push(1);
    words[0]! += args.length;
  };
  for (const thread of [new Thread({ target }), new Thread({ target }), new Timer(0, target), new Timer(0, target)]) {
    thread.start();
    await thread.join();
  }
  assert.equal(words[0], 4);
});

test('a stack overflow in a thread is an ordinary error there', async (t) => {
  setExceptHook(() => {});
  t.after(() => setExceptHook(null));
  const words = shared();
  const caught = (all: Int32Array): void => {
    const deeper = (): number => 1 + deeper();
    try {
      deeper();
    } catch (error) {
      all[0] = error instanceof RangeError ? 1 : 2;
    }
    deeper();
  };
  const thread = new Thread({ target: caught, args: [words] }).start();
  await thread.join();
  assert.deepEqual([words[0], thread.error instanceof RangeError, activeCount()], [1, true, 1]);
});

test('hooks: the default prints name, class and message, also without a message; exits print nothing', () => {
  const text = program(`
    const end = (thread) => thread.start().joinSync();
    end(new Thread({ name: 'first', target: () => { throw new TypeError('with a message'); } }));
    end(new Thread({ name: 'second', target: () => { throw new RangeError(); } }));
    end(new Thread({ name: 'third', target: () => process.exit(3) }));
    console.log('end');`);
  assert.match(
    text,
    /^Exception in thread first:\nTypeError: with a message\n {4}at [^]*\nException in thread second:\nRangeError(?:: )?\n {4}at [^]*\nend\n$/,
  );
  assert.doesNotMatch(text, /third/);
});

test('hooks: one that fails is reported, and the program goes on', () => {
  const text = program(`
    heddle.setExceptHook(({ error, thread }) => { console.log(thread.name, error.message); throw new Error('of the hook'); });
    const thread = new Thread({ name: 'hooked', target: () => { throw new Error('of the thread'); } }).start();
    console.log(await thread.join(), String(thread.error));
    heddle.setExceptHook(null);
    new Thread({ name: 'plain', target: () => { throw new Error('afterwards'); } }).start().joinSync();`);
  assert.match(text, /^hooked of the thread\n/);
  assert.match(text, /ExceptHookWarning: the except hook threw: Error: of the hook/);
  assert.match(text, /\ntrue Error: of the thread\n/);
  assert.match(text, /Exception in thread plain:\nError: afterwards/);
});

test('an error of a thread does not end a program whose stderr is closed', () => {
  const text = program(
    `
    const thread = new Thread({ target: () => { throw new Error('unseen'); } }).start();
    thread.joinSync();
    console.log(String(thread.error));`,
    '2>&-',
  );
  assert.equal(text, 'Error: unseen\n');
});

test('exit handlers of a thread run once in it, with its output, and the program waits for threads without daemons', () => {
  const text = program(`
    const target = (name, ms) => {
      process.on('exit', () => console.log(name + ' exits'));
      return new Promise((resolve) => setTimeout(resolve, ms));
    };
    new Thread({ target, args: ['thread', 20] }).start();
    new Thread({ target, args: ['daemon', 60_000], daemon: true }).start();
    process.on('exit', () => console.log('program exits'));
    console.log('main');`);
  assert.deepEqual(
    text
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('daemon')),
    ['main', 'thread exits', 'program exits'],
  );
});

test('at the exit of a program a thread that has ended can be joined, and one can be started that is joined', () => {
  const text = program(`
    const daemon = new Thread({ target: () => {}, daemon: true }).start();
    await daemon.join();
    process.on('exit', () => {
      console.log(daemon.joinSync());
      console.log(new Thread({ target: () => console.log('late') }).start().joinSync());
      new Thread({ target: () => setInterval(() => {}, 1000) }).start();
    });`);
  assert.equal(text, 'true\nlate\ntrue\n');
});

test('a thread that Node started is a dummy with a number, and starts threads', () => {
  const text = program(`
    import { Worker } from 'node:worker_threads';
    const inside = \`import('heddle').then(async ({ Thread, currentThread, getIdent }) => {
      console.log(/^Dummy-/.test(currentThread().name), currentThread().daemon, currentThread().ident === getIdent());
      const thread = new Thread({ target: () => console.log('in a thread of a thread') }).start();
      await thread.join();
      console.log(String(thread.error));
    });\`;
    new Worker(inside, { eval: true });`);
  assert.deepEqual(text.trimEnd().split('\n').sort(), ['in a thread of a thread', 'null', 'true true true']);
});

test('a thread reaches the main thread by a signal to its process', () => {
  const text = program(`
    process.once('SIGUSR2', () => { console.log('heard'); clearInterval(waiting); });
    const waiting = setInterval(() => {}, 1000);
    new Thread({ target: () => process.kill(process.pid, 'SIGUSR2') }).start();`);
  assert.equal(text, 'heard\n');
});

test('a timer that is cancelled before its time does not hold up the end of the program', () => {
  const text = program(`
    const called = new Timer(1, (text) => console.log(text), ['called']).start();
    const waiting = new Timer(60_000, () => console.log('never')).start();
    await called.join();
    waiting.cancel();
    console.log(called.isAlive(), await waiting.join(), waiting.isAlive());`);
  assert.equal(text, 'called\nfalse true false\n');
});
