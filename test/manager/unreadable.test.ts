/** Messages that one end cannot read, and results, names and arguments that are odd: they concern their call, and no other. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { callback, Manager, registerReducer, SerializationError } from 'heddle';

class Unreadable {}
registerReducer(Unreadable, {
  reduce: () => [[]],
  rebuild: () => {
    throw new RangeError('cannot be read here');
  },
});

/** Can be read once: at the manager, and not where that sends it. */
class Twice {}
registerReducer(Twice, {
  reduce: () => process.pid,
  rebuild: (from) => {
    if (from !== process.pid && process.env['HEDDLE_TEST_HOME'] === String(process.pid)) throw new RangeError('not at home');
    return new Twice();
  },
});
process.env['HEDDLE_TEST_HOME'] = String(process.pid);

class Odd {
  make(): unknown {
    return new Unreadable();
  }
  async slow(ms: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return ms;
  }
  read(): string {
    return 'read';
  }
  readSync(): string {
    return 'of the class';
  }
  async call(fn: (...args: unknown[]) => unknown, ...args: unknown[]): Promise<unknown> {
    return await fn(...args);
  }
  unsendable(): unknown {
    return { deep: new WeakMap() };
  }
  thenGetter(): unknown {
    // oxlint-disable-next-line unicorn/no-thenable -- that is what is tried
    return Object.defineProperty({}, 'then', {
      get() {
        throw new RangeError('of the getter');
      },
    });
  }
  thenThrows(): unknown {
    // oxlint-disable-next-line unicorn/no-thenable -- that is what is tried
    return Object.defineProperty({}, 'then', {
      value() {
        throw new RangeError('of then');
      },
    });
  }
}
Manager.register('Odd', Odd);

let manager: Manager;

before(async () => {
  manager = await Manager.start();
});

after(() => manager.shutdown());

const notHere = /cannot be read here/;

test('arguments that the manager cannot read fail their call, and no other', async () => {
  const odd = await manager.create<Odd>('Odd');
  const dict = await manager.dict<string, number | Unreadable>({ a: 1 });
  const slow = odd.slow(20);
  assert.throws(() => dict.setSync('a', new Unreadable()), notHere);
  const results = await Promise.allSettled([dict.get('a'), dict.set('b', new Unreadable()), dict.get('a'), dict.has('b')]);
  assert.deepEqual(
    results.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message)),
    [1, 'cannot be read here', 1, false],
  );
  assert.equal(await slow, 20);
});

test('a result that the caller cannot read fails its call, and no other', async () => {
  const odd = await manager.create<Odd>('Odd');
  const slow = odd.slow(20);
  assert.throws(() => odd.makeSync(), notHere);
  const [one, other] = await Promise.allSettled([odd.make(), odd.slow(0)]);
  assert.match(String((one as PromiseRejectedResult).reason), notHere);
  assert.equal((other as PromiseFulfilledResult<number>).value, 0);
  assert.equal(await slow, 20);
});

test('what only looks like a promise fails its call, and the manager goes on', async () => {
  const odd = await manager.create<Odd>('Odd');
  await assert.rejects(odd.thenGetter(), /of the getter/);
  await assert.rejects(odd.thenThrows(), /of then/);
  assert.equal(await odd.slow(0), 0);
});

test('the Sync form of a method blocks, also where the class has one of its own', async () => {
  const odd = await manager.create<{ read(): string }>('Odd');
  assert.equal(odd.readSync(), 'read');
});

test('what is no iterable is refused with what was expected and what came', async () => {
  const bad = 5 as never;
  await assert.rejects(manager.list(bad), /^TypeError: expected the items to be an array or another iterable, got 5/);
  await assert.rejects(manager.set(bad), /^TypeError: expected the items to be an array or another iterable, got 5/);
  await assert.rejects(manager.dict([bad]), /^TypeError: expected each of the entries to be a pair, \[key, value\], got 5/);
  await assert.rejects((await manager.list()).extend(bad), /^TypeError: expected items to be an array/);
});

test('an answer of a callback that the manager cannot read fails the call that waits for it, and no other', async () => {
  const odd = await manager.create<Odd>('Odd');
  const { promise, resolve } = withResolvers();
  const slow = odd.call(callback(() => promise));
  await assert.rejects(odd.call(callback(() => new Unreadable())), notHere);
  await assert.rejects(
    odd.call(
      callback(() => {
        throw new Unreadable();
      }),
    ),
    notHere,
  );
  assert.throws(() => odd.callSync(callback(() => new Unreadable())), notHere);
  resolve('read');
  assert.equal(await slow, 'read');
});

test('what a callback is called with and cannot be read where it runs fails the call', async () => {
  const odd = await manager.create<Odd>('Odd');
  const given = callback((one) => one);
  await assert.rejects(odd.call(given, new Twice()), /cannot be read where it runs/);
  assert.equal(await odd.call(given, 1), 1);
});

test('what cannot cross is named as the argument that it is, by its number and its method', async () => {
  const odd = await manager.create<Odd>('Odd');
  const dict = await manager.dict<string>();
  const weak = { in: [new WeakMap()] };
  const because = (path: RegExp) => (error: Error) => error instanceof SerializationError && path.test(error.message);
  await assert.rejects(dict.set('a', weak), because(/^argument 2 of set\(\)\.in\[0\]: a WeakMap cannot cross/));
  assert.throws(() => dict.setSync('a', weak), because(/^argument 2 of set\(\)\.in\[0\]: /));
  await assert.rejects(manager.dict({ a: weak }), because(/^argument 1 of dict\(\)\.a\.in\[0\]: /));
  await assert.rejects(manager.create('Odd', 1, weak), because(/^argument 2 of Odd\(\)\.in\[0\]: /));
  await assert.rejects(
    dict.pipeline((calls) => {
      calls.get('a');
      calls.set('b', weak);
    }),
    because(/^argument 2 of set\(\), call 2 of the pipeline\.in\[0\]: /),
  );
  await assert.rejects(odd.unsendable(), because(/^result\.deep: /));
  await assert.rejects(odd.call(callback(() => weak)), because(/^result of the callback\.in\[0\]: /));
});

function withResolvers(): { promise: Promise<unknown>; resolve: (value: unknown) => void } {
  let resolve: (value: unknown) => void;
  const promise = new Promise<unknown>((go) => (resolve = go));
  return { promise, resolve: (value) => resolve(value) };
}
