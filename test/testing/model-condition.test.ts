/** Without `--conditions=model` the model would see no step. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { model } from '#src/testing/model/index.js';

test('a model without its condition is refused', () => {
  assert.throws(() => model({ threads: [() => {}], setup: () => {} }), /the model needs `node --conditions=model`/);
});
