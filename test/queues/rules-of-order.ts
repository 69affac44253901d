/** The order of items and of calls that wait, room, and tasks. */

import assert from 'node:assert/strict';
import { spawn } from 'heddle/coroutine';
import { drain, fails, isIdle, outcomeOf, type Rule, turn } from './rule.js';

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);

export const rulesOfOrder: readonly Rule[] = [
  {
    name: 'items come out in the order of the queue',
    async holds({ make, inOrder }) {
      const queue = make();
      for (const item of [3, 1, 2]) await queue.put(item);
      assert.deepEqual(await drain(queue), inOrder([3, 1, 2]));
    },
  },
  {
    name: 'a put has happened with the call, also where it is not awaited',
    async holds({ make }) {
      const queue = make();
      void queue.put(1);
      assert.equal(queue.empty(), false);
      assert.equal(await queue.get(), 1);
    },
  },
  {
    name: 'getters are served in the order of their calls, those that wait first',
    unlike: {
      'shared LifoQueue': {
        because: 'getters look when the event loop has its turn, and the newest item is the first then',
        async holds({ make }) {
          const queue = make();
          const waiting = [1, 2, 3].map(async () => queue.get());
          for (const item of [1, 2, 3]) await queue.put(item);
          assert.deepEqual(await Promise.all(waiting), [3, 2, 1]);
        },
      },
    },
    async holds({ make }) {
      const queue = make();
      const waiting = [1, 2, 3].map(async (n) => [n, await queue.get()]);
      for (const item of [1, 2, 3]) {
        const last = item === 3 ? queue.get() : undefined;
        await queue.put(item);
        assert.deepEqual(await waiting[item - 1], [item, item]);
        if (last === undefined) continue;
        await queue.put(4);
        assert.equal(await last, 4);
      }
    },
  },
  {
    name: 'two gets at once get items in the order of the calls, however long the event loop has waited',
    needs: ['fifo'],
    async holds({ make }) {
      const queue = make();
      const items = upTo(400);
      for (const item of items) void queue.put(item);
      const got: unknown[] = [];
      for (let n = 0; got.length < items.length; n += 1) {
        // One more in the first round, so that each of the two comes to be the one that has to wait.
        got.push(...(await Promise.all(Array.from({ length: n === 0 ? 1 : 3 }, () => queue.get()))));
        for (const begin = performance.now(); performance.now() - begin < 0.4; );
      }
      assert.deepEqual(got, items);
    },
  },
  {
    name: 'those that wait for room get in in the order of their calls, and no later put passes them',
    needs: ['bound', 'nowait', 'fifo'],
    async holds({ make }) {
      const queue = make(1);
      queue.putNowait(1);
      const waiting = [queue.put(2), queue.put(3)];
      assert.equal(queue.getNowait(), 1);
      assert.throws(() => queue.putNowait(4), { name: 'Full' });
      assert.equal(await queue.get(), 2);
      assert.equal(await queue.get(), 3);
      await Promise.all(waiting);
      isIdle(queue);
    },
  },
  {
    name: 'a sync put goes behind the async puts of its thread that still wait',
    needs: ['bound', 'nowait', 'shared', 'fifo', 'many'],
    async holds({ make }) {
      const queue = make(3);
      queue.putManySync([1, 2, 3]);
      const waiting = [queue.put(4), queue.putMany([5, 6])];
      assert.deepEqual([queue.getNowait(), queue.getNowait(), queue.getNowait()], [1, 2, 3]);
      // Room for three, and three wait.
      assert.throws(() => queue.putSync(7, 0), { name: 'Full' });
      assert.throws(() => queue.putManySync([7], 0), { name: 'Full', count: 0 });
      assert.equal(queue.getNowait(), 4);
      queue.putSync(8, 0);
      await Promise.all(waiting);
      assert.deepEqual(await queue.getMany(9), [5, 6, 8]);
    },
  },
  {
    name: 'putMany keeps its items together, and getMany takes what is there up to its limit',
    needs: ['many', 'bound', 'nowait'],
    async holds({ make, inOrder }) {
      const queue = make(3);
      await queue.putMany([2, 3, 1]);
      const whole = inOrder([2, 3, 1]);
      assert.deepEqual(await queue.getMany(2), whole.slice(0, 2));
      assert.deepEqual(await queue.getMany(9), whole.slice(2));
      await queue.putMany(new Set([5]));
      assert.deepEqual(await queue.getMany(Infinity), [5]);
      const waiting = queue.getMany(3);
      await queue.putMany([6, 7]);
      assert.deepEqual(new Set(await waiting), new Set([6, 7]));
      assert.ok(queue.empty());
    },
  },
  {
    name: 'a putMany that waits for room is not split by later puts',
    needs: ['many', 'bound', 'fifo'],
    async holds({ make }) {
      const queue = make(2);
      const many = queue.putMany([1, 2, 3, 4, 5]);
      const later = queue.put(6);
      const got: unknown[] = [];
      while (got.length < 6) got.push(...(await queue.getMany(2)));
      await Promise.all([many, later]);
      assert.deepEqual(got, upTo(6));
    },
  },
  {
    name: 'putMany of nothing puts nothing and does not wait, also where there is no room; getMany(1) is a list of one',
    needs: ['many', 'bound', 'shutdown'],
    async holds({ make, called, noun }) {
      const queue = make(1);
      await queue.put(1);
      await queue.putMany([]);
      await queue.putMany([], 0);
      assert.deepEqual(await queue.getMany(1), [1]);
      assert.ok(queue.empty());
      queue.shutdown();
      await fails(() => queue.putMany([]), 'ShutDown', `${called('putMany')}: the ${noun} is shut down`);
    },
  },
  {
    name: 'qsize, empty and full follow the items',
    needs: ['bound', 'nowait'],
    async holds({ make }) {
      const queue = make(2);
      const seen: unknown[] = [];
      const look = (): void => void seen.push([queue.qsize(), queue.empty(), queue.full()]);
      look();
      for (const item of [1, 2]) {
        await queue.put(item);
        look();
      }
      for (let i = 0; i < 2; i += 1) {
        await queue.get();
        look();
      }
      assert.deepEqual(seen, [
        [0, true, false],
        [1, false, false],
        [2, false, true],
        [1, false, false],
        [0, true, false],
      ]);
    },
  },
  {
    name: 'undefined, null and NaN are items',
    needs: ['fifo'],
    async holds({ make }) {
      const queue = make();
      for (const item of [undefined, null, Number.NaN, -0]) await queue.put(item);
      const got: unknown[] = [];
      for (let i = 0; i < 4; i += 1) got.push(await queue.get());
      assert.deepStrictEqual(got, [undefined, null, Number.NaN, -0]);
    },
  },
  {
    name: 'join waits until each item is done, and taskDone more often than put is refused',
    needs: ['tasks', 'many'],
    async holds({ make }) {
      const queue = make();
      assert.throws(() => queue.taskDone(), { name: 'RangeError', message: 'taskDone() was called more often than items were put' });
      await queue.putMany([1, 2]);
      let isJoined = false;
      const joining = Promise.resolve(queue.join()).then((value) => (isJoined = value));
      assert.equal(queue.statistics()['waitingJoiners'], 1);
      for (const left of [1, 0]) {
        await queue.get();
        assert.equal(isJoined, false);
        queue.taskDone();
        assert.equal(queue.statistics()['unfinishedTasks'], left);
      }
      assert.equal(await joining, true);
      assert.equal(await queue.join(), true);
      assert.throws(() => queue.taskDone(), RangeError);
      isIdle(queue);
    },
  },
  {
    name: 'a task may be done before its item was taken',
    needs: ['tasks', 'nowait'],
    async holds({ make }) {
      const queue = make();
      queue.putNowait(1);
      queue.taskDone();
      assert.equal(await queue.join(), true);
      assert.equal(queue.getNowait(), 1);
      assert.throws(() => queue.taskDone(), RangeError);
    },
  },
  {
    name: 'an item that was put by a greenlet that ends is there',
    async holds({ make }) {
      const queue = make();
      await spawn(() => queue.put(1));
      assert.equal(await queue.get(), 1);
    },
  },
  {
    name: 'a loop that always finds an item leaves the event loop its turn',
    needs: ['many', 'nowait'],
    unlike: { coroutine: { because: 'as in gevent: a call that does not wait does not switch; sleep(0) does' } },
    async holds({ make }) {
      const queue = make();
      queue.putNowait(1);
      const loops: ((isOver: () => boolean) => Promise<void>)[] = [
        async (isOver) => {
          while (!isOver()) queue.putNowait(await queue.get());
        },
        async (isOver) => {
          while (!isOver()) queue.putNowait((await queue.getMany(1))[0]);
        },
        async (isOver) => {
          for await (const item of queue) {
            queue.putNowait(item);
            if (isOver()) break;
          }
        },
        async (isOver) => {
          for (; !isOver(); queue.getNowait()) await queue.put(1);
        },
        async (isOver) => {
          for (; !isOver(); queue.getNowait()) await queue.putMany([1]);
        },
      ];
      for (const loop of loops) {
        let hasCome = false;
        void turn().then(() => (hasCome = true));
        await loop(() => hasCome);
      }
      assert.equal(queue.qsize(), 1);
    },
  },
  {
    name: 'puts and gets on each side of a bound lose and double nothing',
    needs: ['bound'],
    async holds({ make, has }) {
      const queue = make(3);
      const items = upTo(200);
      const putting = spawn(async () => {
        for (const item of items) await queue.put(item);
      });
      const getting = [1, 2].map(() =>
        spawn(async () => {
          const got: number[] = [];
          while (got.length < items.length / 2) got.push(await queue.get());
          return got;
        }),
      );
      const got = (await Promise.all(getting)) as number[][];
      await putting;
      assert.deepEqual(
        got.flat().toSorted((one, other) => one - other),
        items,
      );
      if (has.has('fifo'))
        for (const own of got)
          assert.deepEqual(
            own,
            own.toSorted((one, other) => one - other),
          );
      assert.equal(await outcomeOf(() => queue.empty()), true);
    },
  },
];
