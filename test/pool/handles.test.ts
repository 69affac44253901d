/** Shared objects as arguments, captures, items and results of pools' tasks, and through trees of threads and processes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lock, ProcessPoolExecutor, SerializationError, ThreadPoolExecutor } from 'heddle';
import { features, Word } from 'heddle/lowlevel';
import { all } from './collect.ts';
import { kinds } from './kinds.ts';

const apart = features().sharedHeap ?? false;

class Tally {
  readonly word: Word;
  readonly lists: Map<Word, string[]>;

  constructor(word: Word) {
    this.word = word;
    this.lists = new Map([[word, ['a']]]);
  }

  raise(by: number): number {
    return this.word.add(by);
  }
}

const kept = globalThis as { kept?: unknown };

for (const { kind, open } of kinds) {
  const skip = kind === 'process' && apart;

  test(`${kind}: changes by a worker to an argument, a capture, this or an item are seen here`, { skip }, async () => {
    await using pool = open({ maxWorkers: 1 });
    const word = new Word();
    const tally = new Tally(word);
    assert.equal(await pool.submit((one: Word) => one.add(1), word), 0);
    assert.equal(await pool.submit(() => word.add(1)), 1);
    assert.equal(await pool.submit(tally.raise.bind(tally), 1), 2);
    assert.equal(await pool.submit(({ deep: [{ one }] }: { deep: [{ one: Word }] }) => one.add(1), { deep: [{ one: word }] }), 3);
    assert.deepEqual(await all(pool.map((one) => one.add(1), [word, word, word, word, word], { chunkSize: 2 })), [4, 5, 6, 7, 8]);
    assert.equal(await pool.submit((one: Tally) => one.lists.get(one.word)?.[0] === 'a' && one.word.add(1) === 9, tally), true);
    assert.equal(word.load(), 10);
  });

  test(`${kind}: an object that comes home, in a result, an error or a stream, is the handle that is here`, { skip }, async () => {
    await using pool = open({ maxWorkers: 1 });
    const word = new Word(7);
    assert.equal(await pool.submit((one: Word) => one, word), word);
    assert.equal((await pool.submit(() => ({ word }))).word, word);
    const failing = (): never => {
      throw Object.assign(new RangeError('with a handle', { cause: { word } }), { word });
    };
    const error = (await pool.submit(failing).catch((reason: unknown) => reason)) as Error & { word: Word; cause: { word: Word } };
    assert.equal(error.word, word);
    assert.equal(error.cause.word, word);
    const yielding = function* (one: Word): Generator<Word> {
      for (let i = 0; i < 3; i++) yield one;
    };
    for (const one of await all(pool.stream(yielding, word))) assert.equal(one, word);
    assert.deepEqual(await all(pool.map((one) => one, [word, word])), [word, word]);
  });

  test(`${kind}: a worker has one handle on one object`, { skip }, async () => {
    await using pool = open({ maxWorkers: 1 });
    const word = new Word();
    const keep = (one: Word): boolean => {
      const isSame = kept.kept === one;
      kept.kept = one;
      return isSame;
    };
    assert.equal(await pool.submit(keep, word), false);
    assert.equal(await pool.submit(keep, word), true);
    assert.equal(await pool.submit(() => kept.kept === word), true);
  });

  test(`${kind}: an object that a worker made outlives it, and is seen by others`, { skip }, async () => {
    let word: Word;
    {
      await using pool = open({ maxWorkers: 1 });
      word = await pool.submit(() => new Word(41));
    }
    assert.equal(word.add(1), 41);
    await using pool = open({ maxWorkers: 2 });
    await Promise.all([1, 2, 3, 4].map(() => pool.submit(() => word.add(1))));
    assert.equal(word.load(), 46);
  });

  test(`${kind}: every kind of object is known where it arrives`, { skip }, async () => {
    await using pool = open({ maxWorkers: 1 });
    const lock = new Lock();
    assert.equal(lock.tryAcquire(), true);
    const seen = pool.submit((one: Lock) => one.locked(), lock);
    const after = pool.submit(() => 'after');
    assert.deepEqual(await Promise.all([seen, after]), [true, 'after']);
    lock.release();
    assert.equal(await pool.submit(() => lock.tryAcquire() && (lock.release(), true)), true);
  });

  test(`${kind}: a capture works for every worker`, { skip }, async () => {
    await using pool = open({ maxWorkers: 2 });
    const [arrived, sum] = [new Word(), new Word()];
    const both = (): void => {
      arrived.add(1);
      arrived.notify();
      for (let there = arrived.load(); there < 2; there = arrived.load()) arrived.wait(there);
      sum.add(1);
    };
    await Promise.all([pool.submit(both), pool.submit(both)]);
    assert.equal(sum.load(), 2);
  });

  test(`${kind}: a result with a handle arrives if its worker exits right after`, { skip }, async () => {
    for (let i = 0; i < 5; i++) {
      const pool = open({ maxWorkers: 1 });
      const word = await pool.submit((n: number) => {
        const made = new Word(n);
        setImmediate(() => process.exit());
        return made;
      }, i);
      assert.equal(word.load(), i);
      await pool.shutdown({ wait: true });
      assert.equal(word.load(), i);
    }
  });
}

/** Runs in each worker of a chain: the last one raises the word, and says so in one of its own. */
type Chain = readonly ('thread' | 'process')[];

