/** Memory by name: what may be asked for, what is shared, and what stays when handles, names and threads have gone. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { InvalidStateError, Queue, SerializationError, SharedMemory, type SharedMemoryOptions, ThreadPoolExecutor } from 'heddle';
import { runGarbageCollection } from '../../python/garbage.js';
import { crewOf, everywhere, until } from '../../sync/crew.js';
import { exists } from './users.ts';

const folder = '/dev/shm/';
const unique = (text: string): string => `heddle-test-${process.pid}-${text}`;

test('two handles on one name see the same bytes, and have the same size', () => {
  using made = new SharedMemory({ create: true, size: 5000 });
  assert.match(made.name, /^psm_[\da-f]{8}$/);
  using same = new SharedMemory({ name: made.name });
  assert.deepEqual([same.name, same.size, same.buf.length, made.size, made.buf.length], [made.name, 5000, 5000, 5000, 5000]);
  assert.ok(made.buf.every((byte) => byte === 0));
  made.buf[4999] = 7;
  assert.equal(same.buf[4999], 7);
  same.buf.set([1, 2, 3], 10);
  assert.deepEqual([...made.buf.subarray(9, 14)], [0, 1, 2, 3, 0]);
  assert.equal(made.buf, made.buf);
  assert.equal(Object.getPrototypeOf(made.buf), Uint8Array.prototype);
});

test('a name is one name with slashes at its beginning and without, and is shown as it was given', () => {
  const plain = unique('slash');
  using made = new SharedMemory({ name: `/${plain}`, create: true, size: 1 });
  assert.equal(made.name, `/${plain}`);
  for (const name of [plain, `/${plain}`, `//${plain}`]) {
    using same = new SharedMemory({ name });
    assert.equal(same.name, name);
    assert.throws(() => new SharedMemory({ name, create: true, size: 1 }), { code: 'EEXIST' });
  }
});

test('names may have any characters but slash and NUL, and up to 255 bytes', () => {
  for (const name of [
    unique('a b:c\n*?'),
    unique('ü漢💡'),
    unique('é'.repeat(100)),
    unique('x'.repeat(255)).slice(0, 255),
    `.${unique('dot')}`,
  ]) {
    using made = new SharedMemory({ name, create: true, size: 1 });
    using same = new SharedMemory({ name });
    assert.equal(same.name, made.name);
  }
});

const wrong: readonly [string, unknown, NodeJS.ErrnoException | { name: string; message: RegExp }][] = [
  ['no options', undefined, { name: 'TypeError', message: /expected name to be a string, unless create is true, got undefined/ }],
  ['no name', {}, { name: 'TypeError', message: /expected name/ }],
  [
    'options that are no object',
    'name',
    { name: 'TypeError', message: /expected the options of a SharedMemory to be an object, got 'name'/ },
  ],
  ['an unknown option', { name: 'x', creat: true }, { name: 'TypeError', message: /unknown key 'creat'.*name, create, size, track/ }],
  ['a name that is null', { name: null }, { name: 'TypeError', message: /expected name to be a string, got null/ }],
  ['a number as a name', { name: 5 }, { name: 'TypeError', message: /expected name to be a string, got 5/ }],
  ['an empty name', { name: '' }, { name: 'RangeError', message: /expected name to be .*got ''/ }],
  ['a name of slashes', { name: '//' }, { name: 'RangeError', message: /expected name to be .*got '\/\/'/ }],
  ['a slash in the name', { name: 'a/b' }, { name: 'RangeError', message: /without slashes.*got 'a\/b'/ }],
  ['a slash at the end', { name: 'a/' }, { name: 'RangeError', message: /without slashes/ }],
  ['NUL in the name', { name: 'a\0b' }, { name: 'RangeError', message: /without NUL/ }],
  ['a name of 256 bytes', { name: 'é'.repeat(128) }, { name: 'RangeError', message: /up to 255 bytes/ }],
  ['half a character', { name: 'a\uD800' }, { name: 'RangeError', message: /well-formed/ }],
  ['the folder itself', { name: '.' }, { name: 'RangeError', message: /expected name/ }],
  ['the folder above', { name: '..' }, { name: 'RangeError', message: /expected name/ }],
  ['no size', { create: true }, { name: 'TypeError', message: /expected size to be an integer .*1.*, got undefined/ }],
  ['size 0', { create: true, size: 0 }, { name: 'RangeError', message: /expected size to be .*got 0/ }],
  ['a negative size', { create: true, size: -1 }, { name: 'RangeError', message: /expected size to be .*got -1/ }],
  ['a negative size of a block that is there', { name: 'x', size: -1 }, { name: 'RangeError', message: /expected size/ }],
  ['half a byte', { create: true, size: 1.5 }, { name: 'RangeError', message: /expected size to be .*got 1.5/ }],
  ['NaN', { create: true, size: NaN }, { name: 'RangeError', message: /expected size to be .*got NaN/ }],
  ['infinite size', { create: true, size: Infinity }, { name: 'RangeError', message: /expected size to be .*got Infinity/ }],
  ['a size no array has', { create: true, size: 2 ** 60 }, { name: 'RangeError', message: /expected size to be|ENOSPC/ }],
  ['a size of text', { create: true, size: '4096' }, { name: 'TypeError', message: /expected size to be .*got '4096'/ }],
  ['a bigint as size', { create: true, size: 1n }, { name: 'TypeError', message: /expected size to be .*got 1n/ }],
  ['create that is no boolean', { create: 1, size: 1 }, { name: 'TypeError', message: /expected create to be a boolean, got 1/ }],
  [
    'track that is no boolean',
    { create: true, size: 1, track: 'no' },
    { name: 'TypeError', message: /expected track to be a boolean, got 'no'/ },
  ],
];

for (const [what, options, error] of wrong) {
  test(`${what} is refused, and nothing is made`, () => {
    if (what === 'a size no array has') assert.throws(() => new SharedMemory(options as SharedMemoryOptions), /expected size to be|ENOSPC/);
    else assert.throws(() => new SharedMemory(options as SharedMemoryOptions), error);
  });
}

test('a name that is not there, is taken, is a folder, a link, or of no size is refused by a system error that names it', async () => {
  const name = unique('other');
  const attach = (): SharedMemory => new SharedMemory({ name });
  const missing = { code: 'ENOENT', errno: -2, syscall: 'open', path: name, message: `ENOENT: no such file or directory, open '${name}'` };
  assert.throws(attach, missing);
  mkdirSync(folder + name);
  assert.throws(attach, { code: 'EISDIR' });
  assert.throws(() => new SharedMemory({ name, create: true, size: 1 }), { code: 'EEXIST', path: name });
  rmdirSync(folder + name);
  symlinkSync('/etc/passwd', folder + name);
  assert.throws(attach, { code: 'ELOOP' });
  rmSync(folder + name);
  execFileSync('mkfifo', [folder + name]);
  assert.throws(attach, { code: 'ENODEV' });
  rmSync(folder + name);
  writeFileSync(folder + name, '');
  assert.throws(attach, /its creator has given it no size/);
  rmSync(folder + name);
});

test('a block whose creator has not given it a size yet is waited for', async () => {
  const name = unique('late');
  writeFileSync(folder + name, '');
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  await using _ = pool;
  await pool.submit(() => {});
  const size = pool.submit((its: string) => {
    const memory = new SharedMemory({ name: its });
    memory.close();
    return memory.size;
  }, name);
  await until(() => size.running());
  truncateSync(folder + name, 4096);
  assert.equal(await size, 4096);
  rmSync(folder + name);
});

test('more memory than there is, is refused by ENOSPC at once and says how much is left', () => {
  const { bavail, bsize } = statfsSync(folder);
  const size = bavail * bsize + 2 ** 20;
  const name = unique('huge');
  // An array of Node 20 has up to 4 GiB.
  const refusal = /ENOSPC: no space left on device, fallocate '.*': of \d+ bytes; \/dev\/shm\/ has \d+ bytes left|expected size to be/;
  assert.throws(() => new SharedMemory({ name, create: true, size }), refusal);
  assert.ok(!exists(name));
});

test('all memory of a new block is there, so that no access of it can fail', () => {
  using made = new SharedMemory({ create: true, size: 100_000 });
  assert.ok(statSync(folder + made.name).blocks * 512 >= 100_000);
});

test('a handle that is closed has no buf, and keeps its name and size; a second close does nothing', () => {
  using made = new SharedMemory({ create: true, size: 10 });
  const same = new SharedMemory({ name: made.name });
  assert.deepEqual(same.statistics(), { size: 10, mapped: 10 });
  same.close();
  same.close();
  assert.throws(
    () => same.buf,
    (error) => error instanceof InvalidStateError && /is closed/.test(error.message),
  );
  assert.deepEqual([same.name, same.size, same.statistics().mapped], [made.name, 10, 0]);
  made.buf[0] = 1;
  // The name is there, for a process that has created the block, also when its handles are closed.
  made.close();
  using again = new SharedMemory({ name: made.name });
  assert.equal(again.buf[0], 1);
});

/** How often this process has mapped a file. */
const mapped = (inode: number): number =>
  readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes(folder) && line.split(/ +/)[4] === String(inode)).length;
