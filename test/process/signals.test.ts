/** AbortSignals as arguments, captures and fields of a `Process` and a `Thread`: they abort on the other side, and leave nothing behind. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import test from 'node:test';
import { Lock, Process, setExceptHook, Thread } from 'heddle';

setExceptHook(() => {});

/** Throws the reason when the signal has aborted. */
async function untilAborted(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => {}, 1000);
  try {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve());
    });
  } finally {
    clearInterval(alive);
  }
  throw signal.reason;
}

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

type Child = Process<any> | Thread<any>;
type Target = (...args: any[]) => unknown;

const kinds: Record<string, (target: Target, args: unknown[]) => Child> = {
  Process: (target, args) => new Process({ target, args, stdio: 'ignore' }).start(),
  Thread: (target, args) => new Thread({ target, args }).start(),
};

for (const [kind, start] of Object.entries(kinds)) {
  test(`a signal aborts in a ${kind}, with its reason, and leaves no listener`, () => {
    const controller = new AbortController();
    const { signal } = controller;
    const child = start(untilAborted, [signal]);
    assert.equal(listeners(signal), 1);
    controller.abort(new RangeError('too long'));
    // Without an event loop, and before the child has begun: what was aborted has left at once.
    assert.equal(child.joinSync(), true);
    assert.deepEqual([child.error instanceof RangeError, child.error?.message], [true, 'too long']);
    assert.equal(listeners(signal), 0);
  });

  test(`a signal that has aborted before is aborted in a ${kind}`, () => {
    const child = start(untilAborted, [AbortSignal.abort(new RangeError('before'))]);
    assert.equal(child.joinSync(), true);
    assert.equal(child.error?.message, 'before');
  });

  test(`a ${kind} that ends of itself leaves no listener on its signals, nor does one that is ended`, async () => {
    const { signal } = new AbortController();
    const child = start((one: AbortSignal) => void one.aborted, [signal]);
    await child.join();
    assert.equal(listeners(signal), 0);
    const endless = start(untilAborted, [signal]);
    assert.equal(listeners(signal), 1);
    void endless.terminate();
    await endless.join();
    assert.equal(listeners(signal), 0);
  });
}

test('one signal aborts two children, a capture and a field of a subclass, each of many where it belongs', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  class Waiting extends Process {
    readonly stop = signal;
    override run(): Promise<void> {
      return untilAborted(this.stop);
    }
  }
  const process = new Waiting({ stdio: 'ignore' }).start();
  const capturing = new Thread({ target: () => untilAborted(signal) }).start();
  const many = Array.from({ length: 100 }, () => new AbortController());
  const target = async (signals: AbortSignal[]): Promise<void> => {
    await untilAborted(signals[57]!).catch(() => {});
    throw new Error(signals.map((one, i) => (one.aborted ? `${i}` : '')).join(''));
  };
  const choosing = new Thread({ target, args: [many.map((one) => one.signal)] }).start();
  many[57]!.abort();
  controller.abort(new RangeError('both'));
  await Promise.all([process.join(), capturing.join(), choosing.join()]);
  assert.deepEqual(
    [process, capturing, choosing].map(({ error }) => error?.message),
    ['both', 'both', '57'],
  );
  assert.equal(
    many.map((one) => listeners(one.signal)).reduce((a, b) => a + b),
    0,
  );
});

test('a reason may hold a shared object, or be one that cannot cross', async (t) => {
  if (process.env['HEDDLE_PLATFORM'] === 'none') return t.skip('needs native calls');
  const lock = new Lock();
  lock.acquireSync();
  const target = (signal: AbortSignal): Promise<void> =>
    untilAborted(signal).catch((reason: unknown) => {
      const { held } = reason as { held?: Lock };
      throw new Error(held === undefined ? String(reason) : `locked: ${held.locked()}`);
    });
  const controller = new AbortController();
  const child = new Process({ target, args: [controller.signal], stdio: 'ignore' }).start();
  controller.abort({ held: lock });
  await child.join();
  assert.equal(child.error?.message, 'locked: true');
  const other = new AbortController();
  const thread = new Thread({ target, args: [other.signal] }).start();
  other.abort(new WeakMap());
  await thread.join();
  assert.match(thread.error!.message, /a thrown value that cannot cross/);
});

/** Runs a program. Returns what it prints, by lines in order, and its exit code. */
function run(program: string): { lines: string[]; status: number | null } {
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  return { lines: stdout.trim().split('\n').sort(), status };
}

test('a signal keeps alive neither a program nor its child', () => {
  const { lines, status } = run(`
    import { Process, Thread } from 'heddle';
    const { signal } = new AbortController();
    new Process({ target: (one) => console.log('process', one.aborted), args: [signal] }).start();
    new Thread({ target: (one) => console.log('thread', one.aborted), args: [signal] }).start();
    const later = new AbortController();
    new Thread({ target: (one) => new Promise(() => setInterval(() => one, 1000)), args: [later.signal], daemon: true }).start();`);
  assert.deepEqual([lines, status], [['process false', 'thread false'], 0]);
});

test('a signal aborts in a process that was warm', (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc');
  const { lines, status } = run(`
    import { readFileSync, openSync, readSync, closeSync } from 'node:fs';
    import { getContext } from 'heddle';
    const { Process } = getContext('forkserver');
    const isReady = (pid) => {
      try {
        if (!readFileSync('/proc/' + pid + '/cmdline', 'latin1').includes('\\0blank')) return false;
        const descriptor = openSync('/proc/' + pid + '/fd/5', 'r');
        const kind = Buffer.alloc(4);
        readSync(descriptor, kind, 0, 4, 8);
        closeSync(descriptor);
        return kind.readUInt32LE(0) === 0x68_64_62_32;
      } catch {
        return false;
      }
    };
    const blanks = () => readFileSync('/proc/self/task/' + process.pid + '/children', 'latin1').trim().split(' ').map(Number).filter(isReady);
    await new Process({ target: () => {} }).start().join();
    while (blanks().length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const known = blanks();
    const controller = new AbortController();
    const target = async (signal) => {
      while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 1));
      console.log(signal.reason);
    };
    const child = new Process({ target, args: [controller.signal] }).start();
    controller.abort('warm');
    console.log(known.includes(child.pid), child.joinSync());`);
  assert.deepEqual([lines, status], [['true true', 'warm'], 0]);
});
