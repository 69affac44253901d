import { rates } from '../../coroutines/measure.mjs';

const PAIRS = { title: 'rate', unit: 'pairs/s', better: 'higher' };

export const uncontended = {
  id: 'uncontended',
  title: 'Uncontended locks between threads or processes: acquired and released, blocking',
  figures: [
    { key: 'lock', table: 'Lock', ...PAIRS },
    { key: 'rlock', table: 'RLock', ...PAIRS },
    { key: 'semaphore', table: 'Semaphore', ...PAIRS },
  ],
  run: ({ peer: { lock, rlock, semaphore }, quick }) => rates({ lock, rlock, semaphore }, quick),
};

export const awaited = {
  id: 'awaited',
  title: 'The same, awaited: `await lock.acquire(); lock.release()`',
  figures: uncontended.figures,
  run: ({ peer: { awaitedLock, awaitedRlock, awaitedSemaphore }, quick }) =>
    rates({ lock: awaitedLock, rlock: awaitedRlock, semaphore: awaitedSemaphore }, quick),
};