const inodeOf = ({ name }: { readonly name: string }): number => statSync(folder + name).ino;

test('a view that outlives close() and unlink() shows the memory as before, and its memory goes when it is garbage', async () => {
  const { inode, name, views } = ((): { inode: number; name: string; views: ArrayBufferView[] } => {
    const made = new SharedMemory({ create: true, size: 100_000 });
    const inode = inodeOf(made);
    made.buf.fill(9);
    const part = made.buf.subarray(99_990);
    made.close();
    made.unlink();
    return { inode, name: made.name, views: [part, new DataView(part.buffer)] };
  })();
  assert.ok(!exists(name));
  for (let i = 0; i < 3; i += 1) await runGarbageCollection();
  assert.deepEqual([...(views[0] as Uint8Array)], Array(10).fill(9));
  assert.equal((views[1] as DataView).getUint8(5), 9);
  assert.equal(mapped(inode), 1);
  views.length = 0;
  while (mapped(inode) > 0) await runGarbageCollection();
});

test('a handle whose buf was never read unmaps at once, and one that is garbage is closed', async () => {
  using made = new SharedMemory({ create: true, size: 5000 });
  const same = new SharedMemory({ name: made.name });
  assert.equal(mapped(inodeOf(made)), 2);
  same.close();
  assert.equal(mapped(inodeOf(made)), 1);
  (() => {
    for (let i = 0; i < 5; i += 1) assert.equal(new SharedMemory({ name: made.name }).buf[0], 0);
    for (let i = 0; i < 5; i += 1) assert.equal(new SharedMemory({ name: made.name }).size, 5000);
  })();
  while (mapped(inodeOf(made)) > 1) await runGarbageCollection();
});

