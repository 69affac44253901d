/** The end of queues, and iterations. */

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { drain, fails, isIdle, outcomeOf, type Rule } from './rule.js';

const name = (error: unknown): unknown => (error instanceof Error ? error.name : error);

export const rulesOfEnds: readonly Rule[] = [
  {
    name: 'after shutdown nothing is put, and what is there can be taken; then each call is ShutDown',
    needs: ['shutdown', 'many', 'nowait'],
    async holds({ make, inOrder, called, noun }) {
      const queue = make();
      await queue.putMany([1, 2, 3, 4]);
      queue.shutdown();
      assert.equal(queue.isShutDown, true);
      for (const verb of ['put', 'putNowait'] as const)
        await fails(() => queue[verb](5), 'ShutDown', `${called(verb)}: the ${noun} is shut down`);
      await fails(() => queue.put(5, 0), 'ShutDown', `${called('put')}: the ${noun} is shut down`);
      assert.deepEqual([await queue.get(), queue.getNowait(), ...(await queue.getMany(9))], inOrder([1, 2, 3, 4]));
      for (const verb of ['get', 'getNowait'] as const)
        await fails(() => queue[verb](), 'ShutDown', `${called(verb)}: the ${noun} is shut down, and there are no more items`);
      await fails(() => queue.get(0), 'ShutDown', `${called('get')}: the ${noun} is shut down, and there are no more items`);
      await fails(() => queue.getMany(1), 'ShutDown', `${called('getMany')}: the ${noun} is shut down, and there are no more items`);
    },
  },
  {
    name: 'the sync forms end by ShutDown in the same words',
    needs: ['shutdown', 'shared', 'many'],
    async holds({ make, called, noun }) {
      const queue = make();
      queue.putSync(1);
      queue.shutdown();
      await fails(() => queue.putSync(2), 'ShutDown', `${called('putSync')}: the ${noun} is shut down`);
      await fails(() => queue.putSync(2, 0), 'ShutDown', `${called('putSync')}: the ${noun} is shut down`);
      assert.equal(queue.getSync(), 1);
      const over = `the ${noun} is shut down, and there are no more items`;
      await fails(() => queue.getSync(), 'ShutDown', `${called('getSync')}: ${over}`);
      await fails(() => queue.getSync(0), 'ShutDown', `${called('getSync')}: ${over}`);
      await fails(() => queue.getManySync(2), 'ShutDown', `${called('getManySync')}: ${over}`);
    },
  },
  {
    name: 'shutdown ends the calls that wait, in its words',
    needs: ['shutdown', 'bound', 'many'],
    async holds({ make, called, noun }) {
      const [empty, full] = [make(), make(1)];
      await full.put(1);
      const over = `the ${noun} is shut down, and there are no more items`;
      const getting = [empty.get(), empty.get(60_000), empty.getMany(3)].map((call) => outcomeOf(() => call));
      const putting = [full.put(2), full.put(3, 60_000), full.putMany([4, 5])].map((call) => outcomeOf(() => call));
      empty.shutdown();
      full.shutdown();
      const texts = (outcomes: unknown[]): string[] => outcomes.map((error) => `${String(name(error))}: ${(error as Error).message}`);
      assert.deepEqual(texts(await Promise.all(getting)), [
        `ShutDown: ${called('get')}: ${over}`,
        `ShutDown: ${called('get')}: ${over}`,
        `ShutDown: ${called('getMany')}: ${over}`,
      ]);
      assert.deepEqual(texts(await Promise.all(putting)), [
        `ShutDown: ${called('put')}: the ${noun} is shut down`,
        `ShutDown: ${called('put')}: the ${noun} is shut down`,
        `ShutDown: ${called('putMany')}: the ${noun} is shut down`,
      ]);
      assert.deepEqual(await drain(full), [1]);
      isIdle(empty);
      isIdle(full);
    },
  },
  {
    name: 'an immediate shutdown throws away what is there, also after a quiet one, and cannot be made quiet again',
    needs: ['shutdown', 'many', 'nowait', 'tasks'],
    async holds({ make }) {
      for (const steps of [[true], [false, true], [true, false]]) {
        const queue = make(2);
        await queue.putMany([1, 2]);
        const putting = outcomeOf(() => queue.put(3));
        const joining = outcomeOf(() => queue.join());
        for (const immediate of steps) queue.shutdown({ immediate });
        assert.deepEqual([name(await putting), await joining], ['ShutDown', true]);
        assert.deepEqual([queue.qsize(), queue.empty(), queue.statistics()['unfinishedTasks']], [0, true, 0]);
        assert.throws(() => queue.getNowait(), { name: 'ShutDown' });
        assert.throws(() => queue.taskDone(), RangeError);
      }
    },
  },
  {
    name: 'after a quiet shutdown tasks are done, and join waits for them',
    needs: ['shutdown', 'tasks', 'nowait'],
    async holds({ make }) {
      const queue = make();
      queue.putNowait(1);
      queue.shutdown();
      assert.equal(await queue.join(0), false);
      queue.getNowait();
      queue.taskDone();
      assert.equal(await queue.join(), true);
    },
  },
  {
    name: 'close is shutdown',
    needs: ['shutdown'],
    unlike: {
      shared: {
        because: 'other threads have handles of their own: close() is for this handle, shutdown() for all',
        async holds({ make, className }) {
          const queue = make();
          await queue.put(1);
          const waiting = [make(), make()];
          const getting = waiting.map((one) => outcomeOf(() => one.get()));
          for (const one of waiting) one.close();
          assert.deepEqual((await Promise.all(getting)).map(name), ['InvalidStateError', 'InvalidStateError']);
          queue.close();
          queue.close();
          for (const call of [
            () => queue.put(1),
            () => queue.getNowait(),
            () => queue.qsize(),
            () => queue.taskDone(),
            () => queue.shutdown(),
          ])
            assert.throws(call, { name: 'InvalidStateError', message: /this handle is closed/ });
          assert.throws(() => queue[Symbol.asyncIterator](), { name: 'InvalidStateError' });
          const open = make();
          const items = open[Symbol.asyncIterator]();
          const pending = outcomeOf(() => items.next());
          open.close();
          assert.deepEqual([name(await pending), name(await outcomeOf(() => items.next()))], ['InvalidStateError', 'InvalidStateError']);
          assert.match(inspect(queue), new RegExp(`${className}.*1.*closed here`));
        },
      },
    },
    async holds({ make }) {
      const queue = make();
      await queue.put(1);
      queue.close();
      queue.close();
      assert.equal(queue.isShutDown, true);
      assert.deepEqual(await drain(queue), [1]);
      await assert.rejects(async () => queue.get(), { name: 'ShutDown' });
    },
  },
  {
    name: 'a queue is printed as its class and what is in it',
    needs: ['bound', 'shutdown'],
    unlike: {
      shared: {
        because: 'all shared objects say how they are without a colon',
        async holds({ make, className }) {
          const queue = make(3);
          await queue.put(1);
          queue.shutdown();
          assert.equal(String(queue), `<${className} with 1 of 3 items, shut down>`);
          assert.equal(inspect(queue), String(queue));
        },
      },
    },
    async holds({ make, className }) {
      const queue = make(3);
      await queue.put(1);
      queue.shutdown();
      assert.equal(String(queue), `<${className}: 1 of 3 items, shut down>`);
      assert.equal(inspect(queue), String(queue));
    },
  },
  {
    name: 'for await takes items until the queue is shut down and drained',
    needs: ['shutdown', 'many'],
    async holds({ make, inOrder }) {
      const queue = make();
      await queue.putMany([1, 2, 3]);
      const got: unknown[] = [];
      for await (const item of queue) {
        got.push(item);
        if (got.length === 3) queue.shutdown();
      }
      assert.deepEqual(got, inOrder([1, 2, 3]));
      for await (const item of queue) assert.fail(`${String(item)} comes after the end`);
    },
  },
  {
    name: 'an iteration that waits ends with the queue, and stays over',
    needs: ['shutdown'],
    async holds({ make }) {
      const queue = make();
      const items = queue[Symbol.asyncIterator]();
      const next = items.next();
      queue.shutdown();
      const over = { done: true, value: undefined };
      assert.deepEqual([await next, await items.next(), await items.next()], [over, over, over]);
      isIdle(queue);
    },
  },
  {
    name: 'leaving a loop takes nothing more',
    needs: ['iteration'],
    async holds({ make, inOrder }) {
      const queue = make();
      for (const item of [1, 2, 3]) await queue.put(item);
      for await (const item of queue) {
        assert.equal(item, inOrder([1, 2, 3])[0]);
        break;
      }
      assert.deepEqual(await drain(queue), inOrder([1, 2, 3]).slice(1));
    },
  },
  {
    name: 'leaving an iteration that waits withdraws its get',
    needs: ['iteration'],
    async holds({ make }) {
      const queue = make();
      const items = queue[Symbol.asyncIterator]();
      const pending = [items.next(), items.next()];
      const over = { done: true, value: undefined };
      assert.deepEqual(await items.return!(), over);
      assert.deepEqual(await Promise.all(pending), [over, over]);
      isIdle(queue);
      await queue.put(1);
      assert.deepEqual([await items.next(), await queue.get()], [over, 1]);
    },
  },
  {
    name: 'an iteration is iterable itself, and two iterations share the items',
    needs: ['shutdown', 'many'],
    async holds({ make, inOrder }) {
      const queue = make();
      const [one, other] = [queue[Symbol.asyncIterator](), queue[Symbol.asyncIterator]()];
      assert.equal((one as AsyncIterableIterator<unknown>)[Symbol.asyncIterator](), one);
      const waiting = [one.next(), other.next()];
      await queue.putMany([1, 2, 3, 4]);
      const first = (await Promise.all(waiting)).map(({ value }) => value as number);
      assert.deepEqual(new Set([...first, (await other.next()).value, (await one.next()).value]), new Set(inOrder([1, 2, 3, 4])));
      queue.shutdown();
      assert.deepEqual([(await one.next()).done, (await other.next()).done], [true, true]);
    },
  },
  {
    name: 'an iteration does not wait for items that have a then',
    needs: ['fifo', 'shutdown'],
    unlike: { shared: { because: 'a promise, or an object with methods, does not cross to other threads' } },
    async holds({ make }) {
      const queue = make();
      // oxlint-disable-next-line unicorn/no-thenable -- an item that nothing may ask
      const item = { then: (): never => assert.fail('it was asked') };
      void queue.put(item);
      queue.shutdown();
      for await (const got of queue) assert.ok(got === item);
    },
  },
];
