/** Inline closures: which of them need no inspector, and that those mean elsewhere what they mean here. */

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { after, describe, test } from 'node:test';
import { runInNewContext, runInThisContext, Script } from 'node:vm';
import { captureFunction } from '#src/codec/host.js';
import { all } from '../../pool/collect.ts';
import { kinds } from '../../pool/inside-kinds.ts';

type Fn = (...args: any[]) => any;

const fixture = (name: string): string => new URL(`../../../../test/fixtures/functions/${name}`, import.meta.url).href;

/** How often the inspector is asked while `use` runs. */
function questions(use: () => void): number {
  const { post } = Session.prototype;
  let count = 0;
  Session.prototype.post = function (this: Session, ...args: unknown[]) {
    count += 1;
    return (post as Fn).apply(this, args);
  } as typeof post;
  try {
    use();
  } finally {
    Session.prototype.post = post;
  }
  return count;
}

const asks = (fn: Fn): boolean => questions(() => void captureFunction(fn, { kind: 'thread' })) > 0;

/** Functions as text, so that neither the compiler nor coverage changes them. */
const made = (text: string, directive: string = "'use strict';"): Fn =>
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is the test
  (new Function(`${directive} return [${text}]`)() as [Fn])[0];

const closed = [
  '(n) => n',
  '(n) => n * 2 + 1',
  'async (n) => n',
  'async (n) => { for await (const one of n) return one; }',
  'function (n) { return n }',
  'function () { return arguments.length }',
  'function () { return this }',
  'function (n) { n.x = 1; return n }',
  'function* (n) { yield n; yield* n; }',
  'async function* (n) { yield n }',
  '(n, m = n + 1, ...rest) => [n, m, ...rest]',
  '({ a, b: [c = a] }) => `${a} and ${c}`',
  '(n) => /(?<word>\\w+)/u.test(n)',
  '(n) => { outer: for (const a of n) { for (;;) { if (a) continue outer; break outer; } } }',
  '(n) => { /* process, fetch */ return "setTimeout" + n.process }',
  '(setTimeout) => setTimeout(1)',
  '(n) => { const fetch = n.fetch; return typeof fetch }',
  '(n) => n.map((one) => ({ one, [one]: one }).one)',
  '(n) => { "use strict"; n.x = 1; return n }',
  '(n) => { class A { #x = n; get x() { return this.#x } set y(v) { this.z = v } } return new A().x }',
  '(n) => { try { n() } catch { return 1 } finally { n = 2 } }',
  '(n) => { let sum = 0; for (let i = 0; i < n; i++) sum += i; return sum }',
];

for (const text of closed) {
  test(`inline closure without free names needs no inspector: ${text}`, () => assert.equal(asks(made(text)), false));
}

const open = [
  '() => setTimeout',
  '() => undefined',
  '(n) => typeof n === typeof x',
  '(n = fetch) => n',
  '(n) => { x = n }',
  '() => this',
  '() => arguments.length',
  '() => import("node:fs")',
  '(n) => n`text`',
  '(n) => { n.x = 1 }',
  '(n) => { [n.x] = [1] }',
  '(n) => { for (n.x of [1]); }',
  '(n) => n.x++',
  '(n) => delete n.x',
  '(n) => n.map(function (one) { return one })',
  'async function () { return this }',
  'function () { return arguments.callee }',
  'class { static x = 1 }',
  'function named() {}',
  '{ method() {} }.method',
  'Object.getOwnPropertyDescriptor({ get x() { return 1 } }, "x").get',
  '(n) => {\n<!-- n\nreturn n }',
];

for (const text of open) {
  test(`function that its text does not tell all about is read through the inspector: ${text}`, () =>
    assert.equal(asks(made(text, '')), true));
}

describe('function with something on it is read through the inspector:', () => {
  const withChange = (change: (fn: Fn) => unknown, text: string = 'function (n) { return n }'): Fn => {
    const fn = made(text);
    change(fn);
    return fn;
  };
  const changed: Record<string, Fn> = {
    'a property': withChange((fn) => Object.assign(fn, { x: 1 })),
    'a symbol': withChange((fn) => Object.assign(fn, { [Symbol.for('x')]: 1 })),
    'a toString of its own': withChange((fn) => Object.assign(fn, { toString: () => '() => 1' })),
    'an accessor': withChange((fn) => Object.defineProperty(fn, 'x', { get: () => 1 })),
    'a member of its prototype': withChange((fn) => Object.assign(fn.prototype as object, { x: 1 })),
    'another prototype': withChange((fn) => Object.setPrototypeOf(fn, made('function () {}'))),
    'a prototype that inherits': withChange((fn) => Object.setPrototypeOf(fn.prototype, { x: 1 })),
    'no name property': withChange((fn) => Reflect.deleteProperty(fn, 'name'), '(n) => n'),
    'another realm': runInNewContext('[(n) => n][0]') as Fn,
    'bound arguments': ((n: number) => n).bind(null, 1),
  };
  for (const [what, fn] of Object.entries(changed)) test(what, () => assert.equal(asks(fn), true));
});

