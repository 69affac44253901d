/**
 * The additional promises of the memory of processes: it is made of descriptors, pipes and numbers that the system also gives to others.
 */

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { HeddleError } from '#src/errors.js';
import { type Bell, type Memory, segmentSize } from '#src/memory/heap/memory.js';
import { createNativeMemory, joinNativeMemory, type NativeHeap } from '#src/memory/heap/native-memory.js';
import { ringDoorbellSocket } from '#src/platform/doorbell-socket.js';
import { closeEnd } from '#src/platform/index.js';
import { control } from '#src/platform/pipe.js';
import { grounds, nativeSkip } from '../grounds.ts';
import { at, bellOf, place, whoIs } from '../party.ts';
import { until } from '../until.ts';

const door = JSON.stringify(import.meta.resolve('#src/memory/heap/native-memory.js'));
const threads = grounds[1]!;
const processes = grounds[2]!;

const check = (what: string, body: (heap: NativeHeap) => Promise<void> | void): void => {
  test(what, { skip: nativeSkip, timeout: 60_000 }, async () => {
    const heap = createNativeMemory();
    try {
      await body(heap);
    } finally {
      closeEnd(heap.descriptor);
    }
  });
};

async function node(program: string, env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, ...env },
  });
  return stdout.trim();
}

/** The kind of each descriptor of this process. */
function open(): string[] {
  return readdirSync('/proc/self/fd').flatMap((number) => {
    try {
      return [readlinkSync(`/proc/self/fd/${number}`)];
    } catch {
      return []; // the one that read the directory
    }
  });
}

/** One's own bell, rung as the heap rings. */
function ownBell(memory: Memory, onRing: () => void): { bell: Bell; ring(): void } {
  const bell = memory.openBell(place(at.rung), onRing);
  return { bell, ring: () => memory.ring(memory.identity(), bell.address, place(at.rung)) };
}

/** Opens files until one has this number; gives back all. */
function take(descriptor: number, path: string): number[] {
  const taken: number[] = [];
  while (!taken.includes(descriptor)) {
    assert.ok(taken.length < 1000);
    taken.push(openSync(path, 'a'));
  }
  return taken;
}

check('discarded memory is given back to the system', ({ memory, descriptor }) => {
  memory.grow(3 * segmentSize);
  const bytes = (): number => fstatSync(descriptor).blocks * 512;
  memory.segment(1).fill(1);
  memory.segment(2).fill(1);
  const full = bytes();
  assert.ok(full >= 2 * segmentSize, `${full}`);
  memory.discard(segmentSize + segmentSize / 2, segmentSize);
  assert.equal(bytes(), full - segmentSize);
  assert.equal(memory.segment(1).at(-1), 0);
  assert.equal(memory.segment(2).at(-1), 1);
});

check('a message does not take the heap away', ({ memory }) => {
  const words = memory.segment(0);
  words[at.go] = 7;
  try {
    structuredClone(words.buffer, { transfer: [words.buffer as ArrayBuffer] });
  } catch (error) {
    assert.equal((error as Error).name, 'DataCloneError');
  }
  assert.equal(words[at.go], 7);
});

check('only the descriptor of a heap is taken for one', ({ descriptor }) => {
  const file = openSync('/dev/null', 'r');
  for (const wrong of [file, 9999]) assert.throws(() => joinNativeMemory({ descriptor: wrong }), HeddleError);
  closeSync(file);
  assert.equal(joinNativeMemory({ descriptor }).memory.segment(0)[at.go], 0);
});

check('programs inherit the heap only when they are given it', async ({ descriptor }) => {
  const inherited = async (): Promise<boolean> => {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', 'ls -l /proc/self/fd']);
    return stdout.includes('memfd');
  };
  assert.equal(await inherited(), false);
  // As a process finds it that was given it.
  control(descriptor, 2, 0);
  assert.equal(await inherited(), true);
  joinNativeMemory({ descriptor });
  assert.equal(await inherited(), false);
});

