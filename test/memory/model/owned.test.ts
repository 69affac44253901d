/** Owned blocks under the schedules of a thread that moves them and one that sweeps in slices, of which one may die at any step. */

import test from 'node:test';
import { model, modelRandom } from '#src/testing/model/index.js';
import { findFaults } from '../../sync/model/plant.js';
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

findFaults('../../memory/model/owned-cases.js', [
  {
    by: 'a sweep beside moves',
    what: 'a block that moves from a word that is not looked at yet to one that was is not marked',
    file: 'memory/objects/owned.js',
    from: 'if (ref !== 0)\n            this.#heap.keep(ref);',
    to: '',
  },
  {
    by: 'a sweep beside moves',
    what: 'a block that is adopted by a word that was looked at is not marked',
    file: 'memory/heap/heap.js',
    from: 'this.keep(this.#ledger.at(position));',
    to: '',
  },
  {
    by: 'a sweep beside moves',
    what: 'a block that is kept does not keep what belongs to it',
    file: 'memory/heap/heap.js',
    from: 'this.#marker.follow(Infinity);',
    to: '',
  },
  {
    by: 'a sweep beside moves, and a death',
    what: 'a sweep goes on after a thread died under the guard',
    file: 'memory/heap/guard.js',
    from: 'store(this.#words, headerFields.sweeper, 0);',
    to: '',
  },
  {
    by: 'a sweep beside moves, and a death',
    what: 'a thread that has died under the guard is followed by no sweep',
    file: 'memory/heap/guard.js',
    from: 'this.#giveUpSweep();',
    to: '',
  },
]);
