/** Arguments, errors and time-outs of queues. */

import assert from 'node:assert/strict';
import { drain, fails, isIdle, outcomeOf, type Rule } from './rule.js';

const notNumber = (what: string): string => `expected timeout to be a number >= 0, got ${what}`;

export const rulesOfCalls: readonly Rule[] = [
  {
    name: 'bad options of get are refused at the call, naming what came',
    async holds({ make }) {
      const queue = make();
      for (const [options, name, message] of [
        [-1, 'RangeError', notNumber('-1')],
        [Number.NaN, 'RangeError', notNumber('NaN')],
        [{ timeout: 'soon' }, 'RangeError', notNumber("'soon'")],
        ['soon', 'TypeError', "expected timeout to be a number of milliseconds or { timeout, signal }, got 'soon'"],
        [null, 'TypeError', 'expected options to be an object, got null'],
        [{ block: 1 }, 'TypeError', 'expected block to be a boolean, got 1'],
        [{ signal: {} }, 'TypeError', 'expected signal to be an AbortSignal, got {}'],
        [{ timeOut: 1 }, 'TypeError', "unknown key 'timeOut' in options: known are block, timeout, signal"],
      ] as const) {
        assert.throws(() => queue.get(options as never), { name, message });
      }
      isIdle(queue);
    },
  },
  {
    name: 'bad options of put are refused at the call, and nothing is put',
    needs: ['options'],
    async holds({ make }) {
      const queue = make();
      for (const options of [-1, Number.NaN, { timeout: -1 }]) assert.throws(() => queue.put(1, options), RangeError);
      for (const options of ['soon', null, { block: 'no' }, { signal: 1 }, { blocking: false }, { transfer: 3 }, { transfer: [3] }])
        assert.throws(() => queue.put(1, options as never), TypeError);
      assert.ok(queue.empty());
    },
  },
  {
    name: 'sync forms refuse the same options, and a signal',
    needs: ['shared'],
    async holds({ make, has }) {
      const queue = make();
      const calls = [(o: any) => queue.getSync(o), (o: any) => queue.putSync(1, o)];
      for (const call of has.has('options') ? calls : calls.slice(0, 1)) {
        for (const options of [-1, Number.NaN, { timeout: -1 }]) assert.throws(() => call(options), RangeError);
        for (const options of ['soon', null, { block: 'no' }, { blocking: false }]) assert.throws(() => call(options), TypeError);
        assert.throws(() => call({ signal: AbortSignal.abort() }), { name: 'TypeError', message: /cannot hear.*(get|put|popLeft)\(\)/ });
      }
      assert.ok(queue.empty());
    },
  },
  {
    name: 'bad arguments of getMany and putMany are refused at the call, and nothing is put',
    needs: ['many', 'nowait'],
    async holds({ make }) {
      const queue = make();
      for (const max of [0, -1, 1.5, Number.NaN])
        assert.throws(() => queue.getMany(max), { name: 'RangeError', message: `expected max to be an integer >= 1, got ${max}` });
      assert.throws(() => queue.getMany('2' as never), TypeError);
      assert.throws(() => queue.getMany(1, -1), RangeError);
      for (const items of [3, undefined, null, {}]) assert.throws(() => queue.putMany(items as never), /expected items to be an iterable/);
      assert.throws(() => queue.putMany([1], -1), RangeError);
      const broken = function* (): Generator<number> {
        yield 1;
        throw new RangeError('broken');
      };
      assert.throws(() => queue.putMany(broken()), /broken/);
      assert.equal(queue.qsize(), 0);
    },
  },
  {
    name: 'bad options of join and shutdown are refused at the call, and nothing is shut down',
    needs: ['tasks', 'shutdown'],
    async holds({ make }) {
      const queue = make();
      assert.throws(() => queue.join(-1), { name: 'RangeError', message: notNumber('-1') });
      assert.throws(() => queue.join({ block: true }), /unknown key 'block' in options: known are timeout, signal/);
      for (const options of [{ immediate: 1 }, { now: true }, null, 5, true])
        assert.throws(() => queue.shutdown(options as never), TypeError);
      assert.equal(queue.isShutDown, false);
    },
  },
  {
    name: 'maxSize is an integer; below 1 it is no bound',
    needs: ['bound', 'nowait'],
    async holds({ make }) {
      for (const size of [1.5, Number.NaN, Infinity, -Infinity])
        assert.throws(() => make(size), { name: 'RangeError', message: /maxSize/ });
      for (const size of ['3', null, {}, 3n]) assert.throws(() => make(size as never), { name: 'TypeError', message: /maxSize/ });
      for (const size of [undefined, 0, -1, -(2 ** 40)]) {
        const queue = make(size);
        assert.equal(queue.maxSize, 0);
        for (let i = 1; i <= 100; i += 1) queue.putNowait(i);
        assert.deepEqual([queue.full(), queue.qsize()], [false, 100]);
      }
      assert.equal(make(7).maxSize, 7);
    },
  },
  {
    name: 'maxSize may be any safe integer',
    needs: ['bound'],
    unlike: {
      shared: {
        because: 'a word of the heap has 32 bits',
        holds({ make }) {
          assert.equal(make(2 ** 31 - 1).maxSize, 2 ** 31 - 1);
          assert.throws(() => make(2 ** 31), {
            name: 'RangeError',
            message: 'expected maxSize to be an integer <= 2147483647, got 2147483648',
          });
        },
      },
    },
    holds({ make }) {
      assert.equal(make(2 ** 40).maxSize, 2 ** 40);
    },
  },
  {
    name: 'get on an empty queue says at once, or after the time, that it is Empty',
    async holds({ make, called, noun }) {
      const queue = make();
      const atOnce = `${called('get')}: the ${noun} is empty`;
      const late = `${called('get')}: nothing came in the time that it was given`;
      await fails(() => queue.get(0), 'Empty', atOnce);
      await fails(() => queue.get({ block: false }), 'Empty', atOnce);
      await fails(() => queue.get({ block: false, timeout: 60_000 }), 'Empty', atOnce);
      await fails(() => queue.get(1), 'Empty', late);
      await fails(() => queue.get({ timeout: 1 }), 'Empty', late);
      isIdle(queue);
      await queue.put(1);
      assert.equal(await queue.get(0), 1);
    },
  },
  {
    name: 'getMany on an empty queue is Empty, as get is',
    needs: ['many'],
    async holds({ make, called, noun }) {
      const queue = make();
      await fails(() => queue.getMany(2, 0), 'Empty', `${called('getMany')}: the ${noun} is empty`);
      await fails(() => queue.getMany(2, 1), 'Empty', `${called('getMany')}: nothing came in the time that it was given`);
      isIdle(queue);
    },
  },
  {
    name: 'put on a full queue says at once, or after the time, that it is Full',
    needs: ['bound', 'nowait'],
    async holds({ make, called }) {
      const queue = make(1);
      await queue.put(1);
      const atOnce = `${called('put')}: the queue is full (maxSize 1)`;
      const late = `${called('put')}: there was no room in the time that it was given (maxSize 1)`;
      await fails(() => queue.put(2, 0), 'Full', atOnce);
      await fails(() => queue.put(2, { block: false }), 'Full', atOnce);
      await fails(() => queue.put(2, 1), 'Full', late);
      isIdle(queue);
      assert.equal(await queue.get(), 1);
      assert.ok(queue.empty());
      await queue.put(2, 0);
      assert.equal(queue.getNowait(), 2);
    },
  },
  {
    name: 'putNowait and getNowait do not wait: Full, Empty',
    needs: ['nowait', 'bound'],
    async holds({ make, called, noun }) {
      const queue = make(2);
      await fails(() => queue.getNowait(), 'Empty', `${called('getNowait')}: the ${noun} is empty`);
      queue.putNowait(1);
      queue.putNowait(2);
      await fails(() => queue.putNowait(3), 'Full', `${called('putNowait')}: the queue is full (maxSize 2)`);
      assert.deepEqual(new Set([queue.getNowait(), queue.getNowait()]), new Set([1, 2]));
    },
  },
  {
    name: 'the sync forms end by the same errors, in the same words',
    needs: ['shared'],
    async holds({ make, has, called, noun }) {
      const queue = make(1);
      await fails(() => queue.getSync(0), 'Empty', `${called('getSync')}: the ${noun} is empty`);
      await fails(() => queue.getSync({ block: false }), 'Empty', `${called('getSync')}: the ${noun} is empty`);
      await fails(() => queue.getSync(1), 'Empty', `${called('getSync')}: nothing came in the time that it was given`);
      if (!has.has('bound')) return;
      queue.putSync(1);
      await fails(() => queue.putSync(2, 0), 'Full', `${called('putSync')}: the queue is full (maxSize 1)`);
      await fails(() => queue.putSync(2, 1), 'Full', `${called('putSync')}: there was no room in the time that it was given (maxSize 1)`);
      isIdle(queue);
      assert.equal(queue.getSync(1), 1);
    },
  },
  {
    name: 'a putMany that ends half-way says in error.count how many went',
    needs: ['many', 'bound', 'shutdown'],
    async holds({ make, inOrder, called, noun }) {
      const queue = make(2);
      const late = await outcomeOf(() => queue.putMany([1, 2, 3], 1));
      assert.equal((late as { count: number }).count, 2);
      assert.equal((late as Error).message, `${called('putMany')}: there was no room in the time that it was given (maxSize 2)`);
      const atOnce = await outcomeOf(() => queue.putMany([4, 5], 0));
      assert.equal((atOnce as { count: number }).count, 0);
      assert.deepEqual(await drain(queue), inOrder([1, 2]));
      const waiting = outcomeOf(() => queue.putMany([6, 7, 8]));
      queue.shutdown();
      const shut = await waiting;
      assert.deepEqual([(shut as Error).name, (shut as { count: number }).count], ['ShutDown', 2]);
      assert.equal((shut as Error).message, `${called('putMany')}: the ${noun} is shut down`);
      assert.equal(((await outcomeOf(() => queue.putMany([9]))) as { count: number }).count, 0);
      assert.deepEqual(await drain(queue), inOrder([6, 7]));
    },
  },
  {
    name: 'the reason of an abort is what the signal gives, also of a putMany that is half-way',
    needs: ['many', 'bound'],
    async holds({ make }) {
      const queue = make(1);
      const controller = new AbortController();
      const reason = Object.freeze(new Error('enough'));
      const waiting = outcomeOf(() => queue.putMany([1, 2], { signal: controller.signal }));
      controller.abort(reason);
      assert.equal(await waiting, reason);
      isIdle(queue);
      assert.deepEqual(await drain(queue), [1]);
    },
  },
  {
    name: 'join(0) and join after its time are false, and wait no more',
    needs: ['tasks', 'nowait'],
    async holds({ make }) {
      const queue = make();
      assert.equal(await queue.join(0), true);
      queue.putNowait(1);
      assert.deepEqual([await queue.join(0), await queue.join(1), await queue.join({ timeout: 1 })], [false, false, false]);
      isIdle(queue);
    },
  },
  {
    name: 'a get that does not wait finds each item that is there, however long the event loop has waited',
    async holds({ make }) {
      const queue = make();
      for (let i = 1; i <= 300; i += 1) void queue.put(i);
      let got = 0;
      for (; !queue.empty(); got += 1) {
        await queue.get(0);
        // Longer than a loop may keep the event loop.
        for (const begin = performance.now(); performance.now() - begin < 0.2; );
      }
      assert.equal(got, 300);
    },
  },
];