async function goDown(chain: Chain, word: Word): Promise<Word> {
  const [next, ...rest] = chain;
  if (next === undefined) {
    const made = new Word(word.add(1) + 100);
    made.notify();
    return made;
  }
  const { ProcessPoolExecutor: Processes, ThreadPoolExecutor: Threads } = await import('heddle');
  await using pool = next === 'thread' ? new Threads({ maxWorkers: 1 }) : new Processes({ maxWorkers: 1 });
  return await pool.submit(goDown, rest, word);
}

const chains: Chain[] = [
  ['thread', 'thread'],
  ['thread', 'process'],
  ['process', 'thread'],
  ['process', 'process'],
  ['process', 'thread', 'process', 'thread'],
];

for (const chain of chains) {
  test(`an object survives the way from ${chain.join(' to ')} and back`, { skip: chain.includes('process') && apart }, async () => {
    const word = new Word(5);
    const made = await goDown(chain, word);
    assert.deepEqual([word.load(), made.load()], [6, 105]);
    assert.equal(made.add(1), 105);
  });
}

test('a process that was started before its parent met the heap has the same one', { skip: apart }, async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  // Only this process has met it when the grandchild starts.
  await pool.submit(async () => {
    const { ProcessPoolExecutor: Processes } = await import('heddle');
    const inner = new Processes({ maxWorkers: 1 });
    await inner.submit(() => 1);
    kept.kept = inner;
  });
  const word = new Word(1);
  const found = await pool.submit((one: Word) => (kept.kept as ProcessPoolExecutor).submit((two: Word) => two.add(1), one), word);
  assert.deepEqual([found, word.load()], [1, 2]);
  const made = await pool.submit(() => (kept.kept as ProcessPoolExecutor).submit(() => new Word(9)));
  assert.equal(made.load(), 9);
  await pool.submit(() => (kept.kept as ProcessPoolExecutor).shutdown({ wait: true }));
});

test('two threads that meet the heap at once have the same one', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const make = async (): Promise<Word[]> => {
    const words = [];
    for (let i = 0; i < 50; i++) words.push(new Word(i));
    return words;
  };
  const [one, two] = await Promise.all([pool.submit(make), pool.submit(make)]);
  for (const words of [one, two])
    assert.deepEqual(
      words.map((word) => word.load()),
      [...Array(50).keys()],
    );
  one[3]!.store(-1);
  assert.equal(two[3]!.load(), 3);
});

test('a child without native calls refuses handles', { skip: apart }, async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1, env: { ...process.env, HEDDLE_PLATFORM: 'none' } });
  const word = new Word();
  await assert.rejects(
    pool.submit((one: Word) => one.add(1), word),
    (error) => {
      assert.ok(error instanceof SerializationError);
      assert.match(error.message, /a shared object cannot be used here: .*HEDDLE_PLATFORM=none/);
      return true;
    },
  );
  await assert.rejects(
    pool.submit(() => word.add(1)),
    /HEDDLE_PLATFORM=none/,
  );
  await assert.rejects(
    pool.submit(() => new Word()),
    /^SerializationError: result: a Word cannot cross to .*HEDDLE_PLATFORM=none/,
  );
  assert.equal(await pool.submit(() => 'alive'), 'alive');
  assert.equal(word.load(), 0);
});
