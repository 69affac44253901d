/**
 * Rules of queues whose two sides are not in one place: greenlets, threads, processes, and both. What a rule has run elsewhere is sent there, so it knows of
 * nothing but the queue and the form of the calls.
 */

import assert from 'node:assert/strict';
import { spawn } from 'heddle/coroutine';
import { type Crew, until } from '../sync/crew.js';
import type { Form } from '../sync/forms.js';
import type { AnyQueue, Family, Feature } from './families.js';
import { isIdle } from './rule.js';

/** Where the other side is. */
export interface Elsewhere {
  readonly form: Form;
  run<R>(fn: (form: Form) => R): PromiseLike<Awaited<R>>;
}

export const greenlets: Elsewhere = { form: 'async', run: (fn) => spawn(async () => fn('async')) as PromiseLike<any> };

export const workers = (crew: Crew, form: Form): Elsewhere => ({ form, run: (fn) => crew.run(fn, form) });

export interface RuleBetween {
  readonly name: string;
  readonly needs?: readonly Feature[];
  readonly holds: (family: Family, elsewhere: Elsewhere) => Promise<void>;
}

const put = async (form: Form, queue: AnyQueue, item: unknown, timeout?: number): Promise<void> =>
  form === 'sync' ? queue.putSync(item, timeout) : queue.put(item, timeout);
const get = async (form: Form, queue: AnyQueue, timeout?: number): Promise<any> =>
  form === 'sync' ? queue.getSync(timeout) : queue.get(timeout);

/** The name of the error that a call ends by. */
const nameOf = async (call: () => unknown): Promise<string> => {
  try {
    await call();
    return 'done';
  } catch (error) {
    return (error as Error).name;
  }
};

const bunch = <R>({ run }: Elsewhere, count: number, fn: (form: Form, n: number) => R): PromiseLike<Awaited<R>>[] =>
  Array.from({ length: count }, (_, n) => run((form) => fn(form, n)));

const inOrder = (items: readonly number[]): readonly number[] => items.toSorted((one, other) => one - other);
const waits = (queue: AnyQueue, who: string): number => queue.statistics()[`waiting${who}`]!;

