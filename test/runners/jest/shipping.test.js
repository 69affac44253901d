// What people write in their tests and hand to a pool, once for each kind of worker.
import * as path from 'node:path';
import { Socket } from 'node:net';
import { ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import greet, { adder, AppError, countTo, double, nextCall, viaOthers } from './modules.js';
import * as modules from './modules.js';
import { Point } from './shapes.js';

const factor = 3;
const timesFactor = (x) => x * factor;
let rate = 1;

class Account {
  history = [];
  constructor(owner) {
    this.owner = owner;
  }
  add(amount) {
    this.history.push(amount * factor);
    return this;
  }
  get total() {
    return this.history.reduce((a, b) => a + b, 0);
  }
}
class Savings extends Account {
  get total() {
    return super.total + 1;
  }
}
function fibonacci(n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

for (const Executor of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  describe(Executor.name, () => {
    let pool;
    beforeAll(() => {
      pool = new Executor({ maxWorkers: 1 });
    });
    afterAll(() => pool.shutdown());

    test('top-level functions of the test file', async () => {
      expect(await pool.submit(timesFactor, 2)).toBe(6);
      expect(await pool.submit(fibonacci, 10)).toBe(55);
      expect(await pool.submit((x) => timesFactor(x) + fibonacci(x), 5)).toBe(20);
    });
    test('a let has its value of the call', async () => {
      rate = 2;
      const first = pool.submit(() => rate);
      rate = 3;
      expect([await first, await pool.submit(() => rate)]).toEqual([2, 3]);
    });
    test('closures over objects, maps, typed arrays and loop variables', async () => {
      const config = {
        deep: { list: [1, 2] },
        map: new Map([['a', new Set([1])]]),
        bytes: new Uint8Array([1, 2, 3]),
        when: new Date(5),
        pattern: /x+/g,
        big: 5n,
      };
      const look = () => [
        config.deep.list.length,
        config.map.get('a')?.has(1),
        config.bytes[2],
        config.when.getTime(),
        'axxb'.replace(config.pattern, ''),
        config.big + 1n,
      ];
      expect(await pool.submit(look)).toEqual([2, true, 3, 5, 'ab', 6n]);
      for (let i = 0; i < 3; i++) expect(await pool.submit(() => i)).toBe(i);
    });
    test('imported functions themselves: named, default, namespace', async () => {
      expect(await pool.submit(double, 4)).toBe(8);
      expect(await pool.submit(greet, 'you')).toBe('hello you');
      expect(await pool.submit(modules.viaOthers, 'abc')).toBe(43);
      expect(await pool.submit(nextCall)).toBeGreaterThan(0);
    });
    test('functions that use imports: named, default, namespace, Node’s own', async () => {
      expect(await pool.submit((x) => [double(x), greet('a'), modules.double(x), path.basename('/a/b')], 2)).toEqual([
        4,
        'hello a',
        4,
        'b',
      ]);
      expect(await pool.submit(() => [viaOthers('ab'), new Point(1, 2).sum()])).toEqual([42, 3]);
      const all = async (n) => {
        const list = [];
        for await (const i of countTo(n)) list.push(i);
        return list;
      };
      expect(await pool.submit(all, 3)).toEqual([1, 2, 3]);
    });
    test('a closure made by an imported module', async () => {
      expect(await pool.submit(adder(1), 1)).toBe(42);
    });
    test('classes and instances, there and back', async () => {
      expect(await pool.submit(() => new Savings('me').add(2).total)).toBe(7);
      const there = new Savings('you').add(1);
      const back = await pool.submit((account) => account.add(2), there);
      expect(back).toBeInstanceOf(Savings);
      expect(back.total).toBe(10);
      expect(there.total).toBe(4);
      expect(await pool.submit(() => new Point(3, 4))).toBeInstanceOf(Point);
    });
    test('errors keep class, message and the line of the test file', async () => {
      const failing = pool.submit(function failsHere() {
        throw new AppError(404);
      });
      const error = await failing.then(
        () => new Error('nothing was thrown'),
        (reason) => reason,
      );
      expect(error).toBeInstanceOf(AppError);
      expect([error.name, error.message, error.status]).toEqual(['AppError', 'status 404', 404]);
      expect(error.stack).toMatch(/failsHere.*shipping\.test\.js/);
    });
    test('generators, methods, bound functions and default parameters', async () => {
      const object = {
        n: 2,
        *items() {
          yield this.n;
          yield factor;
        },
        run(x = factor) {
          return x * 2;
        },
      };
      expect(await pool.submit(() => [...object.items()])).toEqual([2, 3]);
      expect(await pool.submit(object.run)).toBe(6);
      expect(await pool.submit(Math.max.bind(null, 4), 2)).toBe(4);
    });
    test('two functions that share an object, and nothing left for the next task', async () => {
      const state = { n: 0 };
      const up = () => ++state.n;
      const task = () => [up(), up(), state.n];
      expect(await pool.submit(task)).toEqual([1, 2, 2]);
      expect(await pool.submit(task)).toEqual([1, 2, 2]);
      expect(state.n).toBe(0);
    });
    test('what stands around a function: import.meta, relative imports, globals', async () => {
      expect(await pool.submit(() => [import.meta.url, typeof process.pid, typeof Buffer.from])).toEqual([
        import.meta.url,
        'number',
        'function',
      ]);
      expect(await pool.submit(async () => (await import('./shapes.js')).word('abcd'))).toBe(4);
    });
    test('what cannot cross is refused by name', async () => {
      const config = { socket: new Socket() };
      const worker = () => config.socket.destroyed;
      await expect(pool.submit(worker)).rejects.toThrow('worker → config.socket: a Socket cannot cross');
      const promise = Promise.resolve();
      const waits = () => promise;
      await expect(pool.submit(waits)).rejects.toThrow('waits → promise: a Promise cannot cross');
    });
  });
}