check('no process can cut the heap off under the others', ({ descriptor, memory }) => {
  memory.segment(0)[at.go] = 3;
  // As a mistake of an heir of the descriptor would: every reader would be killed.
  const program = `require('node:fs').ftruncateSync(3, 0)`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
    child.once('exit', (code) => {
      if (code === 1 && memory.segment(0)[at.go] === 3) resolve();
      else reject(new Error(`it was cut off (${code})`));
    });
  });
});

check('a ring is not written into a file that got the number of a bell', ({ memory }) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-bell-'));
  const path = join(folder, 'file');
  for (const isCached of [false, true]) {
    const { bell, ring } = ownBell(memory, () => {});
    if (isCached) ring();
    bell.close();
    const taken = take(bell.address.descriptor - 1, path);
    ring();
    assert.equal(readFileSync(path, 'utf8'), '');
    for (const descriptor of taken) closeSync(descriptor);
  }
  rmSync(folder, { recursive: true });
});

check('foreign processes that find the socket of a bell have no effect', async ({ memory }) => {
  let rings = 0;
  const { bell } = ownBell(memory, () => (rings += 1));
  let socket: ArrayLike<number> | undefined;
  bell.openSocket!((number) => (socket = number));
  const hex = (socket![0]! >>> 0).toString(16).padStart(8, '0');
  // Every user of the machine sees the name.
  const path = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .find((line) => line.includes(`@heddle-${hex}`))!
    .replace(/.*@/, '\0');
  for (let i = 0; i < 5; i += 1) {
    const stranger = connect(path);
    stranger.write('ring');
    // The stranger may have been closed before that was written.
    stranger.on('error', () => {});
    await new Promise((resolve) => stranger.once('close', resolve));
  }
  assert.equal(rings, 0);
  // The same connection by one of the heap's threads, which has set the word.
  memory.segment(0)[at.rung] = 1;
  ringDoorbellSocket(socket!);
  await until(() => rings > 0);
  assert.equal(memory.segment(0)[at.rung], 0);
  bell.close();
  assert.equal(readFileSync('/proc/net/unix', 'utf8').includes(`@heddle-${hex}`), false);
});

check('rung pipes are closed after some time', async ({ memory }) => {
  const pipes = (): number => open().filter((each) => each.startsWith('pipe:')).length;
  const before = pipes();
  let heard = 0;
  const bells = Array.from({ length: 200 }, () => ownBell(memory, () => heard++));
  for (const { bell, ring } of bells) {
    bell.ref();
    ring();
  }
  assert.ok(pipes() - before <= 2 * bells.length + 64, `${pipes() - before} ends of ${bells.length} bells`);
  await until(() => heard === bells.length);
  for (const { ring } of bells) ring();
  await until(() => heard === 2 * bells.length);
  for (const { bell } of bells) bell.close();
  // Ends that were not used for a while are closed too.
  await until(() => pipes() === before);
});

test('a thread that rang and had a bell leaves no descriptors', { skip: nativeSkip, timeout: 60_000 }, async () => {
  await using ground = threads.make();
  const { memory } = ground;
  const pipes = (): number => open().filter((each) => each.startsWith('pipe:')).length;
  const round = async (): Promise<number> => {
    Atomics.store(memory.segment(0), at.state, 0);
    const party = ground.start('ringsItself');
    await until(() => Atomics.load(memory.segment(0), at.state) === 1);
    await party.kill();
    await party.ended;
    return pipes();
  };
  const first = await round();
  for (let i = 0; i < 3; i++) await round();
  assert.equal(pipes(), first);
});

test('a process that its parent did not collect counts as dead', { skip: nativeSkip, timeout: 60_000 }, async () => {
  await using ground = processes.make();
  const { memory, start } = ground;
  start('sleeper');
  await until(() => Atomics.load(memory.segment(0), at.state) === 1);
  const who = whoIs(memory);
  process.kill(who.pid, 'SIGKILL');
  // The event loop does not turn, so the child is not collected.
  while (memory.isAlive(who, true)) memory.sleep(place(at.nothing), 0, 1);
  assert.equal(memory.isAlive(who, false), true);
  assert.match(readFileSync(`/proc/${who.pid}/stat`, 'latin1'), /\) Z /);
});