export const rulesBetween: readonly RuleBetween[] = [
  {
    name: 'items of several producers arrive once, for each consumer in the order of their producer',
    async holds({ make, has }, elsewhere) {
      const queue = make();
      const each = 100;
      const producers = bunch(elsewhere, 3, async (form, producer) => {
        for (let n = 0; n < each; n += 1) await put(form, queue, producer * 1000 + n);
      });
      const consumers = bunch(elsewhere, 3, async (form) => {
        const own: number[] = [];
        while (own.length < each) own.push(await get(form, queue));
        return own;
      });
      const got = await Promise.all(consumers);
      await Promise.all(producers);
      assert.equal(new Set(got.flat()).size, 3 * each);
      if (!has.has('fifo')) return;
      for (const own of got)
        for (const producer of [0, 1, 2]) {
          const its = own.filter((item) => Math.floor(item / 1000) === producer);
          assert.deepEqual(its, inOrder(its));
        }
    },
  },
  {
    name: 'a bounded queue holds no more than its size, and a get lets a putter in',
    needs: ['bound', 'nowait'],
    async holds({ make }, elsewhere) {
      const queue = make(3);
      const putting = elsewhere.run(async (form) => {
        for (let n = 0; n < 60; n += 1) await put(form, queue, n);
      });
      await until(() => queue.full() && waits(queue, 'Putters') === 1);
      const got: number[] = [];
      for (let n = 0; n < 60; n += 1) {
        assert.ok(queue.qsize() <= 3);
        got.push(await queue.get());
      }
      await putting;
      assert.deepEqual(
        inOrder(got),
        Array.from({ length: 60 }, (_, n) => n),
      );
      isIdle(queue);
    },
  },
  {
    name: 'each getter that waits gets one item',
    async holds({ make }, elsewhere) {
      const queue = make();
      const getting = bunch(elsewhere, 3, (form) => get(form, queue));
      // The async waits of one thread count as one.
      await until(() => waits(queue, 'Getters') >= 1);
      for (const item of [1, 2, 3]) await queue.put(item);
      assert.deepEqual(inOrder(await Promise.all(getting)), [1, 2, 3]);
      assert.ok(queue.empty());
      await until(() => waits(queue, 'Getters') === 0);
    },
  },
  {
    name: 'waits that are given up elsewhere leave nothing behind',
    needs: ['bound'],
    async holds({ make }, elsewhere) {
      const queue = make(1);
      const names = await elsewhere.run(async (form) => {
        const calls = [
          () => get(form, queue, 1),
          () => get(form, queue, 0),
          () => put(form, queue, 1, 0),
          () => put(form, queue, 2, 1),
          () => put(form, queue, 2, 0),
          () => get(form, queue, 0),
          () => get(form, queue, 0),
        ];
        const all: string[] = [];
        for (const call of calls) all.push(await nameOf(call));
        return all;
      });
      assert.deepEqual(names, ['Empty', 'Empty', 'done', 'Full', 'Full', 'done', 'Empty']);
      isIdle(queue);
    },
  },
  {
    name: 'between many that give up in time nothing is lost or doubled',
    needs: ['bound', 'shutdown'],
    async holds({ make }, elsewhere) {
      const queue = make(4);
      const putting = bunch(elsewhere, 3, async (form, n) => {
        for (let i = 0; i < 50; ) if ((await nameOf(() => put(form, queue, n * 50 + i, 1))) === 'done') i += 1;
      });
      const getting = bunch(elsewhere, 3, async (form) => {
        const got: number[] = [];
        for (let end = ''; end !== 'ShutDown'; ) end = await nameOf(async () => got.push(await get(form, queue, 1)));
        return got;
      });
      await Promise.all(putting);
      queue.shutdown();
      assert.deepEqual(
        inOrder((await Promise.all(getting)).flat()),
        Array.from({ length: 150 }, (_, n) => n),
      );
    },
  },
  {
    name: 'shutdown here ends the waits of all, and iterations when all is taken',
    needs: ['bound', 'shutdown', 'tasks', 'nowait', 'many'],
    async holds({ make }, elsewhere) {
      const [empty, full] = [make(), make(1)];
      full.putNowait(1);
      const getting = bunch(elsewhere, 2, (form) => nameOf(() => get(form, empty)));
      const putting = bunch(elsewhere, 2, (form) => nameOf(() => put(form, full, 2)));
      const joining = elsewhere.run((form) => (form === 'sync' ? full.joinSync() : full.join()));
      await until(() => waits(empty, 'Getters') > 0 && waits(full, 'Putters') > 0 && waits(full, 'Joiners') > 0);
      empty.shutdown();
      full.shutdown();
      assert.deepEqual(await Promise.all([...getting, ...putting]), ['ShutDown', 'ShutDown', 'ShutDown', 'ShutDown']);
      assert.equal(full.getNowait(), 1);
      full.taskDone();
      assert.equal(await joining, true);
      const queue = make();
      const iterating = bunch(elsewhere, 2, async () => {
        const got: number[] = [];
        for await (const item of queue) got.push(item);
        return got;
      });
      await queue.putMany([1, 2, 3]);
      queue.shutdown();
      assert.deepEqual(inOrder((await Promise.all(iterating)).flat()), [1, 2, 3]);
    },
  },
  {
    name: 'an immediate shutdown lets the joiners go',
    needs: ['shutdown', 'tasks', 'nowait'],
    async holds({ make }, elsewhere) {
      const queue = make();
      queue.putNowait(1);
      const joining = elsewhere.run((form) => (form === 'sync' ? queue.joinSync() : queue.join()));
      await until(() => waits(queue, 'Joiners') === 1);
      queue.shutdown({ immediate: true });
      assert.equal(await joining, true);
    },
  },
  {
    name: 'tasks that are done elsewhere are joined here, and tasks done here elsewhere',
    needs: ['tasks', 'many'],
    async holds({ make }, elsewhere) {
      const queue = make();
      await queue.putMany([1, 2, 3, 4]);
      assert.equal(await queue.join(1), false);
      const joined = elsewhere.run((form) => (form === 'sync' ? queue.joinSync() : queue.join()));
      await elsewhere.run(async (form) => {
        for (let i = 0; i < 3; i += 1) {
          await get(form, queue);
          queue.taskDone();
        }
      });
      assert.equal(await queue.join(0), false);
      await queue.get();
      queue.taskDone();
      assert.deepEqual([await joined, await queue.join()], [true, true]);
      assert.throws(() => queue.taskDone(), RangeError);
    },
  },
];
