/**
 * The watcher of a tree of processes: unlinks tracked memory whose last user has ended, however it ended. A process of its own, so that it is there when
 * all others were killed. It reads the names from the heap's file, which it has inherited, and sleeps until a process that has entries ends.
 *
 *    the end of a process (pidfd) ──▶ its entries ──▶ open the block, try its lock: have it alone? ──▶ unlink
 *                                                            └─ others use it: tried again some times, then it is theirs
 *
 * Each process that uses a block shares its lock (flock), also those of other trees, which have watchers of their own; so the lock is what
 * decides. The watcher ends when no process has entries any more.
 *
 * Nothing of heddle is loaded: the process is small, and soon there. Its argument says where the names lie (`Registry`, as JSON).
 */

import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { folder, type Registry } from './entry.ts';

/** Where the watcher has inherited the heap's file. */
const heap = 3;
const bytesPerRef = 16;
const chainAt = 4;
/** Milliseconds between two looks for processes that have their first entry. */
const lookEvery = 1000;
/** The same where the system does not tell of the end of a process. */
const lookOften = 200;
/** How often the lock of a block is tried when one of its users has died. */
const mostTries = 3;
const pidfdOpen = 434;
const eintr = 4;
const pollin = 1;
const lockAloneAtOnce = 2 | 4;
const timesField = 19;

type Call = (...args: (number | NodeJS.TypedArray | null)[]) => number;

/** The same calls as those of `native.ts`, without what else that loads. */
const { load, errno } = createRequire(import.meta.url)('koffi') as {
  load(path: null): { func(name: string, result: string, parameters: readonly string[]): Call };
  errno(): number;
};
const library = load(null);
const flock = library.func('flock', 'int', ['int', 'int']);
const poll = library.func('poll', 'int', ['void *', 'long', 'int']);
const syscall = library.func('syscall', 'long', ['long', 'long', 'long', 'long']);

const { names, watcher, entriesBegin, entriesInBlock, entryWords } = JSON.parse(process.argv[2]!) as Registry;
const { owner: OWNER, start: START, ready: READY, inode: INODE, name: NAME, size } = entryWords;
const blockBytes = (entriesBegin + entriesInBlock * size) * 4;

interface Process {
  readonly key: string;
  readonly pid: number;
  readonly start: number;
  /** Readable when the process has ended; -1: the system has none. */
  readonly descriptor: number;
}

interface Entry {
  /** In the heap's file. */
  readonly place: number;
  readonly pid: number;
  readonly start: number;
  readonly inode: number;
  readonly name: string;
}

const word = new Int32Array(1);

function readWord(place: number): number {
  readSync(heap, word, 0, 4, place);
  return word[0]! >>> 0;
}

function writeWord(place: number, value: number): void {
  word[0] = value;
  writeSync(heap, word, 0, 4, place);
}

/** All entries that belong to a process. */
function* entries(): IterableIterator<Entry> {
  const block = Buffer.alloc(blockBytes);
  for (let ref = readWord(names); ref !== 0; ) {
    const base = ref * bytesPerRef;
    readSync(heap, block, 0, blockBytes, base);
    const half = (at: number): number => block.readUInt32LE(at) + block.readUInt32LE(at + 4) * 2 ** 32;
    for (let i = 0; i < entriesInBlock; i += 1) {
      const at = (entriesBegin + i * size) * 4;
      const pid = block.readInt32LE(at + OWNER * 4);
      if (pid === 0) continue;
      const isReady = block.readInt32LE(at + READY * 4) === 1;
      const from = at + NAME * 4;
      const name = isReady ? block.toString('utf8', from, block.indexOf(0, from)) : '';
      yield { place: base + at, pid, start: half(at + START * 4), inode: isReady ? half(at + INODE * 4) : 0, name };
    }
    ref = block.readUInt32LE(chainAt);
  }
}

/** When a process started, in clock ticks; undefined: there is none, or it has ended. */
function startOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[timesField]);
  } catch {
    return undefined;
  }
}

const lives = ({ pid, start }: { readonly pid: number; readonly start: number }): boolean => {
  const now = startOf(pid);
  return now !== undefined && (start === 0 || now === start);
};

/** Of each entry of a dead process: how often its block was in use by others. */
const tries = new Map<number, number>();

/** Settles an entry of a dead process. True if that is over. */
function settle({ place, inode, name }: Entry): boolean {
  if (name === '' || unlinkIfAlone(folder + name, inode)) return true;
  const done = (tries.get(place) ?? 0) + 1;
  tries.set(place, done);
  return done === mostTries;
}

/** Unlinks a block if no process uses it. False if one does. */
function unlinkIfAlone(path: string, inode: number): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    // The name is free, or another user's.
    return true;
  }
  try {
    if (fstatSync(descriptor).ino !== inode) return true;
    if (flock(descriptor, lockAloneAtOnce) !== 0) return false;
    // A program that attaches looks again whether the block has its name when it shares the lock.
    if (statSync(path, { throwIfNoEntry: false })?.ino === inode) unlinkSync(path);
    return true;
  } catch {
    return true;
  } finally {
    closeSync(descriptor);
  }
}

const known = new Map<string, Process>();

function meet(pid: number, start: number, key: string): void {
  const descriptor = syscall(pidfdOpen, pid, 0, 0);
  // The number may have become another process's before it was opened.
  if (lives({ pid, start })) known.set(key, { key, pid, start, descriptor });
  else if (descriptor >= 0) closeSync(descriptor);
}

/** Settles what the dead have left. Returns how many entries are still to be watched. */
function look(): number {
  let count = 0;
  for (const process of known.values())
    if (!lives(process)) {
      known.delete(process.key);
      if (process.descriptor >= 0) closeSync(process.descriptor);
    }
  for (const entry of entries()) {
    const key = `${entry.pid} ${entry.start}`;
    if (!known.has(key)) meet(entry.pid, entry.start, key);
    if (known.has(key) || !settle(entry)) {
      count += 1;
      continue;
    }
    tries.delete(entry.place);
    writeWord(entry.place + READY * 4, 0);
    writeWord(entry.place + OWNER * 4, 0);
  }
  return count;
}

/** Sleeps until one of the known processes ends, or it is time to look. */
function sleep(): void {
  const all = [...known.values()].filter(({ descriptor }) => descriptor >= 0);
  const polled = new Int32Array(all.length * 2);
  for (const [i, { descriptor }] of all.entries()) {
    polled[i * 2] = descriptor;
    polled[i * 2 + 1] = pollin;
  }
  const isTold = all.length === known.size;
  const result = poll(polled, all.length, isTold && tries.size === 0 ? lookEvery : lookOften);
  if (result < 0 && errno() !== eintr) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookOften);
}

function watch(): void {
  for (;;) {
    while (look() > 0) sleep();
    // A process that has its first entry from here on finds no watcher, and starts one; an earlier entry is found now.
    if (readWord(watcher) === process.pid) writeWord(watcher, 0);
    if (look() === 0) return;
    if (readWord(watcher) === 0) writeWord(watcher, process.pid);
  }
}

// A key of the terminal is for the program; the watcher goes on to its end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
watch();
process.exit();
