/** A test for each case, which prints how much was explored. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { model, type ModelOptions } from '#dist/testing/model/index.js';

export type Cases = Readonly<Record<string, ModelOptions<any>>>;

export function exploreCases(cases: Cases): void {
  for (const [name, options] of Object.entries(cases)) {
    test(`wrong under some schedule: ${name}`, (t) => {
      const { schedules, steps, isComplete } = model(options);
      t.diagnostic(`${schedules} schedules, ${steps} steps`);
      assert.equal(isComplete, true);
    });
  }
}
