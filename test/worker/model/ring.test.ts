/** The ring of a link under the schedules of its two sides. */

import test from 'node:test';
import { model, modelRandom } from '#src/testing/model/index.js';
import { cases } from './ring-cases.js';

const isLong = process.env['HEDDLE_LONG'] === '1';

for (const [name, options] of Object.entries(cases)) {
  test(`right under each schedule: ${name}`, (t) => {
    const { schedules, steps, isComplete } = model({ ...options, preemptions: 2, limit: isLong ? 200_000 : 2000 });
    t.diagnostic(`${schedules} schedules, ${steps} steps${isComplete ? ', all there are within its bounds' : ''}`);
    const random = modelRandom({ ...options, runs: isLong ? 20_000 : 300, seed: 1 });
    t.diagnostic(`${random.runs} at random`);
  });
}
