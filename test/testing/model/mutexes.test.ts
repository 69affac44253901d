/** Mutual exclusion of the books, right and wrong: the model lets the right ones pass under all schedules, and says how the wrong ones fail. */

import { add, compareExchange, exchange, load, pause, store } from '#src/atomics';
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Block, me } from '#src/memory/index.js';
import { model, type ModelHeap } from '#src/testing/model/index.js';
import { failureOf, sleep, wake } from './words.js';

/** Threads that each enter the critical section so often. */
function locking(threads: number, rounds: number, lock: (block: Block) => void, unlock: (block: Block) => void) {
  const enter = (block: Block): void => {
    for (let round = 0; round < rounds; round += 1) {
      lock(block);
      assert.equal(add(block.words, block.at + 3, 1), 0, 'two are inside');
      add(block.words, block.at + 3, -1);
      unlock(block);
    }
  };
  return {
    threads: Array.from({ length: threads }, () => enter),
    setup: (heap: ModelHeap): Block => heap.take(4, 'lock'),
  };
}

/** The running thread: 0 or 1. */
const self = (): number => (me & 0xfff) - 1;

const FREE = 0;
const LOCKED = 1;
const CONTENDED = 2;

/** The second mutex of Drepper, "Futexes are tricky", 2011. */
function lockByFutex(block: Block): void {
  const { words, at } = block;
  let found = compareExchange(words, at, FREE, LOCKED);
  if (found === FREE) return;
  do {
    if (found === CONTENDED || compareExchange(words, at, LOCKED, CONTENDED) !== FREE) sleep(block, 0, CONTENDED);
    found = compareExchange(words, at, FREE, CONTENDED);
  } while (found !== FREE);
}

function unlockByFutex(block: Block): void {
  const { words, at } = block;
  if (add(words, at, -1) === LOCKED) return;
  store(words, at, FREE);
  wake(block, 0, 1);
}

test('Drepper’s mutex holds under every schedule of two threads', (t) => {
  const { isComplete, schedules, perSecond } = model({
    ...locking(2, 2, lockByFutex, unlockByFutex),
    preemptions: Infinity,
    reduces: 'states',
  });
  assert.equal(isComplete, true);
  console.log(`${t.name}: ${schedules} at ${perSecond} runs/s`);
});

test('Drepper’s mutex holds under every schedule of three threads', (t) => {
  const { isComplete, schedules, perSecond } = model({
    ...locking(3, 1, lockByFutex, unlockByFutex),
    preemptions: Infinity,
    reduces: 'states',
  });
  assert.equal(isComplete, true);
  console.log(`${t.name}: ${schedules} at ${perSecond} runs/s`);
});

test('a mutex that marks itself as contended too late is found to lose a wake-up', () => {
  const lock = (block: Block): void => {
    const { words, at } = block;
    while (compareExchange(words, at, FREE, LOCKED) !== FREE) {
      // Between the two it may have been released, by a thread that saw no waiter.
      store(words, at + 1, 1);
      sleep(block, 1, 1);
    }
  };
  const unlock = (block: Block): void => {
    const { words, at } = block;
    store(words, at, FREE);
    if (exchange(words, at + 1, 0) === 1) wake(block, 1, 1);
  };
  const { message } = failureOf(() => model(locking(2, 1, lock, unlock)));
  assert.match(message, /with 2 pre-emptions at most/);
  assert.match(message, /DeadlockError: no thread can go on:\n +[AB] sleeps at lock\[1\], which was 1 and is 1/);
});

test('a sleeper that does not look again after it was woken is found', () => {
  const lock = (block: Block): void => {
    const { words, at } = block;
    if (compareExchange(words, at, FREE, LOCKED) === FREE) return;
    if (exchange(words, at, CONTENDED) !== FREE) sleep(block, 0, CONTENDED);
    // Woken: so it is ours?
    store(words, at, CONTENDED);
  };
  const { message } = failureOf(() => model({ ...locking(3, 1, lock, unlockByFutex) }));
  assert.match(message, /two are inside/);
});

test('a release that does not wake is found', () => {
  const unlock = ({ words, at }: Block): void => void store(words, at, FREE);
  assert.match(failureOf(() => model(locking(2, 1, lockByFutex, unlock))).message, /no thread can go on/);
});

/** Peterson, "Myths about the mutual exclusion problem", 1981. */
function lockByTurns({ words, at }: Block): void {
  const mine = self();
  store(words, at + mine, 1);
  store(words, at + 2, 1 - mine);
  while (load(words, at + 1 - mine) === 1 && load(words, at + 2) === 1 - mine) pause();
}

function unlockByTurns({ words, at }: Block): void {
  store(words, at + self(), 0);
}

test('Peterson’s algorithm holds under every schedule', () => {
  const { isComplete, schedules } = model({ ...locking(2, 2, lockByTurns, unlockByTurns), preemptions: Infinity, reduces: 'states' });
  assert.equal(isComplete, true);
  assert.ok(schedules > 20, String(schedules));
});

test('Peterson’s algorithm with its first two stores swapped is found', () => {
  const lock = ({ words, at }: Block): void => {
    const mine = self();
    store(words, at + 2, 1 - mine);
    store(words, at + mine, 1);
    while (load(words, at + 1 - mine) === 1 && load(words, at + 2) === 1 - mine) pause();
  };
  assert.match(failureOf(() => model(locking(2, 1, lock, unlockByTurns))).message, /two are inside/);
});

/** Dekker, as in Dijkstra, "Cooperating sequential processes", 1965. */
function lockByDekker({ words, at }: Block): void {
  const mine = self();
  store(words, at + mine, 1);
  while (load(words, at + 1 - mine) === 1) {
    if (load(words, at + 2) !== mine) {
      store(words, at + mine, 0);
      while (load(words, at + 2) !== mine) pause();
      store(words, at + mine, 1);
    } else pause();
  }
}

function unlockByDekker({ words, at }: Block): void {
  const mine = self();
  store(words, at + 2, 1 - mine);
  store(words, at + mine, 0);
}

test('Dekker’s algorithm holds under every schedule', () => {
  const { isComplete, schedules } = model({ ...locking(2, 2, lockByDekker, unlockByDekker), preemptions: Infinity, reduces: 'states' });
  assert.equal(isComplete, true);
  assert.ok(schedules > 20, String(schedules));
});

test('Dekker’s algorithm without turns is found to stand still', () => {
  const lock = ({ words, at }: Block): void => {
    store(words, at + self(), 1);
    while (load(words, at + 1 - self()) === 1) pause();
  };
  assert.match(failureOf(() => model({ ...locking(2, 1, lock, unlockByTurns), maxSteps: 300 })).message, /EndlessError/);
});
