/**
 * A task blocks its thread for an object of another worker, or for its arrival, and that worker is killed: rows of the table. There is no
 * other waiter, so that only the blocked thread itself can find out.
 */

import assert from 'node:assert/strict';
import { Barrier, BrokenBarrierError, Condition, Lock, OwnerDied, RLock, Semaphore } from 'heddle';
import { open, rowOf } from './cell.ts';
import { until, within } from './fate.ts';
import type { Check, Row } from './table.ts';

interface Parties {
  /** The action of the task. */
  readonly wait: () => unknown;
  /** The action of the other worker, before it waits to be killed. */
  readonly other: () => unknown;
  /** The other has done so. */
  readonly isThere: () => boolean;
  /** How many sleep. */
  readonly waiting: () => number;
}

const isKind =
  (Kind: new (...args: never[]) => Error): Check =>
  ({ ok, value }) =>
    assert.ok(!ok && value instanceof Kind, `expected ${Kind.name}, got ${String(value)}`);

const isTrue: Check = ({ ok, value }) => assert.ok(ok && value === true, String(value));

const owned = (lock: Lock | RLock): Parties => ({
  wait: () => {
    try {
      return lock.acquireSync();
    } finally {
      lock.release();
    }
  },
  other: () => lock.acquireSync(),
  isThere: () => lock.locked(),
  waiting: () => lock.statistics().waiting,
});

const rows: readonly (readonly [name: string, make: () => Parties, victim: Check])[] = [
  ['acquireSync() of a Lock, its owner is killed', () => owned(new Lock()), isKind(OwnerDied)],
  ['acquireSync() of an RLock, its owner is killed', () => owned(new RLock()), isKind(OwnerDied)],
  [
    'acquireSync() of a Semaphore, its holder is killed',
    () => {
      const semaphore = new Semaphore(1);
      return {
        wait: () => {
          using _ = semaphore.holdSync();
          return true;
        },
        other: () => semaphore.holdSync(),
        isThere: () => semaphore.locked(),
        waiting: () => semaphore.statistics().waiting,
      };
    },
    isTrue,
  ],
  [
    'waitSync() of a Condition, the owner of its lock is killed',
    () => {
      const condition = new Condition();
      return {
        wait: () => {
          condition.acquireSync();
          try {
            return condition.waitSync();
          } finally {
            // Others that wait would never be notified.
            condition.notifyAll();
            condition.release();
          }
        },
        other: () => {
          while (condition.statistics().unnotified === 0);
          condition.acquireSync();
        },
        isThere: () => true,
        waiting: () => (condition.locked() ? condition.statistics().unnotified : 0),
      };
    },
    isKind(OwnerDied),
  ],
  [
    'waitSync() of a Barrier, a party is killed',
    () => {
      const barrier = new Barrier(9);
      return {
        wait: () => barrier.waitSync(),
        other: () => barrier.waitSync(),
        isThere: () => barrier.nWaiting === 1,
        waiting: () => barrier.nWaiting - 1,
      };
    },
    isKind(BrokenBarrierError),
  ],
];

export const partyRows: readonly Row[] = rows.map(([name, make, victim]) => ({
  name,
  run: async (kind, waiter) => {
    const { wait, other, isThere, waiting } = make();
    const pool = new open[kind]({ maxWorkers: 1 });
    const lost = pool.submit(() => {
      other();
      for (;;);
    });
    lost.catch(() => {});
    const kill = async (): Promise<void> => {
      await until(() => waiting() >= waiter.victims, 'the victim asleep');
      await pool.killWorkers();
    };
    let killed: Promise<void> | undefined;
    try {
      await until(isThere, 'the other party');
      const way = {
        name,
        die: (strike: () => void) => (strike(), wait()),
        act: () => (killed ??= kill()),
        victim,
        worker: () => 'goes on' as const,
      };
      return await rowOf(way).run(kind, waiter);
    } finally {
      await killed;
      await within(pool.killWorkers(), 'the end of the other party');
    }
  },
}));
