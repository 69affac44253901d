/** The ring and the Queue under every schedule of a few threads. */

import test from 'node:test';
import { exploreCases } from '../../sync/model/explore-cases.js';
import { cases } from './queue-cases.js';

// Where a schedule leaves a thread, what its calls reject with is looked at by nothing, and the test runner would count it as a failure.
test.before(() => {
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', () => {});
});

exploreCases(cases);
