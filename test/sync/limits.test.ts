/** Where the system, its limits or the Node give less than the shared heap wants: threads share an array, or the call that needs more says what is missing. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { isNative } from './crew.js';

const heddle = JSON.stringify(import.meta.resolve('heddle'));
const lowlevel = JSON.stringify(import.meta.resolve('heddle/lowlevel'));
const koffi = JSON.stringify(import.meta.resolve('koffi'));

const head = `
  import { closeSync, openSync } from 'node:fs';
  import { Condition, Event, Lock, ProcessPoolExecutor, ThreadPoolExecutor } from ${heddle};
  import { collect, heapStatistics } from ${lowlevel};
  const told = ({ name, message }) => name + ': ' + message;`;

interface Narrow {
  /** A command of the shell that sets a limit. */
  readonly limit?: string;
  /** The change before heddle is loaded, in threads and processes alike. \`koffi\` is there. */
  readonly before?: string;
}

/** A program that dies by a signal rejects. */
async function run({ limit = 'true', before = '' }: Narrow, program: string): Promise<string[]> {
  const preload = `data:text/javascript,${encodeURIComponent(`import koffi from ${koffi};\n${before}`)}`;
  const node = [process.execPath, '--import', preload, '--input-type=module', '-e', `${head}\n${program}`];
  const { stdout } = await promisify(execFile)('sh', ['-c', `${limit} && exec "$@"`, 'sh', ...node], { timeout: 50_000 });
  return stdout.trim().split('\n');
}

/** The call fails as if the system refused it. */
const refused = (name: string): string => `
  const { load } = koffi;
  koffi.load = (path) => {
    const library = load(path);
    return { func: (name, ...rest) => (name === '${name}' ? () => -1 : library.func(name, ...rest)) };
  };
  koffi.errno = () => 1;`;

const options = { timeout: 60_000, skip: isNative ? false : 'without native calls the heap is an array anyway' };

/** Units of \`ulimit -f\` are 512 bytes. */
const fileLimit = (bytes: number): string => `ulimit -f ${bytes / 512}`;
const mebi = 2 ** 20;

const narrow: readonly (readonly [what: string, narrow: Narrow, why: RegExp])[] = [
  ['files of at most a mebibyte', { limit: fileLimit(mebi) }, /EFBIG \(a limit of the size of files, ulimit -f\?\)/],
  ['few addresses', { limit: 'ulimit -v 16000000' }, /ENOMEM \(a limit of addresses, ulimit -v\?\)/],
  [
    'a Node without external buffers',
    { before: `koffi.view = () => { throw new Error('External buffers are not allowed'); };` },
    /this Node makes no buffer on memory that is shared: External buffers are not allowed/,
  ],
  ['a Node that copies external memory', { before: 'koffi.view = (_, bytes) => new ArrayBuffer(bytes);' }, /is a copy of it/],
  [
    'a sandbox that refuses memfd_create',
    { before: refused('memfd_create') },
    /memfd_create failed with EPERM \(a sandbox may forbid the call\)/,
  ],
  ['a sandbox that refuses mmap', { before: refused('mmap') }, /does not map 64 GiB of addresses: EPERM/],
];

for (const [what, how, why] of narrow) {
  test(`threads share locks with ${what}, and processes are told why they do not`, options, async () => {
    const [memory, waited, thread, ...refusal] = await run(
      how,
      `
      const lock = new Lock();
      console.log(heapStatistics().memory);
      lock.acquireSync();
      const wait = lock.acquire();
      lock.release();
      console.log(await wait);
      const threads = new ThreadPoolExecutor({ maxWorkers: 1 });
      const held = threads.submit(() => { const got = lock.acquireSync(); lock.release(); return got; });
      lock.release();
      console.log(await held);
      await threads.shutdown();
      const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
      console.log(await processes.submit(() => 'a process runs'));
      console.log(await processes.submit(() => lock.locked()).then(String, told));
      await processes.shutdown();`,
    );
    assert.deepEqual([memory, waited, thread, refusal[0]], ['array', 'true', 'true', 'a process runs']);
    assert.match(refusal[1]!, /^SerializationError: .*a Lock cannot cross to a process: /);
    assert.match(refusal[1]!, why);
  });
}

test('threads share locks where there are addresses for a few segments only', options, async () => {
  const before = `
    globalThis.SharedArrayBuffer = class extends SharedArrayBuffer {
      constructor(bytes, options) {
        if (options?.maxByteLength > 2 ** 25) throw new RangeError('Array buffer allocation failed');
        super(bytes, options);
      }
    };
    ${refused('memfd_create')}`;
  const output = await run(
    { before },
    `
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const lock = new Lock();
    console.log(await pool.submit(() => lock.acquireSync()), lock.locked());
    await pool.shutdown();
    const locks = [];
    try { for (;;) locks.push(new Lock()); } catch (error) { console.log(told(error)); }
    console.log(locks.length > 1000, locks.every((one) => one.tryAcquire()));`,
  );
  assert.equal(output[0], 'true true');
  assert.match(output[1]!, /^HeddleError: the shared heap is full: .* at most 16777216 where processes cannot share memory$/);
  assert.equal(output[2], 'true true');
});