test('anonymous function of Node itself is refused, whatever its text says', () => {
  const { _transform: internal } = PassThrough.prototype as unknown as { _transform: Fn };
  assert.throws(() => captureFunction(internal, { kind: 'thread' }), /internal function/);
});

test('anonymous export of a CommonJS module goes by reference, an inline closure with its text does not', async () => {
  const { double, inline } = createRequire(import.meta.url)(new URL(fixture('anonymous.cjs')).pathname) as { double: Fn; inline: () => Fn };
  // Modules that were loaded since are looked for once in a turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
  const seen: string[] = [];
  const listen = (message: unknown): void => void seen.push((message as { how: string }).how);
  subscribe('heddle:functionCaptured', listen);
  captureFunction(inline(), { kind: 'thread' });
  captureFunction(double, { kind: 'thread' });
  unsubscribe('heddle:functionCaptured', listen);
  assert.deepEqual(seen, ['value', 'reference']);
});

test('fresh closures with one text are one function for a worker', () => {
  const one = captureFunction(made('(n) => n - 1'), { kind: 'thread' });
  const other = captureFunction(made('(n) => n - 1'), { kind: 'thread' });
  assert.equal(one.id, other.id);
  assert.equal(one.packet, other.packet);
});

test('place whose closures are read again and again is told at the 100th and the 1,000th time', () => {
  const seen: unknown[] = [];
  const listen = (message: unknown): void => {
    const { file, line, count, ms } = message as { file: string; line: number; count: number; ms: number };
    assert.ok(ms > 0);
    seen.push([file.replace(/^.*\//, ''), line, count]);
  };
  subscribe('heddle:functionRecaptured', listen);
  for (let i = 0; i < 1001; i++) captureFunction(() => i, { kind: 'thread' });
  unsubscribe('heddle:functionRecaptured', listen);
  const source = new URL('../../../../test/codec/function/inline.test.ts', import.meta.url);
  const file = 'inline.test.ts';
  const line =
    readFileSync(source, 'utf8')
      .split('\n')
      .findIndex((text) => text.includes('i < 1001; i++) captureFunction(() => i,')) + 1;
  assert.deepEqual(seen, [
    [file, line, 100],
    [file, line, 1000],
  ]);
});

test('function made at run time is read without a look at the scripts', () => {
  captureFunction(made('(n) => Math.abs(n)', ''), { kind: 'thread' });
  const { post } = Session.prototype;
  const methods: string[] = [];
  Session.prototype.post = function (this: Session, ...args: unknown[]) {
    methods.push(args[0] as string);
    return (post as Fn).apply(this, args);
  } as typeof post;
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- what the test is about
    for (let i = 0; i < 3; i++) captureFunction(new Function('n', `return Math.max(n, ${i})`) as Fn, { kind: 'thread' });
    captureFunction(runInThisContext('(n) => Math.min(n, 1)') as Fn, { kind: 'thread' });
    captureFunction((0, eval)('(n) => Math.min(n, 2)') as Fn, { kind: 'thread' });
  } finally {
    Session.prototype.post = post;
  }
  assert.deepEqual([...new Set(methods)], ['Runtime.evaluate', 'Runtime.getProperties', 'Runtime.callFunctionOn']);
});

for (const { kind, open: openPool } of kinds) {
  describe(kind, () => {
    const pool = openPool({ maxWorkers: 1 });
    after(() => pool.shutdown());

    test('the same text in two modules means in each what its module means', async () => {
      const [globals, imported] = (await Promise.all(['global-timer.mjs', 'imported-timer.mjs'].map((name) => import(fixture(name))))) as [
        { make: () => Fn },
        { make: () => Fn },
      ];
      assert.equal(globals.make().toString(), imported.make().toString());
      for (const round of [1, 2]) {
        assert.equal(await pool.submit(globals.make()), true, `${round}`);
        assert.equal(await pool.submit(imported.make()), false, `${round}`);
      }
    });

    test('inline closure without free names keeps file and line in its stack', async () => {
      const { makers } = (await import(fixture('places.mjs'))) as { makers: Record<string, () => Fn> };
      const first = (error: unknown): string => /file:[^)]*?:\d+:\d+/.exec((error as Error).stack ?? '')?.[0] ?? 'nowhere';
      const reason = (error: unknown): unknown => error;
      for (const name of ['arrow', 'twin', 'lines', 'later', 'plain', 'caught']) {
        const fn = makers[name]!();
        assert.equal(asks(fn), false, name);
        const here = await (async (): Promise<unknown> => fn({}) as unknown)().catch(reason);
        const there = await pool.submit(fn, {}).catch(reason);
        assert.equal(first(there), first(here), `${name}: ${(there as Error).stack}`);
      }
      // Among the results of a map.
      const [item] = await all(pool.map(makers['caught']!(), [{}]));
      assert.equal(first(item), first(makers['caught']!()({})));
      // A closure that the task made, and that fails at home.
      const thrown = (fn: Fn): unknown => {
        try {
          return fn({});
        } catch (error) {
          return error;
        }
      };
      const back = (await pool.submit(makers['maker']!())) as Fn;
      assert.equal(first(thrown(back)), first(thrown(makers['maker']!()() as Fn)));
    });

    test('errors inside a result are led to the file and line of an inline closure, too', async () => {
      const fn = made(
        '(n) => { try { n.a.b } catch (cause) { return { cause, parts: [1].map(() => { try { n.c.d } catch (part) { return part } }) } } }',
      );
      assert.equal(asks(fn), false);
      const { cause, parts } = (await pool.submit(fn, {})) as { cause: Error; parts: [Error] };
      for (const { stack } of [cause, parts[0]]) assert.doesNotMatch(String(stack), /heddle:inline/);
    });

    test('sloppy and strict code with one text stay what they are', async () => {
      const text = 'function () { return typeof this }';
      for (const round of [1, 2]) {
        assert.equal(await pool.submit(made(text, '')), 'object', `${round}`);
        assert.equal(await pool.submit(made(text)), 'undefined', `${round}`);
      }
      const write = '(n) => { n.x = 1; return n.x }';
      await assert.rejects(pool.submit(made(write), 'text'), TypeError);
      assert.equal(await pool.submit(made(write, ''), 'text'), undefined);
      // oxlint-disable-next-line no-octal -- strict code has no such number
      assert.equal(await pool.submit(made('(n) => n + 010', ''), 1), 9);
    });

    test('functions made at run time mean there what they mean here, and their stacks name their script', async () => {
      const fail = new Script('\n  (n) => Math.max(n.a.b)', { filename: '/made/here.js' }).runInThisContext() as Fn;
      const error = (await pool.submit(fail, {}).catch((reason: unknown) => reason)) as Error;
      assert.match(String(error.stack), /at (file:\/\/)?\/made\/here\.js:2:23\n/);
      assert.equal(await pool.submit(made('function (n) { x_ = n; return globalThis.x_ }', ''), 3), 3);
      await assert.rejects(pool.submit(made('function (n) { x_y = n }'), 3), ReferenceError);
      // oxlint-disable-next-line typescript/no-implied-eval -- what the test is about
      assert.equal(await pool.submit(new Function('n', 'return typeof this + Math.max(n, 2)') as Fn, 1), 'object2');
    });

    test('function of a CommonJS file keeps its file where it runs', async () => {
      const { named } = createRequire(import.meta.url)(new URL(fixture('anonymous.cjs')).pathname) as { named: () => () => string };
      for (const round of [1, 2]) assert.match(await pool.submit(named()), /at named \(.*anonymous\.cjs:5:12\)/, `${round}`);
    });

    test('generator without free names is a stream', async () => {
      assert.deepEqual(
        await all(pool.stream(made('function* (n) { for (let i = 0; i < n; i++) yield i }'), 3) as AsyncIterable<number>),
        [0, 1, 2],
      );
    });
  });
}

test('an inline closure costs no more while a CommonJS module is a mock, or still runs', () => {
  const { cache } = createRequire(import.meta.url);
  const reads = { count: 0 };
  const exports = new Proxy({}, { getPrototypeOf: (target) => ((reads.count += 1), Reflect.getPrototypeOf(target)) });
  const mock = {
    get exports() {
      reads.count += 1;
      return exports;
    },
    loaded: false,
  };
  cache['/mock.cjs'] = mock as unknown as NodeJS.Module;
  try {
    captureFunction(made('(n) => n - 2'), { kind: 'thread' });
    const before = reads.count;
    for (let i = 0; i < 100; i++) captureFunction(made('(n) => n - 2'), { kind: 'thread' });
    assert.equal(reads.count, before);
  } finally {
    delete cache['/mock.cjs'];
  }
});

test('fresh closure with captures of a known script is read by three calls of the inspector', () => {
  const makers = [(n: number) => () => n, (n: number) => () => [n, fixture.length], (n: { of: number }) => () => n.of];
  for (const make of makers as ((n: unknown) => Fn)[]) {
    captureFunction(make({ of: 1 }), { kind: 'thread' });
    assert.equal(
      questions(() => void captureFunction(make({ of: 2 }), { kind: 'thread' })),
      3,
      String(make),
    );
  }
});