test('a name is not taken for a state', { skip: nativeSkip, timeout: 60_000 }, async () => {
  await using ground = processes.make();
  const { memory, start } = ground;
  start('oddName');
  await until(() => Atomics.load(memory.segment(0), at.state) === 1);
  const who = whoIs(memory);
  assert.match(readFileSync(`/proc/${who.pid}/stat`, 'latin1'), /\(a\) Z 1 \(b/);
  assert.equal(memory.isAlive(who, true), true);
  assert.ok(who.processStart > 0 && who.threadStart >= who.processStart);
});

check('a reused number does not count as the thread that had it', ({ memory }) => {
  const me = memory.identity();
  const other = { ...me, threadStart: me.threadStart - 1 };
  assert.equal(memory.isAlive(other, false), true);
  assert.equal(memory.isAlive(other, true), false);
  assert.equal(memory.isAlive({ ...me, threadStart: 0 }, true), true);
  for (const nobody of [0, -1, 2 ** 30]) assert.equal(memory.isAlive({ ...me, tid: nobody }, true), false);
  // One that we may not send signals to lives; here we may, or not.
  assert.equal(memory.isAlive({ pid: 1, tid: 1, processStart: 0, threadStart: 0 }, true), true);
});

test('a ring wakes only the thread that it is for', { skip: nativeSkip, timeout: 60_000 }, async () => {
  await using ground = processes.make();
  const { memory, start } = ground;
  start('bell');
  await until(() => Atomics.load(memory.segment(0), at.state) === 1);
  const [who, bell] = [whoIs(memory), bellOf(memory)];
  memory.ring(who, { ...bell, inode: bell.inode + 1 }, place(at.rung));
  memory.ring(who, { descriptor: 0, inode: 0 }, place(at.rung));
  memory.ring({ ...who, pid: 2 ** 30 }, bell, place(at.rung));
  memory.ring(who, bell, place(at.rung));
  await until(() => Atomics.load(memory.segment(0), at.count) > 0);
  assert.equal(Atomics.load(memory.segment(0), at.count), 1);
});

test('a program ends while its threads sleep, or after it slept', { skip: nativeSkip, timeout: 60_000 }, async () => {
  const sleeper = `
    import { workerData } from 'node:worker_threads';
    import { joinNativeMemory } from ${door};
    const { memory } = joinNativeMemory(workerData);
    memory.segment(0)[9] = 1;
    for (;;) memory.sleep(40, 0, Infinity);`;
  const output = await node(`
    import * as threads from 'node:worker_threads';
    import { createNativeMemory } from ${door};
    const { memory, descriptor, address } = createNativeMemory();
    new threads.Worker(${JSON.stringify(sleeper)}, { eval: true, workerData: { descriptor, address } });
    while (memory.segment(0)[9] === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    memory.sleep(40, 0, Infinity);
    console.log('ends');
    process.exit(0);`);
  assert.equal(output, 'ends');
});

test('missing memory is named, without a crash', async () => {
  const output = await node(
    `import { createNativeMemory, nativeMemoryMissing } from ${door};
     console.log(nativeMemoryMissing());
     try { createNativeMemory(); } catch ({ code, message }) { console.log(code + ' ' + message); }`,
    { HEDDLE_PLATFORM: 'none' },
  );
  const why = 'HEDDLE_PLATFORM=none switches native calls off';
  assert.deepEqual(output.split('\n'), [why, `ERR_HEDDLE_UNSUPPORTED_PLATFORM memfd_create() cannot be called: ${why}`]);
});

test('a limit of addresses is named, without a crash', { skip: nativeSkip }, async () => {
  const program = `import(${door}).then(({ nativeMemoryMissing }) => console.log(nativeMemoryMissing()))`;
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', 'ulimit -v 50000000; exec "$0" -e "$1"', process.execPath, program]);
  assert.match(stdout, /does not map 64 GiB of addresses: ENOMEM \(a limit of addresses, ulimit -v\?\)/);
});
