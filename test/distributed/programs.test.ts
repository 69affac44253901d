import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { startWorker } from './processes.ts';
import { freeName, noServer, startServer } from './server.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

test('HEDDLE_BACKEND and heddle map --backend send the work of unchanged programs to workers elsewhere', { skip: noServer }, async () => {
  await using server = await startServer();
  const queue = freeName();
  await using worker = await startWorker(server.url, queue, ['-j', '2']);
  const env = { ...process.env, HEDDLE_QUEUE: queue, HEDDLE_RELEASE: 'test' };
  const program = `
    import { Pool, ProcessPoolExecutor } from 'heddle';
    import { double, pid } from './build/test/distributed/tasks.js';
    const pool = new Pool(2);
    console.log(JSON.stringify(await pool.map(double, [1, 2, 3])));
    console.log(await pool.apply((n) => n, [1]).catch((error) => error.message.includes('allowFunctions: true')));
    await pool.terminate();
    const executor = new ProcessPoolExecutor();
    console.log((await executor.submit(pid)) !== process.pid, await executor.submit(double, 4));
    await executor.shutdown();
    try {
      new Pool({ initializer: () => {} });
    } catch (error) {
      console.log(error.message.startsWith('initializer cannot be used with HEDDLE_BACKEND'));
    }`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    env: { ...env, HEDDLE_BACKEND: server.url },
  });
  assert.deepEqual(stdout.trimEnd().split('\n'), ['[2,4,6]', 'true', 'true 8', 'true']);
  const map = ['dist/cli/main.js', 'map', './build/test/distributed/tasks.js#double', '--backend', server.url, '1', '2', '3'];
  const mapped = await run(process.execPath, map, { cwd: root, env });
  assert.deepEqual(mapped.stdout.trimEnd().split('\n'), ['2', '4', '6']);
  await assert.rejects(
    run(process.execPath, [...map.slice(0, 2), 'node:path#basename', ...map.slice(3)], { cwd: root, env }),
    /is not in .*, the release/,
  );
  assert.equal(await worker.end('SIGTERM'), 0);
  assert.match(worker.said(), /has run \d+ tasks/);
});