test('a view keeps its block in use, also when the handle is garbage', async () => {
  const name = unique('view');
  const keep = (() => new SharedMemory({ name, create: true, size: 10, track: false }).buf.fill(3))();
  for (let i = 0; i < 3; i += 1) await runGarbageCollection();
  assert.equal(keep[9], 3);
  assert.equal(mapped(inodeOf({ name })), 1);
  using same = new SharedMemory({ name });
  same.unlink();
});

test('its memory cannot be transferred away', () => {
  using made = new SharedMemory({ create: true, size: 10 });
  const { buffer } = made.buf as { buffer: ArrayBuffer };
  try {
    // Node 20 makes a copy.
    structuredClone(buffer, { transfer: [buffer] });
  } catch (error) {
    assert.match((error as Error).message, /transfer/);
  }
  if ('transfer' in buffer) assert.throws(() => (buffer as { transfer(): void }).transfer(), TypeError);
  assert.equal(made.buf.length, 10);
});

test('a block is unlinked once; its name is free then, and what another block of that name is stays', () => {
  const name = unique('again');
  const first = new SharedMemory({ name, create: true, size: 10 });
  const second = new SharedMemory({ name });
  first.buf[0] = 1;
  first.unlink();
  assert.throws(() => first.unlink(), { code: 'ENOENT', syscall: 'unlink', path: name });
  assert.throws(() => new SharedMemory({ name }), { code: 'ENOENT' });
  using other = new SharedMemory({ name, create: true, size: 10 });
  assert.throws(() => second.unlink(), { code: 'ENOENT' });
  assert.equal(new SharedMemory({ name }).buf[0], 0);
  assert.equal(second.buf[0], 1);
  assert.ok(exists(other.name));
  first.close();
  second.close();
});

test('using closes a handle, and unlinks a tracked block where it was created', () => {
  const run = (track: boolean): [SharedMemory, SharedMemory] => {
    using made = new SharedMemory({ create: true, size: 10, track });
    {
      using same = new SharedMemory({ name: made.name });
      assert.equal(same.track, track);
    }
    assert.ok(exists(made.name));
    return [made, new SharedMemory({ name: made.name })];
  };
  const [tracked, attached] = run(true);
  assert.throws(() => tracked.buf, InvalidStateError);
  assert.ok(!exists(tracked.name));
  tracked.unlink();
  attached.close();
  const [untracked, same] = run(false);
  assert.ok(exists(untracked.name));
  same.unlink();
  same.close();
});

