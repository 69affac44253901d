import { rates } from '../measure.mjs';

const RATE = { title: 'rate', unit: 'items/s', better: 'higher' };

export const queue = {
  id: 'queue',
  title: 'Queue: put and get, each item counts once',
  figures: [
    { key: 'alone', table: 'in one coroutine, without waiters', ...RATE },
    { key: 'one', table: 'between two coroutines, room for 1: each waits for the other at every item', ...RATE },
    { key: 'hundred', table: 'between two coroutines, room for 100', ...RATE },
  ],
  run({ peer: { queueAlone, queueBetween }, quick }) {
    const between = (bound) => queueBetween && ((count) => queueBetween(count, bound));
    return rates({ alone: queueAlone, one: between(1), hundred: between(100) }, quick);
  },
};
