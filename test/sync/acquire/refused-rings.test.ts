/**
 * Doorbells where /proc refuses the pipes: processes that are not dumpable, or of several users. The programs have no probes (the look of each waiting
 * loop, four times a second), so that nothing but a ring ends a wait.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { cannotChangeUser, cannotHide, hiding } from '../../platform/other-users.js';
import { isNative } from '../crew.js';

const heddle = JSON.stringify(import.meta.resolve('heddle'));
const lowlevel = JSON.stringify(import.meta.resolve('heddle/lowlevel'));
const koffi = JSON.stringify(import.meta.resolve('koffi'));

const withoutProbes = `data:text/javascript,${encodeURIComponent(`
  import timers from 'node:timers';
  const { setInterval } = timers;
  timers.setInterval = (fn, ms) => setInterval(fn, ms === 250 ? 1e9 : ms);
`)}`;

const head = `
  import { readdirSync, readlinkSync } from 'node:fs';
  import { Event, Lock, ProcessPoolExecutor, Semaphore, ThreadPoolExecutor } from ${heddle};
  import { keptDescriptors } from ${lowlevel};

  /** Root becomes another user; any other user makes the process not dumpable. */
  const moveApart = async () => {
    if (process.getuid() !== 0) return (await import(${koffi})).default.load(null).func('int prctl(int, long, long, long, long)')(4, 0, 0, 0, 0);
    process.setgid(65534);
    process.setuid(65534);
  };
  const lock = new Lock();
  const waits = new Semaphore(0);
  /** A worker rings this thread. */
  const ringHere = async (pool) => {
    await pool.submit(() => lock.acquireSync());
    const wait = lock.acquire();
    await pool.submit(() => lock.release());
    await wait;
    lock.release();
  };
  /** This thread rings a worker. */
  const ringThere = async (pool) => {
    lock.acquireSync();
    const wait = pool.submit(async () => {
      const wait = lock.acquire();
      waits.release();
      await wait;
      lock.release();
    });
    waits.acquireSync();
    lock.release();
    await wait;
  };
  const openSockets = () =>
    readdirSync('/proc/self/fd').flatMap((number) => {
      try {
        return readlinkSync('/proc/self/fd/' + number).startsWith('socket:') ? [readlinkSync('/proc/self/fd/' + number)] : [];
      } catch {
        return [];
      }
    });`;

async function run(program: string, [command, ...given]: readonly string[] = []): Promise<string> {
  const node = [process.execPath, '--input-type=module', '--import', withoutProbes, '-e', `${head}\n${program}`];
  const [file, ...argv] = command === undefined ? node : [command, ...given, ...node];
  const { stdout } = await promisify(execFile)(file!, argv, { timeout: 50_000 });
  return stdout.trim();
}

const options = { timeout: 60_000, skip: isNative ? cannotChangeUser() : 'without native calls there are no other processes' };

const bothWays = `
  for (let i = 0; i < 5; i += 1) {
    await ringHere(pool);
    await ringThere(pool);
  }
  console.log('both heard every ring');
  await pool.shutdown();`;

// Node gives --import of this process on to its workers.
test('a program that has become another user is rung by its workers, and rings them', options, async () => {
  assert.equal(
    await run(`await moveApart(); const pool = new ProcessPoolExecutor({ maxWorkers: 1 }); ${bothWays}`),
    'both heard every ring',
  );
});

test('a worker that has become another user rings its host, and is rung by it', options, async () => {
  assert.equal(
    await run(`const pool = new ProcessPoolExecutor({ maxWorkers: 1, initializer: moveApart }); ${bothWays}`),
    'both heard every ring',
  );
});

test('two workers of another user than their host ring each other', options, async () => {
  const output = await run(`
    const pool = new ProcessPoolExecutor({ maxWorkers: 2, initializer: moveApart });
    const turns = [new Semaphore(1), new Semaphore(0)];
    await Promise.all([0, 1].map((n) => pool.submit(async () => {
      for (let i = 0; i < 10; i += 1) {
        await turns[n].acquire();
        turns[1 - n].release();
      }
    })));
    console.log('each had its turns');
    await pool.shutdown();`);
  assert.equal(output, 'each had its turns');
});

test('a thread is rung by others of its process when that has become another user since', options, async () => {
  const output = await run(`
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    lock.acquireSync();
    const own = lock.acquire();
    lock.release();
    await own;
    lock.release();
    await moveApart();
    // The first ring after that may be refused; the next wait opens a socket.
    await pool.submit(() => lock.acquireSync());
    const given = pool.submit(() => lock.release());
    while (!(await lock.acquire(5)));
    lock.release();
    await given;
    for (let i = 0; i < 5; i += 1) await ringHere(pool);
    console.log('heard every ring');
    await pool.shutdown();`);
  assert.equal(output, 'heard every ring');
});

test('the socket is named by keptDescriptors, and keeps no program alive', options, async () => {
  const output = await run(`
    const before = openSockets();
    await moveApart();
    lock.acquireSync();
    const wait = lock.acquire();
    lock.release();
    await wait;
    const opened = openSockets().filter((name) => !before.includes(name));
    console.log(opened.length, opened.every((name) => keptDescriptors().includes(name)));`);
  assert.equal(output, '1 true');
});

test('a program whose processes see one another opens no socket', options, async () => {
  const output = await run(`
    const before = openSockets();
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    await ringHere(pool);
    await ringThere(pool);
    await pool.shutdown();
    console.log(openSockets().filter((name) => !before.includes(name)).length);`);
  assert.equal(output, '0');
});

test('a living owner that /proc hides keeps its lock, and rings', { ...options, skip: options.skip || cannotHide() }, async () => {
  const output = await run(
    `
    const pool = new ProcessPoolExecutor({ maxWorkers: 1, initializer: moveApart });
    await pool.submit(() => lock.locked());
    lock.acquireSync();
    console.log('taken from its owner:', await pool.submit(() => lock.acquireSync(700)));
    lock.release();
    ${bothWays}`,
    hiding,
  );
  assert.equal(output, 'taken from its owner: false\nboth heard every ring');
});
