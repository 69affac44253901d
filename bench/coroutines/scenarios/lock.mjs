import { rates } from '../measure.mjs';

export const lock = {
  id: 'lock',
  title: 'Locks: acquired and released, uncontended',
  figures: [
    { key: 'semaphore', table: 'Semaphore', title: 'rate', unit: 'pairs/s', better: 'higher' },
    { key: 'rlock', table: 'RLock', title: 'rate', unit: 'pairs/s', better: 'higher' },
  ],
  run: ({ peer: { semaphore, rlock }, quick }) => rates({ semaphore, rlock }, quick),
};
