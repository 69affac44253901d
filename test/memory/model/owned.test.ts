/** Owned blocks under the schedules of a thread that moves them and one that sweeps in slices, of which one may die at any step. */

import test from 'node:test';
import { model, modelRandom } from '#src/testing/model/index.js';
import { cases } from './owned-cases.js';

const isLong = process.env['HEDDLE_LONG'] === '1';

for (const [name, { preemptions, ...options }] of Object.entries(cases)) {
  test(`${name}: owned blocks stay, and nothing else does`, (t) => {
    const { schedules, steps, perSecond } = model({ ...options, preemptions, limit: isLong ? 100_000 : 500 });
    t.diagnostic(`${schedules} schedules, ${steps} steps, ${perSecond} a second`);
    const random = modelRandom({ ...options, runs: isLong ? 20_000 : 300, seed: 1 });
    t.diagnostic(`${random.runs} at random, ${random.perSecond} a second`);
  });
}
