/** A pool without references and without a shutdown. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

for (const kind of ['Thread', 'Process']) {
  const run = async (program: string): Promise<string> => {
    const text = `
      import { ${kind}PoolExecutor as Pool } from 'heddle';
      import { subscribe } from 'node:diagnostics_channel';
      let ended = 0;
      subscribe('heddle:workerEnded', () => ended++);
      const turn = () => new Promise((resolve) => setTimeout(resolve, 2));
      const collect = async (times) => { for (let i = 0; i < times; i++) { gc(); await turn(); } };
      const untilEnded = async () => { while (ended === 0) await collect(1); console.log('ended'); };
      const options = { maxWorkers: 1, minWorkers: 1, idleTimeout: Infinity };
      ${program}`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--input-type=module', '-e', text], { timeout: 20_000 });
    return stdout;
  };

  test(`${kind.toLowerCase()}: the workers of a pool without references end`, async () => {
    const program = `
      await (async () => { const pool = new Pool(options); console.log(await pool.submit(() => 1)); })();
      await untilEnded();`;
    assert.equal(await run(program), '1\nended\n');
  });

  test(`${kind.toLowerCase()}: a pool is kept while its view is used, its map goes on, or a task runs`, async () => {
    const program = `
      const view = (() => new Pool(options).with({ timeout: 60_000 }).with({ priority: 1 }))();
      await collect(20);
      console.log(await view.submit(() => 'view'));
      const naturals = function* () { for (let i = 0; ; i++) yield i; };
      const results = new Pool(options).map((x) => x, naturals(), { bufferSize: 4 });
      for (let i = 0; i < 20; i++) { await results.next(); await collect(1); }
      console.log((await results.next()).value);
      const slow = () => new Promise((resolve) => setTimeout(() => resolve('task'), 100));
      // However long the turns take: what counts is what had ended when the task did.
      const told = new Pool(options).submit(slow).then((value) => value + ' ' + ended);
      await collect(20);
      console.log(await told);
      await untilEnded();
      await results.return();
      await view.shutdown();`;
    assert.equal(await run(program), 'view\n20\ntask 0\nended\n');
  });

  test(`${kind.toLowerCase()}: an abandoned map does not keep its pool, though its signal lives on`, async () => {
    const program = `
      const { signal } = new AbortController();
      globalThis.kept = signal;
      await (async () => {
        const results = new Pool(options).map((x) => x, [1, 2, 3], { signal, bufferSize: 1 });
        console.log((await results.next()).value);
      })();
      await untilEnded();`;
    assert.equal(await run(program), '1\nended\n');
  });

  const stores = `
      import { AsyncLocalStorage } from 'node:async_hooks';
      const storage = new AsyncLocalStorage();
      const naturals = function* () { for (let i = 0; ; i++) yield i; };`;

  test(`${kind.toLowerCase()}: a stream that was dropped is closed, though its callback, its caller's store and its call lead to it`, async () => {
    const program = `${stores}
      const pool = new Pool({ maxWorkers: 1 });
      await pool.submit(() => 1);
      const begin = async (store) => {
        const told = { progress() { store.told = true; }, retryOn() { return store.told; } };
        const from = () => { store.values = pool.with(told).stream(naturals); };
        from();
        await store.values.next();
      };
      await (async () => { const store = {}; await storage.run(store, begin, store); })();
      while (pool.statistics().running > 0) await collect(1);
      console.log(await pool.submit(() => 'next'));
      await pool.shutdown();`;
    assert.equal(await run(program), 'next\n');
  });

  test(`${kind.toLowerCase()}: a stream that is in use keeps its callback, its store and its place`, async () => {
    const program = `${stores}
      const pool = new Pool({ maxWorkers: 1 });
      const told = [];
      const source = async function* () {
        const { currentTask } = await import('heddle');
        for (let i = 0; i < 20; i++) {
          currentTask().progress(i);
          yield i;
        }
        throw new Error('at the end');
      };
      const begin = () => pool.with({ progress: ({ done }) => told.push(storage.getStore() + done) }).stream(source);
      const values = storage.run('store', begin);
      const failed = await (async () => { for await (const _ of values) await collect(1); })().catch((error) => error);
      console.log(told.length > 0 && told.every((each) => each.startsWith('store')), failed.message, failed.stack.includes('at begin '));
      await pool.shutdown();`;
    assert.equal(await run(program), 'true at the end true\n');
  });

  test(`${kind.toLowerCase()}: a pool that was dropped ends, though the store in which it was first used leads to it`, async () => {
    const program = `${stores}
      const first = () => { const { pool } = storage.getStore(); return pool.submit(() => 1); };
      await (async () => console.log(await storage.run({ pool: new Pool(options) }, first)))();
      await untilEnded();`;
    assert.equal(await run(program), '1\nended\n');
  });
}
