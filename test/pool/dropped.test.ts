/** A pool that nobody has any more, and that nobody shut down. */

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
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--input-type=module', '-e', text], { timeout: 60_000 });
    return stdout;
  };

  test(`${kind.toLowerCase()}: the workers of a pool that was dropped live for ever`, async () => {
    const program = `
      await (async () => { const pool = new Pool(options); console.log(await pool.submit(() => 1)); })();
      await untilEnded();`;
    assert.equal(await run(program), '1\nended\n');
  });

  test(`${kind.toLowerCase()}: a pool is thought dropped while its view is used, its map goes on, or a task runs`, async () => {
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

  test(`${kind.toLowerCase()}: a map that was abandoned keeps its pool, though its signal lives on`, async () => {
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
}
