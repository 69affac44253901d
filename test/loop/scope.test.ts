/** In whose name code runs: what an RLock belongs to. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import test from 'node:test';
import { currentScope, RunScope, setScopeProvider } from '#src/loop/index.js';
import { ThreadPoolExecutor } from '#src/index.js';
import { sleep, spawn } from '#src/coroutine/index.js';
import { unkilled } from '../coroutine/unkilled.ts';

/** The scope of `rlock.run`. */
const runs = new AsyncLocalStorage<RunScope>();
const run = <T>(fn: () => T): T => {
  setScopeProvider('run', () => runs.getStore());
  return runs.run(new RunScope(), fn);
};

const main = currentScope();

test('the main program has one scope', async () => {
  await Promise.resolve();
  assert.equal(currentScope(), main);
  setImmediate(() => assert.equal(currentScope(), main));
  await new Promise((resolve) => setImmediate(resolve));
});

test('two greenlets are two scopes, each kept while it waits', async () => {
  function* twice(): Generator<any, object[]> {
    const before = currentScope();
    yield* sleep(1);
    return [before, currentScope()];
  }
  const late = async (): Promise<object[]> => {
    const before = currentScope();
    await sleep(1);
    await Promise.resolve();
    return [before, currentScope()];
  };
  const found = (await Promise.all([spawn(twice).get(), spawn(twice).get(), spawn(late).get(), spawn(late).get()])) as object[][];
  for (const [before, after] of found) assert.equal(before, after);
  assert.equal(new Set([main, ...found.flat()]).size, 5);
});

test('a run inside of a greenlet is its own scope, and ends with its callback', async () => {
  function* nested(): Generator<any, object[]> {
    const own = currentScope();
    const inner = run(() => currentScope());
    yield* sleep(0);
    return [own, inner, currentScope()];
  }
  const [own, inner, after] = unkilled(await spawn(nested).get());
  assert.equal(own, after);
  assert.notEqual(own, inner);
  assert.notEqual(inner, main);
  assert.equal(currentScope(), main);
});

test('async code of a run keeps its scope, and two runs share none', async () => {
  const scopes = async (): Promise<object[]> => {
    const before = currentScope();
    await new Promise((resolve) => setImmediate(resolve));
    return [before, currentScope()];
  };
  const found = await Promise.all([run(scopes), run(scopes)]);
  for (const [before, after] of found) assert.equal(before, after);
  assert.equal(new Set([main, ...found.flat()]).size, 3);
});

test('a greenlet that is spawned inside of a run has its own scope', async () => {
  function* scopes(): Generator<any, object[]> {
    const own = currentScope();
    const inner = run(() => currentScope());
    yield* sleep(1);
    return [own, inner, currentScope()];
  }
  const [outer, found] = await run(async () => [currentScope(), await spawn(scopes).get()] as const);
  const [own, inner, after] = unkilled(found);
  assert.equal(own, after);
  assert.equal(new Set([main, outer, own, inner]).size, 4);
});

test('two tasks or items of a pool are two scopes, and a task has one', async () => {
  const place = import.meta.resolve('#src/loop/index.js');
  const scopes = async (): Promise<boolean[]> => {
    const { currentScope: scope } = (await import(place)) as { currentScope(): object };
    const seen = ((globalThis as { seen?: Set<object> }).seen ??= new Set());
    const own = scope();
    const isNew = !seen.has(own);
    seen.add(own);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return [isNew, scope() === own];
  };
  for (const tasksPerWorker of [1, 3]) {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1, tasksPerWorker });
    const found = await Promise.all([1, 2, 3, 4].map(() => pool.submit(scopes)));
    for await (const each of pool.map(scopes, [1, 2, 3], { chunkSize: 3 })) found.push(each);
    assert.deepEqual(found.flat(), Array(14).fill(true));
  }
});
