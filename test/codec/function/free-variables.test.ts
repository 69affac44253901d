import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionSyntax } from '#src/codec/function/analyse/function-syntax.js';

/** [source, its free variables, those of them it assigns] */
const table: [string, string, string?][] = [
  ['() => a + b.c', 'a b'],
  ['(a, { b, c: [d = e], ...f }, ...g) => a + b + c + d + f + g', 'e c'],
  ['function f() { return f() + g() }', 'g'],
  ['function () { var a = 1; { let b = a; const c = b } return c }', 'c'],
  ['function () { a = 1; var a }', ''],
  ['() => { if (x) { var y = 1 } return y }', 'x'],
  ['() => { { function inner() {} } return inner() }', ''],
  ['() => { for (let i = n; i < m; i++) use(i); return i }', 'n m use i'],
  ['() => { for (const k of ks) k; for (p in o) p }', 'ks p o', 'p'],
  ['() => { try { t() } catch ({ message }) { return message } return message }', 't message'],
  ['() => { label: for (;;) { break label } }', ''],
  ['() => ({ a, b: c, [d]: 1, e() { return f } })', 'a c d f'],
  ['() => { n++; [a, b.c] = [1, 2]; ({ d: e = g } = h) }', 'n a b e g h', 'n a e'],
  ['() => class extends Base { static s = v; m() { return w } #p = x }', 'Base v w x'],
  ['() => class Own { m() { return Own } }', ''],
  ['() => { switch (a) { case b: { let c } default: let d; d } }', 'a b'],
  ['async () => { for await (const x of xs) await x }', 'xs'],
  ['function* () { yield* inner(); }', 'inner'],
  ['() => `a ${b} ${`c ${d}`}`', 'b d'],
  ['() => tag`x ${y}`', 'tag y'],
  ['() => typeof missing', 'missing'],
  ['() => a?.b?.[c]?.(d)', 'a c d'],
  ['() => new.target', ''],
  ['(x = y, y) => x', ''],
  ['method(a) { return a + b + super.c }', 'b'],
  ['async *[Symbol.iterator]() { yield z }', 'z'],
  ['get x() { return y }', 'y'],
  ['class C extends D { constructor() { super(); this.a = a } static { b() } static c = d; e = f; [g]() {} }', 'a f'],
  ['() => { const a = () => a(); return a }', ''],
  ['() => { a(); const b = class { [a] = b } }', 'a'],
  ['() => arguments.length', ''],
  ['function () { return () => arguments }', ''],
];

for (const [source, free, assigned = ''] of table) {
  test(`free variables of ${source}`, () => {
    const { names } = functionSyntax(source).free;
    assert.deepEqual([...names.keys()], free.split(' ').filter(Boolean));
    const written = [...names].filter(([, use]) => use.assigned).map(([name]) => name);
    assert.deepEqual(written, assigned.split(' ').filter(Boolean));
  });
}

test('an arrow takes this, arguments and new.target from outside, also through inner arrows, not through functions', () => {
  const { free } = functionSyntax('() => { this; () => [this, arguments, new.target]; function f() { this; arguments } }');
  assert.deepEqual([free.thisAt.length, free.argumentsAt.length, free.newTargetAt.length], [2, 1, 1]);
});

test('a name of a private member counts as foreign only outside its class', () => {
  assert.deepEqual([...functionSyntax('(o) => o.#a').free.privateNames], ['a']);
  assert.deepEqual([...functionSyntax('(o) => class { #a; m() { return this.#a + o.#b } }').free.privateNames], ['b']);
});

test('only a direct call of eval is direct eval', () => {
  assert.equal(functionSyntax('() => eval("1")').free.directEval, true);
  assert.equal(functionSyntax('() => (0, eval)("1")').free.directEval, false);
  assert.equal(functionSyntax('(eval) => eval("1")').free.directEval, false);
});
