import '../../pools/peers/multithreading-globals.mjs';
import { Barrier, Condvar, initRuntime, move, Mutex, Semaphore, shutdown, spawn } from 'multithreading';
import { together } from './pairs.mjs';

const newMutex = () => new Mutex(new Int32Array(new SharedArrayBuffer(4)));
const pairsModule = new URL('./pairs.mjs', import.meta.url).href;

const alone = (take) => (count) => {
  for (let i = 0; i < count; i++) take()[Symbol.dispose]();
  return count;
};
const aloneAwaited = (take) => async (count) => {
  for (let i = 0; i < count; i++) (await take())[Symbol.dispose]();
  return count;
};

// Tasks: they cross as their source, without what is around them.
const bothTake = async (lock, start, from, ms) => {
  const { pairsFor } = await import(from);
  start.blockingWait();
  return pairsFor(ms, () => lock.blockingLock()[Symbol.dispose]());
};

const bothTakeAwaited = async (lock, start, from, ms) => {
  const { awaitedPairsFor } = await import(from);
  await start.wait();
  return awaitedPairsFor(ms, async () => (await lock.lock())[Symbol.dispose]());
};

const conditionTurns = (lock, condition, start, rounds, me) => {
  start.blockingWait();
  const begin = performance.now();
  const guard = lock.blockingLock();
  for (let i = 0; i < rounds; i++) {
    while (guard.value[0] !== me) condition.blockingWait(guard);
    guard.value[0] = 1 - me;
    condition.notifyOne();
  }
  guard[Symbol.dispose]();
  return performance.now() - begin;
};

const conditionTurnsAwaited = async (lock, condition, start, rounds, me) => {
  await start.wait();
  const begin = performance.now();
  const guard = await lock.lock();
  for (let i = 0; i < rounds; i++) {
    while (guard.value[0] !== me) await condition.wait(guard);
    guard.value[0] = 1 - me;
    condition.notifyOne();
  }
  guard[Symbol.dispose]();
  return performance.now() - begin;
};

const barrierRounds = (barrier, rounds) => {
  barrier.blockingWait();
  const begin = performance.now();
  for (let i = 0; i < rounds; i++) barrier.blockingWait();
  return performance.now() - begin;
};

const barrierRoundsAwaited = async (barrier, rounds) => {
  await barrier.wait();
  const begin = performance.now();
  for (let i = 0; i < rounds; i++) await barrier.wait();
  return performance.now() - begin;
};

async function run(task, args) {
  const result = await spawn(move(...args), task).join();
  if (!result.ok) throw result.error;
  return result.value;
}

const both = (task, argsOf) => Promise.all([run(task, argsOf(0)), run(task, argsOf(1))]);

const contended = (task) => async (ms) => {
  const [lock, start] = [newMutex(), new Barrier(2)];
  return together(await both(task, () => [lock, start, pairsModule, ms]));
};
const turns = (task) => async (rounds) => {
  const [lock, condition, start] = [newMutex(), new Condvar(), new Barrier(2)];
  return Math.max(...(await both(task, (me) => [lock, condition, start, rounds, me])));
};
const meetings = (task) => async (rounds) => {
  const barrier = new Barrier(2);
  return Math.max(...(await both(task, () => [barrier, rounds])));
};

export function open() {
  initRuntime({ maxWorkers: 2 });
  const [mutex, semaphore] = [newMutex(), new Semaphore(1)];
  return {
    lock: alone(() => mutex.blockingLock()),
    semaphore: alone(() => semaphore.blockingAcquire()),
    awaitedLock: aloneAwaited(() => mutex.lock()),
    awaitedSemaphore: aloneAwaited(() => semaphore.acquire()),
    contended: contended(bothTake),
    contendedAwaited: contended(bothTakeAwaited),
    condition: turns(conditionTurns),
    conditionAwaited: turns(conditionTurnsAwaited),
    barrier: meetings(barrierRounds),
    barrierAwaited: meetings(barrierRoundsAwaited),
    close: () => shutdown(),
  };
}
