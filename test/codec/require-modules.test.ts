/** The modules of a message are loaded by `require()` where nothing can be awaited. */

import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { prepare, prepareSync, setLoadScope, takeEncoder } from '#src/codec/index.js';
import type { Answer, Asked } from './sync-receiver.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-require-'));
const receiver = new URL('./sync-receiver.js', import.meta.url);
const note = (name: string): string => `globalThis.ran?.push('${name}');`;

const files: Record<string, string> = {
  'lib.mjs': `${note('lib')} export function twice(n) { return 2 * n; } export class Point { constructor(x) { this.x = x; } double() { return new Point(twice(this.x)); } }`,
  'default.mjs': `${note('default')} export default function named() { return 'a default'; } export function other() { return 'another'; }`,
  'plain.cjs': `${note('plain')} exports.shout = function shout(text) { return text.toUpperCase(); };`,
  'late.mjs': `${note('late')} export const ready = await Promise.resolve('it waited'); export function late() { return ready; }`,
  'above-late.mjs': `import { ready } from './late.mjs'; ${note('above-late')} export function above() { return ready; }`,
  'throws.mjs': `if (globalThis.ran !== undefined) throw new RangeError('it does not want to'); export function never() {}`,
  'two-faces.mjs': `const other = { face: () => 'to require()' }; export { other as 'module.exports' }; export function face() { return 'to import'; }`,
  'makers.mjs': `
    import { face } from './two-faces.mjs';
    import { basename } from 'node:path';
    import { twice, Point } from './lib.mjs';
    import named, { other } from './default.mjs';
    import { shout } from './plain.cjs';
    import * as lib from './lib.mjs';
    import { late } from './late.mjs';
    import { above } from './above-late.mjs';
    import { never } from './throws.mjs';
    export const byImports = () => () => [basename('/a/b'), twice(4), named(), other(), shout('x'), lib.twice(5)];
    export const byPoint = () => { const point = new Point(3); return () => [point.double().x, point instanceof Point]; };
    export const byClass = () => { class Local extends Point { triple() { return this.x * 3; } } const one = new Local(5); return () => [one.triple(), one.double().x]; };
    export const byTwoFaces = () => face;
    export const byLate = () => () => [twice(1), late()];
    export const byAbove = () => () => above();
    export const byNever = () => () => never();
    export const byQuery = (inner) => () => inner();
  `,
};

type Make = (...args: unknown[]) => () => unknown;
let makers: Record<string, Make>;
let lib: Record<string, () => unknown>;
let thread: Worker;

before(async () => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const load = (name: string): Promise<unknown> => import(pathToFileURL(join(folder, name)).href);
  makers = (await load('makers.mjs')) as typeof makers;
  lib = (await load('default.mjs')) as typeof lib;
  thread = new Worker(receiver);
});

after(async () => {
  await thread.terminate();
  rmSync(folder, { recursive: true });
});

function messageOf(fn: unknown): Uint8Array {
  const encoder = takeEncoder();
  try {
    encoder.encode(fn);
    return encoder.bytes.slice(encoder.start, encoder.end);
  } finally {
    encoder.release();
  }
}

async function ask(fn: unknown, more?: Pick<Asked, 'wait'>, to: Worker | ChildProcess = thread): Promise<Answer> {
  const asked: Asked = { bytes: messageOf(fn), ...more };
  const answer = once(to, 'message') as Promise<[Answer]>;
  if (to instanceof Worker) to.postMessage(asked, []);
  else to.send(asked);
  return (await answer)[0];
}

const made = (name: string): (() => unknown) => (makers[name] as Make)();

test('a module with a top-level await is refused before any of it has run, and can be imported later', async () => {
  const first = await ask(made('byAbove'));
  assert.match(
    String(first.error),
    /above-late\.mjs".* cannot be loaded by a synchronous call: .* top-level await: use the form that is awaited/,
  );
  assert.deepEqual([first.code, first.ran], ['ERR_REQUIRE_ASYNC_MODULE', []]);
  const second = await ask(made('byLate'));
  assert.match(String(second.error), /late\.mjs".* top-level await/);
  assert.ok(!second.ran.includes('late'));
  assert.deepEqual((await ask(made('byLate'), { wait: true })).value, [2, 'it waited']);
  assert.deepEqual((await ask(made('byAbove'), { wait: true })).value, 'it waited');
  // Loaded by an import, they serve synchronous calls as well.
  const { value, ran } = await ask(made('byAbove'));
  assert.deepEqual([value, ran.filter((name) => name.includes('late'))], ['it waited', ['late', 'above-late']]);
});

test('functions, classes and what they import work after a synchronous load, and each module runs once', async () => {
  assert.deepEqual((await ask(made('byImports'))).value, ['b', 8, 'a default', 'another', 'X', 10]);
  assert.deepEqual((await ask(made('byPoint'))).value, [6, true]);
  assert.deepEqual((await ask(made('byClass'))).value, [15, 10]);
  assert.equal((await ask(lib['default'])).value, 'a default');
  assert.equal((await ask(lib['other'])).value, 'another');
  const { value, ran } = await ask(made('byImports'), { wait: true });
  assert.deepEqual(value, ['b', 8, 'a default', 'another', 'X', 10]);
  assert.deepEqual(
    ['lib', 'default', 'plain'].map((name) => ran.filter((one) => one === name).length),
    [1, 1, 1],
  );
});

test('an ES module that gives require() something else is refused', async () => {
  const { error } = await ask(made('byTwoFaces'));
  assert.match(
    String(error),
    /two-faces\.mjs cannot be loaded by a synchronous call: require\(\) gives something else: use the form that is awaited/,
  );
  assert.equal((await ask(made('byTwoFaces'), { wait: true })).value, 'to import');
});

test('a synchronous load runs in the scope that loads have, and no module is loaded twice', () => {
  const scopes: (readonly string[])[] = [];
  setLoadScope((keys, load) => {
    scopes.push(keys);
    return load();
  });
  prepareSync([]);
  prepareSync(['node:dns', 'node:zlib']);
  prepareSync(['node:zlib']);
  assert.equal(prepare({ modules: ['node:dns'] }) instanceof Promise, true);
  assert.deepEqual(scopes, [['node:dns', 'node:zlib'], ['node:dns']]);
});

test('what a module throws where it is loaded is thrown', async () => {
  assert.equal((await ask(made('byNever'))).error, 'it does not want to');
});

test('a module under an address that require() cannot take is refused', async () => {
  const { other } = (await import(`${pathToFileURL(join(folder, 'default.mjs')).href}?again`)) as { other: () => unknown };
  const { error } = await ask((makers['byQuery'] as Make)(other));
  assert.match(
    String(error),
    /default\.mjs\?again cannot be loaded by a synchronous call: require\(\) loads files by their path alone: use/,
  );
});

test('a Node that loads no ES modules by require() says so', async () => {
  const child = fork(fileURLToPath(receiver), { execArgv: ['--no-experimental-require-module'], serialization: 'advanced' });
  try {
    const { error, code } = await ask(made('byPoint'), undefined, child);
    assert.match(
      String(error),
      /lib\.mjs" from \S+ cannot be loaded by a synchronous call: require\(\) loads no ES modules here: use the form/,
    );
    assert.equal(code, 'ERR_REQUIRE_ESM');
    assert.deepEqual((await ask(made('byPoint'), { wait: true }, child)).value, [6, true]);
  } finally {
    child.kill();
    await once(child, 'exit');
  }
});
