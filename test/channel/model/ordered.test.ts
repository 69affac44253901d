/** LifoQueue, PriorityQueue and Deque under every schedule of a few threads. */

import test from 'node:test';
import { exploreCases } from '../../sync/model/explore-cases.js';
import { cases } from './ordered-cases.js';

// As in `queue.test.ts`.
test.before(() => {
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', () => {});
});

exploreCases(cases);
