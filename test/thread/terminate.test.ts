/** A thread that blocks in a Sync call is ended in the middle of it, whatever the call. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { Barrier, Condition, Event, Lock, Process, RLock, Semaphore, Thread, Timer } from 'heddle';
import { until } from '../pool/collect.ts';

/** Set by a thread just before it blocks. */
type Flag = Int32Array;
const raise = (flag: Flag): void => void Atomics.store(flag, 0, 1);

const lock = new Lock();
const rlock = new RLock();
const semaphore = new Semaphore(0);
const condition = new Condition();
const event = new Event();
const barrier = new Barrier(2);

const calls: Record<string, (flag: Flag) => void> = {
  'Lock.acquireSync': (flag) => {
    raise(flag);
    lock.acquireSync();
  },
  'RLock.acquireSync': (flag) => {
    raise(flag);
    rlock.acquireSync();
  },
  'Semaphore.acquireSync': (flag) => {
    raise(flag);
    semaphore.acquireSync();
  },
  'Condition.waitSync': (flag) => {
    condition.acquireSync();
    raise(flag);
    condition.waitSync();
  },
  'Event.waitSync': (flag) => {
    raise(flag);
    event.waitSync();
  },
  'Barrier.waitSync': (flag) => {
    raise(flag);
    barrier.waitSync();
  },
  'Thread.joinSync': (flag) => {
    const endless = new Thread({ target: () => void new Event().waitSync() }).start();
    raise(flag);
    endless.joinSync();
  },
  'Process.joinSync': (flag) => {
    const endless = new Process({ target: () => new Promise((resolve) => setTimeout(resolve, 1e9)), stdio: 'ignore' }).start();
    Atomics.store(flag, 1, endless.pid!);
    raise(flag);
    endless.joinSync();
  },
};

/** The state of a thread or process as `/proc` shows it: S sleeps, Z has ended. Undefined where it is not shown. */
function stateOf(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const stat = readFileSync(`${folder}/stat`, 'latin1');
  return stat[stat.lastIndexOf(')') + 2];
}

const sleeps = ({ nativeId }: Thread): boolean => process.platform !== 'linux' || stateOf(`/proc/self/task/${nativeId}`) === 'S';

/** Without native calls only its own thread collects a child: after the end of that it is a zombie. */
const mayBeZombie = process.env['HEDDLE_PLATFORM'] === 'none';

/** True for a child that has ended, and left no zombie where that can be helped. */
function isGone(pid: number): boolean {
  const state = stateOf(`/proc/${pid}`);
  return state === undefined || (mayBeZombie && state === 'Z');
}

test('terminate() ends a thread that blocks in any Sync call', async () => {
  lock.acquireSync();
  rlock.acquireSync();
  const threads = Object.entries(calls).map(([name, call]) => {
    const flag = new Int32Array(new SharedArrayBuffer(8));
    return { name, flag, thread: new Thread({ target: call, args: [flag], name }).start() };
  });
  const timer = new Timer(1e9, () => {}).start();
  for (const { flag, thread } of threads) {
    await until(() => Atomics.load(flag, 0) === 1 && sleeps(thread));
    await thread.terminate();
    assert.equal(thread.joinSync(0), true, thread.name);
    // The child ends with it.
    if (flag[1] !== 0) await until(() => isGone(flag[1]!));
  }
  await until(() => sleeps(timer));
  await timer.terminate();
  assert.equal(timer.joinSync(0), true);
  lock.release();
  rlock.release();
  // The objects that the ended threads waited for go to others.
  semaphore.release();
  assert.deepEqual([lock.tryAcquire(), rlock.tryAcquire(), semaphore.tryAcquire()], [true, true, true]);
  assert.equal(condition.tryAcquire(), true);
});
