/** The name of a function is a property like any other: what a function is, its source and place say. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../../pool/kinds.ts';

type Fn = (...args: any[]) => any;

const renamed = <F extends Fn>(fn: F, value: unknown): F => Object.defineProperty(fn, 'name', { value, configurable: true });

// Names that loops and a `switch` below declare again, so that the file assigns them.
function loop(): Fn {
  function n(x: number): number {
    return x <= 0 ? 1 : n(x - 1);
  }
  return renamed(n, 'addOne');
}
function inSwitch(): Fn {
  function s(x: number): number {
    return x + 1;
  }
  return renamed(s, 'not an identifier');
}
function assigned(): { call: Fn; swap(): void } {
  function v(x: number): number {
    return x === 0 ? 10 : v(x - 1);
  }
  const first = renamed(v, 'first');
  return {
    call: first,
    swap: () => {
      // @ts-expect-error the old kind of code may do so
      v = () => 20; // oxlint-disable-line no-func-assign -- the case
    },
  };
}
function* g(): Generator<number> {
  yield 1;
}
export function elsewhere(list: Fn[], choice: number): void {
  for (const n of list) n();
  // oxlint-disable-next-line no-var -- declared without a value
  for (var g of list) g();
  switch (choice) {
    case 1: {
      break;
    }
    default:
      let s: Fn; // oxlint-disable-line no-case-declarations -- the case
      for (s of list) s();
  }
}
// esbuild's helper, as its minifier leaves it.
const { defineProperty: d } = Object;
const o = (e: object, t: string): object => d(e, 'name', { value: t, configurable: true });

class StaticMethod {
  static name(): string {
    return 'static method';
  }
  hi(): string {
    return 'hi';
  }
}
const label = 'from a variable';
class StaticGetter {
  static get name(): string {
    return `a getter ${label}`;
  }
}
class ThrowingGetter {
  static get name(): never {
    throw new Error('only the program reads this');
  }
  hi(): string {
    return 'hi';
  }
}
class StaticNumber {
  static name = 5;
}
class Methods {
  get size(): number {
    return 1;
  }
  work(): string {
    return 'work';
  }
}
Object.assign(Methods.prototype.work, { role: 'admin' });
Object.defineProperty(Methods.prototype.work, 'name', { value: 'renamed' });
Object.defineProperty(Object.getOwnPropertyDescriptor(Methods.prototype, 'size')?.get, 'unit', { value: 'mm' });

const curried = Object.defineProperty((...args: number[]): number => args.length, 'length', { value: 3 });
const bound = Object.assign(renamed(elsewhere.bind(undefined, []), 'mine'), { tag: [1] });
const plainBound = elsewhere.bind(undefined, []);

const minified = new URL('../../../../test/fixtures/functions/minified.mjs', import.meta.url).href;

for (const { kind, shared } of kinds) {
  const submit = <R>(fn: (...args: any[]) => R, ...args: unknown[]): Promise<Awaited<R>> => shared(1).submit(fn, ...args);

  test(`a declaration that was renamed is the same function in a ${kind}`, async () => {
    assert.equal(await submit(loop(), 2), 1);
    assert.equal(await submit((f: Fn) => `${f.name} ${f(2)}`, loop()), 'addOne 1');
    assert.equal(await submit(inSwitch(), 1), 2);
    assert.equal(await submit((f: Fn) => f.name, inSwitch()), 'not an identifier');
    assert.deepEqual(await submit((f: Fn) => [f.name, ...f()], renamed(g, 'numbers')), ['numbers', 1]);
    assert.equal(await submit((f: Fn) => f.name, o(loop(), 'named again')), 'named again');
  });

  test(`a renamed declaration sees what its variable holds by now in a ${kind}`, async () => {
    const { call, swap } = assigned();
    assert.equal(await submit(call, 3), 10);
    swap();
    assert.equal(await submit(call, 3), 20);
  });

  test(`an exported function that a minifier wrapped to name it is imported in a ${kind}, with the state of its module`, async () => {
    const { count, once } = (await import(minified)) as Record<'count' | 'once', () => number>;
    count();
    assert.equal(await submit(count), 1);
    assert.equal(await submit(once), 2);
  });

  test(`static members called name are what they are in a ${kind}`, async () => {
    assert.equal(await submit(() => StaticMethod.name()), 'static method');
    assert.equal(await submit((C: typeof StaticMethod) => C.name(), StaticMethod), 'static method');
    assert.equal(await submit(() => StaticGetter.name), 'a getter from a variable');
    assert.equal(await submit((C: typeof ThrowingGetter) => new C().hi(), ThrowingGetter), 'hi');
    assert.equal(await submit(() => StaticNumber.name), 5);
    const back = await submit((one: ThrowingGetter) => one, new ThrowingGetter());
    assert.ok(back instanceof ThrowingGetter);
  });

  test(`a function whose name is no string runs in a ${kind}, and errors call it anonymous`, async () => {
    const held = Promise.resolve();
    assert.equal(await submit(renamed(() => 1, 7)), 1);
    await assert.rejects(submit(renamed(() => held, 7)), { message: /^\(anonymous\) → held: a Promise cannot cross/ });
    const getter = Object.defineProperty(() => held, 'name', { get: () => assert.fail('the name was read') });
    await assert.rejects(submit(getter), { message: /^\(anonymous\) → held: a Promise cannot cross/ });
  });

  test(`what was put on methods, bound functions and lengths is there in a ${kind}`, async () => {
    const worked = await submit(() => {
      const { get } = Object.getOwnPropertyDescriptor(Methods.prototype, 'size')!;
      const { work } = Methods.prototype as unknown as { work: Fn & { role: string } };
      return [work.role, work.name, work(), (get as Fn & { unit?: string }).unit, Object.keys(get!), new Methods().size];
    });
    assert.deepEqual(worked, ['admin', 'renamed', 'work', 'mm', [], 1]);
    assert.equal(await submit(() => curried.length), 3);
    assert.deepEqual(await submit(() => [bound.name, bound.length, bound.tag]), ['mine', 1, [1]]);
    assert.deepEqual(await submit(() => [plainBound.name, plainBound.length]), ['bound elsewhere', 1]);
  });
}
