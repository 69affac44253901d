/**
 * Memory by name and Python: what its suite asserts of `multiprocessing.shared_memory`, and both languages on one block. Source: CPython's
 * `_TestSharedMemory`, `TestSharedMemoryNames`
 */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { mock, test } from 'node:test';
import { ProcessPoolExecutor, SerializationError, ShareableList, SharedMemory, ThreadPoolExecutor } from 'heddle';

const unique = (text: string): string => `heddle-python-${process.pid}-${text}`;
const exists = (name: string): boolean => existsSync(`/dev/shm/${name}`);

test('basics: create, attach by name, the same bytes, sizes, names that are taken or missing, close twice, unlink', () => {
  const name = unique('basics');
  const memory = new SharedMemory({ name, create: true, size: 512 });
  assert.equal(memory.name, name);
  assert.equal(memory.size, 512);
  assert.equal(memory.buf.length, memory.size);
  assert.match(String(memory), new RegExp(`${name}.*512`));
  memory.buf[0] = 42;
  const also = new SharedMemory({ name });
  assert.equal(also.buf[0], 42);
  also.close();
  // The size of a block that is there is its own, whatever is asked for.
  const same = new SharedMemory({ name, size: 20 * memory.size });
  assert.equal(same.size, memory.size);
  same.buf[511] = 7;
  assert.equal(memory.buf[511], 7);
  same.close();
  assert.throws(() => new SharedMemory({ name, create: true, size: 512 }), { code: 'EEXIST' });
  for (const size of [-1, 0]) assert.throws(() => new SharedMemory({ create: true, size }), RangeError);
  assert.throws(() => new SharedMemory({ create: false }), TypeError);
  const [first, second] = [new SharedMemory({ create: true, size: 1 }), new SharedMemory({ create: true, size: 1 })];
  assert.notEqual(first.name, second.name);
  for (const each of [first, second]) {
    each.close();
    each.unlink();
  }
  memory.close();
  memory.close();
  memory.unlink();
  assert.throws(() => new SharedMemory({ name }), { code: 'ENOENT' });
});

test('recreate: a new name that is taken is tried again', () => {
  using first = new SharedMemory({ name: 'psm_0a0a0a0a', create: true, size: 1 });
  const names = ['0a0a0a0a-', '0a0a0a0a-', '0b0b0b0b-'];
  const given = mock.method(crypto, 'randomUUID', () => names.shift());
  try {
    using second = new SharedMemory({ create: true, size: 1 });
    assert.deepEqual([first.name, second.name, names.length], ['psm_0a0a0a0a', 'psm_0b0b0b0b', 0]);
  } finally {
    given.mock.restore();
  }
});

for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  test(`pickling: what a worker of a ${Pool.name} is given attaches to the same block, and not once that is unlinked`, async () => {
    await using pool = new Pool({ maxWorkers: 1 });
    const memory = new SharedMemory({ create: true, size: 10 });
    const list = new ShareableList([0, 1, 'two']);
    await pool.submit(
      (its: SharedMemory, same: ShareableList) => {
        its.buf[0] = 5;
        same.set(0, 'zero');
      },
      memory,
      list,
    );
    assert.deepEqual([memory.buf[0], [...list]], [5, ['zero', 1, 'two']]);
    for (const each of [memory, list.shm]) each.unlink();
    for (const each of [memory, list]) await assert.rejects(async () => pool.submit((_: unknown) => {}, each), SerializationError);
    for (const each of [memory, list.shm]) each.close();
  });
}

test('names with colons are names as any other', () => {
  using memory = new SharedMemory({ name: unique('a:b:shared_memory'), create: true, size: 1 });
  assert.ok(exists(memory.name));
});

