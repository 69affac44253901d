import { Barrier, Condition, Event, Lock, ProcessPoolExecutor, RLock, Semaphore, ThreadPoolExecutor } from '../../../dist/index.js';
import { awaitedPairsFor, pairsFor, together } from './pairs.mjs';

const alone = (make) => (count) => {
  const lock = make();
  for (let i = 0; i < count; i++) {
    lock.acquireSync();
    lock.release();
  }
  return count;
};

const aloneAwaited = (make) => async (count) => {
  const lock = make();
  for (let i = 0; i < count; i++) {
    await lock.acquire();
    lock.release();
  }
  return count;
};

const bothTake = (ms, lock, start) => {
  start.waitSync();
  return pairsFor(ms, () => {
    lock.acquireSync();
    lock.release();
  });
};

const bothTakeAwaited = async (ms, lock, start) => {
  await start.wait();
  return awaitedPairsFor(ms, async () => {
    await lock.acquire();
    lock.release();
  });
};

const eventTurns = (rounds, { mine, other, start, isFirst }) => {
  start.waitSync();
  const begin = performance.now();
  if (isFirst) other.set();
  for (let i = 0; i < rounds; i++) {
    mine.waitSync();
    mine.clear();
    other.set();
  }
  return performance.now() - begin;
};

const eventTurnsAwaited = async (rounds, { mine, other, start, isFirst }) => {
  await start.wait();
  const begin = performance.now();
  if (isFirst) other.set();
  for (let i = 0; i < rounds; i++) {
    await mine.wait();
    mine.clear();
    other.set();
  }
  return performance.now() - begin;
};

// The turn: an event that is set gives it to the second one.
const conditionTurns = (rounds, { condition, turn, start, isFirst }) => {
  start.waitSync();
  const begin = performance.now();
  condition.acquireSync();
  for (let i = 0; i < rounds; i++) {
    while (turn.isSet() === isFirst) condition.waitSync();
    if (isFirst) turn.set();
    else turn.clear();
    condition.notify();
  }
  condition.release();
  return performance.now() - begin;
};

const conditionTurnsAwaited = async (rounds, { condition, turn, start, isFirst }) => {
  await start.wait();
  const begin = performance.now();
  await condition.acquire();
  for (let i = 0; i < rounds; i++) {
    while (turn.isSet() === isFirst) await condition.wait();
    if (isFirst) turn.set();
    else turn.clear();
    condition.notify();
  }
  condition.release();
  return performance.now() - begin;
};

const barrierRounds = (rounds, { barrier }) => {
  barrier.waitSync();
  const begin = performance.now();
  for (let i = 0; i < rounds; i++) barrier.waitSync();
  return performance.now() - begin;
};

const barrierRoundsAwaited = async (rounds, { barrier }) => {
  await barrier.wait();
  const begin = performance.now();
  for (let i = 0; i < rounds; i++) await barrier.wait();
  return performance.now() - begin;
};

export async function open({ kind }) {
  const Executor = kind === 'processes' ? ProcessPoolExecutor : ThreadPoolExecutor;
  const pool = new Executor({ maxWorkers: 2 });
  await pool.broadcast(() => {}); // both have started

  const contended = (task) => async (ms) => {
    const [lock, start] = [new Lock(), new Barrier(2)];
    return together(await Promise.all([0, 1].map(() => pool.submit(task, ms, lock, start))));
  };
  const turns = (task, make) => async (rounds) => {
    const [first, second] = make();
    return Math.max(...(await Promise.all([pool.submit(task, rounds, first), pool.submit(task, rounds, second)])));
  };
  const events = () => {
    const [a, b, start] = [new Event(), new Event(), new Barrier(2)];
    return [
      { mine: a, other: b, start, isFirst: true },
      { mine: b, other: a, start, isFirst: false },
    ];
  };
  const conditions = () => {
    const shared = { condition: new Condition(), turn: new Event(), start: new Barrier(2) };
    return [
      { ...shared, isFirst: true },
      { ...shared, isFirst: false },
    ];
  };
  const barriers = () => {
    const barrier = new Barrier(2);
    return [{ barrier }, { barrier }];
  };
  return {
    lock: alone(() => new Lock()),
    rlock: alone(() => new RLock()),
    semaphore: alone(() => new Semaphore()),
    awaitedLock: aloneAwaited(() => new Lock()),
    awaitedRlock: aloneAwaited(() => new RLock()),
    awaitedSemaphore: aloneAwaited(() => new Semaphore()),
    contended: contended(bothTake),
    contendedAwaited: contended(bothTakeAwaited),
    event: turns(eventTurns, events),
    eventAwaited: turns(eventTurnsAwaited, events),
    condition: turns(conditionTurns, conditions),
    conditionAwaited: turns(conditionTurnsAwaited, conditions),
    barrier: turns(barrierRounds, barriers),
    barrierAwaited: turns(barrierRoundsAwaited, barriers),
    close: () => pool.shutdown(),
  };
}
