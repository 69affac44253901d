/** Programs that use pools: they end, print everything, and leave no process behind. */

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { until } from './collect.ts';

const node = (program: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, ['--input-type=module', ...args, '-e', program], { encoding: 'utf8' });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

for (const name of ['ThreadPoolExecutor', 'ProcessPoolExecutor']) {
  const start = `import { ${name} as Pool } from 'heddle';`;

  test(`${name}: an idle pool does not keep its program alive`, async () => {
    const { stdout } = await node(`${start}
      const pool = new Pool({ maxWorkers: 2 });
      console.log(await pool.submit((x) => x + 1, 1), await pool.submit((x) => x + 1, 2));
      const results = pool.map((x) => x, [1, 2, 3]);
      console.log((await results.next()).value);`);
    assert.equal(stdout, '2 3\n1\n');
  });

  test(`${name}: a program ends after its tasks`, async () => {
    const { stdout } = await node(`${start}
      const pool = new Pool({ maxWorkers: 1 });
      pool.submit(() => new Promise((resolve) => setTimeout(() => resolve('late'), 100))).then(console.log);`);
    assert.equal(stdout, 'late\n');
  });

  test(`${name}: the output of a task is complete when its program ends`, async () => {
    const { stdout } = await node(`${start}
      const pool = new Pool({ maxWorkers: 1 });
      await pool.submit(() => { for (let i = 0; i < 200; i++) console.log('line ' + i); });`);
    assert.deepEqual(
      stdout.trimEnd().split('\n'),
      Array.from({ length: 200 }, (_, i) => `line ${i}`),
    );
  });

  test(`${name}: the output of a task is complete at shutdown`, async () => {
    const { stdout } = await node(`${start}
      const pool = new Pool({ maxWorkers: 1 });
      await pool.submit(() => { for (let i = 0; i < 200; i++) console.log('line ' + i); });
      await pool.shutdown();
      console.log('end');`);
    assert.deepEqual(stdout.trimEnd().split('\n'), [...Array.from({ length: 200 }, (_, i) => `line ${i}`), 'end']);
  });

  test(`${name}: the output of a task is complete though the reader is slow`, async () => {
    const program = `${start}
      const pool = new Pool({ maxWorkers: 1 });
      await pool.submit(() => { for (let i = 0; i < 5000; i++) console.log('line ' + i); });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    // Takes one piece at a turn of the event loop, so that the writer finds the pipe full again and again.
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      child.stdout.pause();
      setImmediate(() => child.stdout.resume());
    });
    await once(child, 'close');
    assert.equal(text, Array.from({ length: 5000 }, (_, i) => `line ${i}\n`).join(''));
  });

  test(`${name}: after shutdown nothing keeps the program alive`, async () => {
    const { stdout } = await node(`${start}
      const pool = new Pool({ maxWorkers: 2 });
      await Promise.all([1, 2].map((x) => pool.submit((y) => y, x)));
      await pool.shutdown();
      console.log(process.getActiveResourcesInfo().filter((each) => !/TTY|Pipe|Immediate/.test(each)).join());`);
    assert.equal(stdout, '\n');
  });

  test(`${name}: a pool inside a task works`, async () => {
    for (const inner of ['ThreadPoolExecutor', 'ProcessPoolExecutor']) {
      const { stdout } = await node(`${start}
        import { ${inner} as Inner } from 'heddle';
        const factor = 2;
        const pool = new Pool({ maxWorkers: 1 });
        console.log(await pool.submit(async (xs) => {
          const inside = new Inner({ maxWorkers: 2 });
          const sums = [];
          for await (const x of inside.map((y) => y * factor, xs)) sums.push(x);
          return sums;
        }, [1, 2, 3]));`);
      assert.equal(stdout, '[ 2, 4, 6 ]\n');
    }
  });

  test(`${name}: preloaded modules and conditions hold in workers`, async () => {
    const preload = 'data:text/javascript,globalThis.preloaded = true';
    const { stdout } = await node(
      `${start}
      const pool = new Pool({ maxWorkers: 1 });
      console.log(await pool.submit(() => globalThis.preloaded), await pool.submit(() => process.execArgv.includes('-e')));`,
      '--import',
      preload,
    );
    assert.equal(stdout, 'true false\n');
  });

  test(`${name}: options of Node that only a process can have do not stop the workers`, async () => {
    const { stdout } = await node(
      `${start}
      console.log(await new Pool({ maxWorkers: 1 }).submit((x) => x + 1, 1));`,
      '--v8-pool-size=3',
      '--stack-trace-limit=12',
      '--secure-heap=0',
      '--no-warnings',
    );
    assert.equal(stdout, '2\n');
  });

  test(`${name}: a program that exits in the middle of a task ends, with its output`, async () => {
    const { stdout } = await node(`${start}
      const pool = new Pool({ maxWorkers: 2 });
      await pool.submit(() => 1);
      pool.submit(() => { for (;;); });
      setTimeout(() => { console.log('exit'); process.exit(0); }, 50);`);
    assert.equal(stdout, 'exit\n');
  });
}

test('a child in an endless loop ends with a program that calls process.exit()', async () => {
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
    import { ProcessPoolExecutor } from 'heddle';
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    console.log(await pool.submit(() => process.pid));
    pool.submit(() => { for (;;); });
    setTimeout(() => process.exit(0), 50);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const pid = Number(String((await once(child.stdout, 'data'))[0]));
  await once(child, 'exit');
  await until(() => !isAlive(pid));
});

test('an idle child ends with a program that is killed', async () => {
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
    import { ProcessPoolExecutor } from 'heddle';
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    console.log(await pool.submit(() => process.pid));
    setInterval(() => {}, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const pid = Number(String((await once(child.stdout, 'data'))[0]));
  child.kill('SIGKILL');
  await until(() => !isAlive(pid));
});