test('it shows itself by its name and size', () => {
  using made = new SharedMemory({ name: unique('shown'), create: true, size: 10 });
  assert.equal(String(made), `SharedMemory('${made.name}', size=10)`);
  assert.equal(inspect({ made }), `{ made: ${String(made)} }`);
});

everywhere('an argument, a capture, a field, an item and a result is a handle on the same block', async (crew) => {
  using made = new SharedMemory({ create: true, size: 100 });
  const queue = new Queue<SharedMemory>();
  await queue.put(made);
  const home = await crew.run(
    async (given: SharedMemory, { field }: { field: SharedMemory }) => {
      given.buf[0] = 1;
      made.buf[1] = 2;
      field.buf[2] = 3;
      (await queue.get()).buf[3] = 4;
      return { given, isOne: given === field, name: given.name, track: given.track };
    },
    made,
    { field: made },
  );
  assert.deepEqual([...made.buf.subarray(0, 5)], [1, 2, 3, 4, 0]);
  assert.deepEqual([home.name, home.track, home.isOne], [made.name, true, true].with(2, home.isOne));
  home.given.buf[4] = 5;
  assert.equal(made.buf[4], 5);
  home.given.close();
});

everywhere('a block that was unlinked cannot cross, and is not taken for another one of its name', async (crew) => {
  const name = unique('gone');
  const made = new SharedMemory({ name, create: true, size: 1 });
  made.unlink();
  const send = (): Promise<unknown> => Promise.resolve(crew.run((memory: SharedMemory) => memory.size, made));
  await assert.rejects(send, (error) => error instanceof SerializationError && /it was unlinked/.test(error.message));
  using _ = new SharedMemory({ name, create: true, size: 2 });
  await assert.rejects(send, SerializationError);
  made.close();
});

everywhere('a worker that creates a block uses it until its process ends, and the receiver attaches to it', async (crew) => {
  const made = await crew.run(() => {
    const memory = new SharedMemory({ create: true, size: 3 });
    memory.buf.set([1, 2, 3]);
    return memory;
  });
  assert.deepEqual([...made.buf], [1, 2, 3]);
  made.unlink();
  made.close();
});

test('memory of a thread that was terminated is unmapped', async () => {
  using made = new SharedMemory({ create: true, size: 100_000 });
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const hold = pool.submit((name: string) => {
    Object.assign(globalThis, { held: new SharedMemory({ name }).buf });
    for (;;);
  }, made.name);
  const lost = hold.catch(() => 'lost');
  await until(() => mapped(inodeOf(made)) === 2);
  await pool.killWorkers();
  await lost;
  await until(() => mapped(inodeOf(made)) === 1);
});

for (const isKilled of [false, true]) {
  test(`a block that a thread has created stays when the thread ${isKilled ? 'is killed' : 'ends'}, and is free when it is unlinked`, async () => {
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const made = await pool.submit(() => {
      const memory = new SharedMemory({ create: true, size: 100_000 });
      memory.buf[0] = 5;
      return memory;
    });
    const [inode, { name, track }] = [inodeOf(made), made];
    made.close();
    if (isKilled) await pool.killWorkers();
    await pool.shutdown();
    await until(() => mapped(inode) === 0);
    const again = new SharedMemory({ name });
    assert.deepEqual([again.buf[0], again.track, track], [5, true, true]);
    again.unlink();
    again.close();
    const open = readdirSync('/proc/self/fd').filter(
      (descriptor) => statSync(`/proc/self/fd/${descriptor}`, { throwIfNoEntry: false })?.ino === inode,
    );
    assert.deepEqual(open, []);
  });
}

test('hundreds of blocks at once have their own memory, and leave no descriptor when they are unlinked', () => {
  const all = Array.from({ length: 300 }, (_, n) => {
    const made = new SharedMemory({ create: true, size: 8 });
    made.buf[0] = n % 256;
    return made;
  });
  for (const [n, each] of all.entries()) assert.equal(new SharedMemory({ name: each.name }).buf[0], n % 256);
  for (const each of all) each.unlink();
  for (const each of all) each.close();
});

test('a block that others have linked a second time, or that is no file of heddle, is attached to and not tracked', () => {
  const name = unique('foreign');
  writeFileSync(folder + name, 'hello');
  linkSync(folder + name, `${folder}${name}-2`);
  const memory = new SharedMemory({ name });
  assert.deepEqual([memory.track, memory.size, Buffer.from(memory.buf).toString()], [false, 5, 'hello']);
  memory.unlink();
  memory.close();
  rmSync(`${folder}${name}-2`);
});

crewOf('threads');
