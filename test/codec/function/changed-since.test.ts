/** A function that was sent before is sent as it is now. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../../pool/kinds.ts';

type Fn = (...args: any[]) => any;

const named = <F extends object>(fn: F, value: unknown): F => Object.defineProperty(fn, 'name', { value, configurable: true });

function declared(n: number): number {
  return n + 1;
}
function* counted(): Generator<number> {
  yield 1;
}
const helper = (n: number): number => n * 2;
const rated = (): unknown => [(helper as Fn & { rate?: number }).rate, helper(2)];

for (const { kind, shared } of kinds) {
  const submit = <R>(fn: (...args: any[]) => R, ...args: unknown[]): Promise<Awaited<R>> => shared(1).submit(fn, ...args);
  const shape = (fn: Fn & { rate?: number }): unknown => [fn.name, fn.length, fn.rate, Object.keys(fn)];

  test(`a function that got properties after it was sent has them in a ${kind}`, async () => {
    const functions: Fn[] = [(a: number) => a, declared, counted, async (a: number) => a];
    for (const fn of functions) {
      const { name } = fn;
      assert.deepEqual(await submit(shape, fn), [name, fn.length, undefined, []]);
      Object.assign(fn, { rate: 3 });
      assert.deepEqual(await submit(shape, fn), [name, fn.length, 3, ['rate']]);
      delete (fn as { rate?: number }).rate;
      named(fn, `${name} again`);
      Object.defineProperty(fn, 'length', { value: 7 });
      assert.deepEqual(await submit(shape, fn), [`${name} again`, 7, undefined, []]);
    }
  });

  test(`a task and the functions it calls are those of now in a ${kind}`, async () => {
    const task = named(() => 1, 'task') as Fn;
    assert.equal(await submit(task), 1);
    assert.deepEqual(await submit(rated), [undefined, 4]);
    Object.assign(helper, { rate: 5 });
    assert.deepEqual(await submit(rated), [5, 4]);
    delete (helper as { rate?: number }).rate;
    assert.deepEqual(await submit(rated), [undefined, 4]);
  });

  test(`a function of the old kind of class gets methods later in a ${kind}`, async () => {
    function point(this: { x: number }): void {
      this.x = 1;
    }
    const make = (C: new () => { x: number; move?(): number }): unknown => new C().move?.();
    assert.equal(await submit(make, point), undefined);
    (point.prototype as { move(): number }).move = function (this: { x: number }): number {
      return this.x + 1;
    };
    assert.equal(await submit(make, point), 2);
  });

  test(`a class that changed after it was sent has its name, static values and members of now in a ${kind}`, async () => {
    class A {
      work(): string {
        return 'first';
      }
    }
    const look = (C: typeof A & { rate?: number }): unknown => [
      C.name,
      C.rate,
      new C().work(),
      (C.prototype.work as Fn & { role?: string }).role,
    ];
    const { work } = A.prototype;
    assert.deepEqual(await submit(look, A), ['A', undefined, 'first', undefined]);
    named(A, 'Renamed');
    assert.deepEqual(await submit(look, A), ['Renamed', undefined, 'first', undefined]);
    Object.assign(A, { rate: 2 });
    Object.assign(work, { role: 'admin' });
    assert.deepEqual(await submit(look, A), ['Renamed', 2, 'first', 'admin']);
    A.prototype.work = () => 'second';
    assert.deepEqual(await submit(look, A), ['Renamed', 2, 'second', undefined]);
    A.prototype.work = work;
    delete (A as { rate?: number }).rate;
    delete (work as Fn & { role?: string }).role;
    assert.deepEqual(await submit(look, A), ['Renamed', undefined, 'first', undefined]);
    named(A, 5);
    assert.deepEqual(await submit(look, A), [5, undefined, 'first', undefined]);
    named(A, 'A');
    assert.deepEqual(await submit(look, A), ['A', undefined, 'first', undefined]);
  });
}