const fill = `
  const locks = [];
  const fill = () => { try { for (;;) locks.push(new Lock()); } catch (error) { return told(error); } };`;

test('a heap that cannot grow says so at the call, in threads and processes, and what it has goes on', options, async () => {
  const output = await run(
    { limit: fileLimit(16 * mebi) },
    `
    ${fill}
    const first = new Lock();
    const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
    await processes.submit(() => first.acquireSync());
    console.log(heapStatistics().memory, fill());
    console.log(await processes.submit(() => { try { return String(new Event()); } catch ({ name, message }) { return name + ': ' + message; } }));
    console.log(first.locked(), locks.every((lock) => lock.tryAcquire() && lock.locked()));
    // Of what is let go there is room for others.
    locks.length = 0;
    process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
    process.getBuiltinModule('node:vm').runInNewContext('gc')();
    for (let made = false; !made; ) {
      await new Promise((resolve) => setImmediate(resolve));
      try { made = new Lock().tryAcquire(); } catch {}
    }
    await processes.submit(() => first.release());
    console.log(first.locked());
    await processes.shutdown();`,
  );
  const full = /HeddleError: the shared heap is full: it has 16777216 bytes, .*: EFBIG \(a limit of the size of files, ulimit -f\?\)$/;
  assert.match(output[0]!, /^native /);
  assert.match(output[0]!, full);
  assert.match(output[1]!, full);
  assert.deepEqual(output.slice(2), ['true true', 'false']);
});

test('a wait for which the heap has no room throws, with the lock held, and harms no other wait', options, async () => {
  const output = await run(
    { limit: fileLimit(8 * mebi) },
    `
    ${fill}
    const condition = new Condition();
    fill();
    const waits = [];
    for (let refusal; refusal === undefined; ) {
      condition.acquireSync();
      try { waits.push(condition.wait()); } catch (error) {
        refusal = error;
        console.log(told(error).slice(0, 40), condition.locked());
        condition.release();
      }
    }
    // A record has room for two.
    console.log(waits.length, condition.statistics().unnotified);
    condition.acquireSync();
    condition.notifyAll();
    condition.release();
    for (const wait of waits) { console.log(await wait); condition.release(); }`,
  );
  assert.deepEqual(output, ['HeddleError: the shared heap is full: it true', '2 2', 'true', 'true']);
});

test('a wait for which no descriptor is left throws, and takes no place in the line', options, async () => {
  const output = await run(
    { limit: 'ulimit -n 60' },
    `
    const objects = { lock: new Lock(), event: new Event(), condition: new Condition() };
    const { lock, event, condition } = objects;
    const waits = { lock: () => lock.acquire(), event: () => event.wait(), condition: () => condition.wait() };
    lock.acquireSync();
    condition.acquireSync();
    const opened = [];
    try { for (;;) opened.push(openSync('/dev/null', 'r')); } catch {}
    for (const wait of Object.values(waits)) try { await wait(); } catch (error) { console.log(told(error)); }
    for (const descriptor of opened) closeSync(descriptor);
    console.log(lock.statistics().waiting, event.statistics().waiting, condition.statistics().unnotified, condition.locked());
    const wait = lock.acquire();
    lock.release();
    console.log(await wait);`,
  );
  const refusal = 'HeddleError: the system opened no pipe: EMFILE (a limit of open files, ulimit -n?)';
  assert.deepEqual(output, [refusal, refusal, refusal, '0 0 0 true', 'true']);
});

test('a pool whose worker gets no descriptors says so, and the program goes on', options, async () => {
  const output = await run(
    { limit: 'ulimit -n 60' },
    `
    // Loads now what would be loaded late.
    const before = new ProcessPoolExecutor({ maxWorkers: 1 });
    await before.submit(() => 1);
    await before.shutdown();
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    const opened = [];
    try { for (;;) opened.push(openSync('/dev/null', 'r')); } catch {}
    console.log(await pool.submit(() => 1).catch(told));
    for (const descriptor of opened) closeSync(descriptor);
    const other = new ProcessPoolExecutor({ maxWorkers: 1 });
    console.log(await other.submit(() => 'a worker'));
    await other.shutdown();`,
  );
  assert.match(output[0]!, /^BrokenProcessPool: .*the system gave no socket for a worker process \(a limit of open files, ulimit -n\?\)$/);
  assert.equal(output[1], 'a worker');
});

test('a system that takes no memory back lets the heap go on', options, async () => {
  const output = await run(
    { before: refused('fallocate') },
    `
    process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
    const gc = process.getBuiltinModule('node:vm').runInNewContext('gc');
    (() => Array.from({ length: 20_000 }, () => new Lock()))();
    do {
      gc();
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    } while (heapStatistics().used > 1e6);
    console.log('collected');
    const lock = new Lock();
    console.log(lock.tryAcquire(), heapStatistics().memory);`,
  );
  assert.deepEqual(output, ['collected', 'true native']);
});