test('a list is that of the suite: formats, slots, another type in a place, text of exactly its slot', () => {
  using list = new ShareableList(['howdy', Buffer.from('HoWdY'), -273.154, 100, null, true, 42]);
  assert.deepEqual([list.length, list.get(0), list.get(-2), list.format], [7, 'howdy', true, '8s8sdqxxxxxx?xxxxxxxx?q']);
  assert.deepEqual([list.count(42), list.index(42), list.count('none')], [1, 6, 0]);
  list.set(3, 42);
  list.set(4, 'some');
  assert.deepEqual([list.get(3), list.get(4), list.format], [42, 'some', '8s8sdq8sxxxxxxx?q']);
  assert.throws(() => list.set(4, 'far too many'), /exceeds available storage/);
  assert.equal(list.get(4), 'some');
  list.set(0, 'encodés');
  assert.deepEqual([list.get(0), list.get(1)], ['encodés', new Uint8Array(Buffer.from('HoWdY'))]);
  assert.throws(() => list.set(0, 'encodées'), /exceeds available storage/);
  assert.deepEqual(list.get(1), new Uint8Array(Buffer.from('HoWdY')));
});

/** A Python that attaches without becoming an owner: before 3.13 each user was one, and unlinked the block at its end. */
const prelude = `
import sys, json, struct
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory, ShareableList
def forget(it):
    resource_tracker.unregister('/' + it.name, 'shared_memory')
    return it
`;
const python = 'python3';
const isThere = spawnSync(python, ['-c', prelude], { encoding: 'utf8' }).status === 0;
const skip = isThere ? false : 'needs python3 with multiprocessing.shared_memory';

