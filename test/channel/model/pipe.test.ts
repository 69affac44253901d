/** Pipes under the schedules of a few threads: all within their bounds under `HEDDLE_LONG=1`, else the first of them and some at random. */

import test from 'node:test';
import { model, modelRandom } from '#src/testing/model/index.js';
import { cases } from './pipe-cases.js';

const isLong = process.env['HEDDLE_LONG'] === '1';

// As in `queue.test.ts`.
test.before(() => {
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', () => {});
});

for (const [name, options] of Object.entries(cases)) {
  test(`wrong under some schedule: ${name}`, (t) => {
    const { schedules, steps, isComplete } = model({ ...options, limit: isLong ? 200_000 : 25 });
    t.diagnostic(`${schedules} schedules, ${steps} steps${isComplete ? ', all there are within its bounds' : ''}`);
    const { preemptions: _, ...rest } = options;
    const random = modelRandom({ ...rest, runs: isLong ? 20_000 : 8, seed: 1 });
    t.diagnostic(`${random.runs} at random`);
  });
}
