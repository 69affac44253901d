/** A test for each case, which says how much was explored: all schedules within its bounds under `HEDDLE_LONG=1`, else the first 3,000. */

import test from 'node:test';
import { model, type ModelOptions } from '#src/testing/model/index.js';

const limit = process.env['HEDDLE_LONG'] === '1' ? 5_000_000 : 3_000;

export function exploreCases(cases: Readonly<Record<string, ModelOptions<any>>>): void {
  for (const [name, options] of Object.entries(cases)) {
    test(`right under every schedule: ${name}`, (t) => {
      const { schedules, steps, isComplete } = model({ ...options, limit });
      t.diagnostic(`${schedules} schedules, ${steps} steps${isComplete ? ', all there are within its bounds' : ''}`);
    });
  }
}