function runPython(code: string, ...args: string[]): unknown {
  const { stdout, stderr, status } = spawnSync(python, ['-c', `${prelude}${code}`, ...args], { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  return JSON.parse(stdout);
}

test('Python reads and writes a block of Node, by its name, also with a slash', { skip }, () => {
  using memory = new SharedMemory({ create: true, size: 5000 });
  memory.buf.set(Buffer.from('from node'));
  const answer = runPython(
    `
memory = forget(SharedMemory(sys.argv[1]))
again = SharedMemory('/' + sys.argv[1]); forget(again)
print(json.dumps([memory.name, memory.size, bytes(memory.buf[:9]).decode(), bytes(again.buf[:4]).decode()]))
memory.buf[4995:5000] = b'hello'
again.close(); memory.close()
`,
    memory.name,
  );
  assert.deepEqual(answer, [memory.name, 5000, 'from node', 'from']);
  assert.equal(Buffer.from(memory.buf.subarray(4995)).toString(), 'hello');
  assert.throws(() => runPython('SharedMemory(sys.argv[1], create=True, size=1)', memory.name), /FileExistsError/);
});

test('Node reads and writes a block of a Python that runs, follows it live, and leaves it to Python', { skip }, async () => {
  const code = `${prelude}
memory = SharedMemory(create=True, size=4097)
memory.buf[0] = 1
print(memory.name, flush=True)
for line in sys.stdin:
    if line == 'end\\n': break
    memory.buf[1] += memory.buf[0]
    print(memory.buf[1], flush=True)
memory.close(); memory.unlink()
`;
  const child = spawn(python, ['-c', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value as string;
  const memory = new SharedMemory({ name: await next() });
  assert.deepEqual([memory.size, memory.buf[0], memory.track], [4097, 1, false]);
  memory.buf[0] = 20;
  child.stdin.write('add\n');
  assert.equal(await next(), '20');
  assert.equal(memory.buf[1], 20);
  // Another program of Node's comes and goes.
  const { status } = spawnSync(process.execPath, [
    '--input-type=module',
    '-e',
    `import { SharedMemory } from 'heddle'; new SharedMemory({ name: '${memory.name}' }).buf[0] = 30;`,
  ]);
  assert.equal(status, 0);
  assert.ok(exists(memory.name));
  child.stdin.write('add\n');
  assert.equal(await next(), '50');
  memory.close();
  assert.ok(exists(memory.name));
  child.stdin.end('end\n');
  await new Promise((resolve) => child.once('exit', resolve));
  assert.ok(!exists(memory.name));
});

const all = ['howdy', -273.154, 100, null, true, 2 ** 40, '', 'é漢💡', 1e300];

test('Python reads and writes a list of Node', { skip }, () => {
  using list = new ShareableList([...all, 2n ** 62n, Buffer.from([1, 255])]);
  const answer = runPython(
    `
its = ShareableList(name=sys.argv[1]); forget(its.shm)
print(json.dumps([list(its)[:-2], its[-2] == 2**62, list(its[-1]), its.format, len(its), its.count(100), its.index(True)]))
its[0] = 'exactly8'; its[1] = 2**61; its[2] = b'bytes'; its[3] = False; its[4] = None; its[5] = 0.25; its[-1] = 'text'
its.shm.close()
`,
    list.shm.name,
  );
  assert.deepEqual(answer, [all, true, [1, 255], '8sdqxxxxxx?xxxxxxxx?q8s16sdq8s', 11, 1, 4]);
  assert.deepEqual(
    [...list],
    ['exactly8', 2n ** 61n, new Uint8Array(Buffer.from('bytes')), false, null, 0.25, ...all.slice(6), 2n ** 62n, 'text'],
  );
  assert.equal(list.format, '8sq8sxxxxxxx?xxxxxx?xd8s16sdq8s');
});

test('Node reads and writes a list of Python, and leaves it to Python', { skip }, () => {
  const name = runPython(`
its = ShareableList([1, 2.0, 'x' * 20, b'abc', None, False, -2**63])
forget(its.shm)
print(json.dumps(its.shm.name))
its.shm.close()
`) as string;
  const list = new ShareableList(undefined, { name });
  assert.deepEqual([...list], [1, 2, 'x'.repeat(20), new Uint8Array(Buffer.from('abc')), null, false, -(2n ** 63n)]);
  assert.deepEqual([list.format, list.shm.track], ['qd24s8sxxxxxx?xxxxxxxx?q', false]);
  list.set(0, 1.25);
  list.set(1, 4);
  list.set(2, 'from node');
  list.set(3, 2n ** 60n);
  list.set(-1, 'text');
  const answer = runPython(
    `
its = ShareableList(name=sys.argv[1])
print(json.dumps([list(its), type(its[1]).__name__, its.format]))
its.shm.close(); its.shm.unlink()
`,
    name,
  );
  assert.deepEqual(answer, [[1.25, 4, 'from node', Number(2n ** 60n), null, false, 'text'], 'float', 'dd24sqxxxxxx?xxxxxxxx?8s']);
  list.shm.close();
});

test('a list of Node and one of Python are the same, byte by byte', { skip }, () => {
  using list = new ShareableList(all);
  const theirs = runPython(`
its = ShareableList(['howdy', -273.154, 100, None, True, 2**40, '', 'é漢💡', 1e300])
print(json.dumps([its.shm.size, its.shm.buf[:].hex()]))
its.shm.close(); its.shm.unlink()
`) as [number, string];
  // Python counts characters where it makes room for text, and has 8 bytes for these 9: it loses the last.
  const ascii = all.filter((value) => value !== 'é漢💡');
  using plain = new ShareableList(ascii);
  const same = runPython(`
its = ShareableList(['howdy', -273.154, 100, None, True, 2**40, '', 1e300])
print(json.dumps([its.shm.size, its.shm.buf[:].hex()]))
its.shm.close(); its.shm.unlink()
`);
  assert.deepEqual(same, [plain.shm.size, Buffer.from(plain.shm.buf).toString('hex')]);
  assert.equal(list.shm.size - theirs[0], 8);
  assert.equal(list.get(7), 'é漢💡');
});

test('a block that Python uses goes with the last of the tracked users of Node', { skip }, async () => {
  const name = unique('python-uses');
  const memory = new SharedMemory({ name, create: true, size: 10 });
  const code = `${prelude}
memory = forget(SharedMemory(sys.argv[1]))
print('there', flush=True)
sys.stdin.readline()
print(memory.buf[0], flush=True)
memory.close()
`;
  const child = spawn(python, ['-c', code, name], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, 'there');
  memory.buf[0] = 9;
  memory[Symbol.dispose]();
  assert.ok(!exists(name));
  child.stdin.end('\n');
  // The memory that Python has mapped stays.
  assert.equal((await lines.next()).value, '9');
  await new Promise((resolve) => child.once('exit', resolve));
});
