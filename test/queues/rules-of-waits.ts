/** Waits that are aborted, killed or timed out from outside: nothing is taken for them, and nothing is lost. And the numbers that queues say of themselves. */

import assert from 'node:assert/strict';
import { forEach, sleep, spawn, Timeout } from 'heddle/coroutine';
import { until } from '../sync/crew.js';
import { drain, isIdle, outcomeOf, type Rule } from './rule.js';

/** Numbers that each queue has, and those of queues with a bound and with tasks. */
const counted = ['size', 'puts', 'gets', 'waitingGetters'] as const;
const ofBounds = ['maxSize', 'waitingPutters'] as const;
const ofTasks = ['unfinishedTasks', 'waitingJoiners'] as const;

const inOrder = (items: readonly number[]): readonly number[] => items.toSorted((one, other) => one - other);

export const rulesOfWaits: readonly Rule[] = [
  {
    name: 'a call whose signal is aborted already rejects with its reason, and puts and takes nothing',
    needs: ['nowait', 'many', 'tasks'],
    async holds({ make }) {
      const queue = make();
      queue.putNowait(1);
      const reason = new Error('never');
      const o = { signal: AbortSignal.abort(reason) };
      const calls = [
        () => queue.put(2, o),
        () => queue.putMany([2], o),
        () => queue.get(o),
        () => queue.getMany(1, o),
        () => queue.join(o),
      ];
      for (const call of calls) assert.equal(await outcomeOf(call), reason);
      assert.deepEqual([queue.qsize(), queue.getNowait()], [1, 1]);
      queue.taskDone();
      assert.equal(await outcomeOf(() => queue.join(o)), reason);
    },
  },
  {
    name: 'an abort ends each kind of wait with its reason, and nothing is left of it',
    needs: ['bound', 'many', 'tasks', 'nowait'],
    async holds({ make }) {
      const [empty, full] = [make(), make(1)];
      full.putNowait(1);
      const controller = new AbortController();
      const { signal } = controller;
      const waits = [
        empty.get({ signal }),
        empty.getMany(2, { signal }),
        full.put(2, { signal }),
        full.putMany([3], { signal }),
        full.join({ signal }),
      ];
      const outcomes = waits.map((wait) => outcomeOf(() => wait));
      const reason = new Error('enough');
      controller.abort(reason);
      for (const outcome of outcomes) assert.equal(await outcome, reason);
      isIdle(empty);
      isIdle(full);
      empty.putNowait(7);
      assert.deepEqual([empty.getNowait(), full.getNowait(), full.empty()], [7, 1, true]);
    },
  },
  {
    name: 'a greenlet that is killed while it waits takes nothing, and puts nothing',
    needs: ['bound', 'many', 'nowait', 'tasks'],
    async holds({ make }) {
      const [empty, full] = [make(), make(1)];
      full.putNowait(1);
      const bodies = [() => empty.get(), () => empty.getMany(2), () => full.put(2), () => full.putMany([3, 4]), () => full.join()];
      const greenlets = bodies.map((call) =>
        spawn(function* () {
          yield* call() as any;
        }),
      );
      await sleep(0);
      for (const greenlet of greenlets) await greenlet.kill();
      isIdle(empty);
      isIdle(full);
      empty.putNowait(7);
      assert.deepEqual([empty.getNowait(), full.getNowait(), full.empty()], [7, 1, true]);
    },
  },
  {
    name: 'an item that was taken for a greenlet that is killed in the same moment comes back, in its place',
    needs: ['nowait', 'fifo'],
    async holds({ make }) {
      const queue = make();
      const killed = [1, 2].map(() =>
        spawn(function* () {
          yield* queue.get();
        }),
      );
      await sleep(0);
      const ends = killed.map((greenlet) => {
        queue.putNowait(killed.indexOf(greenlet) + 1);
        return greenlet;
      });
      queue.putNowait(3);
      for (const greenlet of ends.toReversed()) await greenlet.kill();
      const left = (await drain(queue)) as number[];
      // A greenlet may have seen its item before it was killed.
      assert.deepEqual(left, inOrder(left));
      assert.equal(left.at(-1), 3);
      isIdle(queue);
    },
  },
  {
    name: 'items of a getMany that is killed in the same moment come back in order, also above maxSize',
    needs: ['many', 'nowait', 'bound', 'fifo'],
    async holds({ make }) {
      const queue = make(2);
      const got: unknown[] = [];
      const killed = spawn(function* () {
        got.push(...((yield* queue.getMany(2)) as unknown[]));
      });
      await sleep(0);
      await queue.putMany([1, 2]);
      void killed.kill();
      const later = queue.putMany([3, 4]);
      await killed.join();
      const left: unknown[] = [];
      while (got.length + left.length < 4) left.push(await queue.get());
      await later;
      assert.deepEqual([...got, ...left], [1, 2, 3, 4]);
    },
  },
  {
    name: 'a forEach that is killed takes no item with it',
    needs: ['fifo', 'nowait', 'shutdown'],
    async holds({ make }) {
      const queue = make();
      const got: number[] = [];
      const [reader, killed] = [0, 1].map(() => spawn(() => forEach(queue, (item) => got.push(item))));
      await sleep(0);
      for (const item of [1, 2, 3]) queue.putNowait(item);
      void killed!.kill();
      queue.shutdown();
      await reader!;
      await killed!.join();
      assert.deepEqual(inOrder(got), [1, 2, 3]);
      isIdle(queue);
    },
  },
  {
    name: 'a time around a wait ends it, and takes nothing',
    needs: ['nowait'],
    async holds({ make }) {
      const queue = make();
      const ended = await spawn(function* () {
        using timeout = Timeout.startNew(1);
        try {
          yield* queue.get();
        } catch (error) {
          return error === timeout;
        }
        return false;
      });
      assert.equal(ended, true);
      isIdle(queue);
      queue.putNowait(1);
      assert.equal(queue.getNowait(), 1);
    },
  },
  {
    name: 'an item that comes back to a queue that was emptied meanwhile is gone, and is no task',
    needs: ['tasks', 'nowait', 'shutdown'],
    async holds({ make }) {
      const queue = make();
      const killed = spawn(function* () {
        yield* queue.get();
      });
      await sleep(0);
      queue.putNowait(1);
      const joining = outcomeOf(() => queue.join());
      queue.shutdown({ immediate: true });
      await killed.kill();
      // The greenlet may have seen its item before it was killed: then the task is its own.
      if (queue.statistics()['unfinishedTasks'] === 1) queue.taskDone();
      assert.equal(await joining, true);
      assert.ok(queue.empty());
      assert.throws(() => queue.getNowait(), { name: 'ShutDown' });
    },
  },
  {
    name: 'statistics are plain numbers of the same names, and follow the calls',
    async holds({ make, has }) {
      const queue = make(has.has('bound') ? 2 : 0);
      const names = [...counted, ...(has.has('bound') ? ofBounds : []), ...(has.has('tasks') ? ofTasks : [])];
      const numbers = (): Record<string, number> => {
        const statistics = queue.statistics();
        for (const [name, number] of Object.entries(statistics)) assert.equal(typeof number, 'number', name);
        return Object.fromEntries(names.map((name) => [name, statistics[name]!]));
      };
      const zero = Object.fromEntries(names.map((name) => [name, 0]));
      const max = has.has('bound') ? { maxSize: 2 } : {};
      assert.deepEqual(numbers(), { ...zero, ...max });
      const getting = queue.get();
      // A get looks for a moment before it stands in line.
      await until(() => queue.statistics()['waitingGetters'] === 1);
      assert.deepEqual(numbers(), { ...zero, ...max, waitingGetters: 1 });
      await queue.put(1);
      await getting;
      const tasks = has.has('tasks') ? { unfinishedTasks: 3 } : {};
      for (const item of [2, 3]) await queue.put(item);
      assert.deepEqual(numbers(), { ...zero, ...max, ...tasks, size: 2, puts: 3, gets: 1 });
      if (!has.has('bound')) return;
      const putting = queue.put(4);
      await until(() => queue.statistics()['waitingPutters'] === 1);
      await queue.get();
      await putting;
      assert.deepEqual(numbers(), { ...zero, ...max, ...(has.has('tasks') ? { unfinishedTasks: 4 } : {}), size: 2, puts: 4, gets: 2 });
    },
  },
];
