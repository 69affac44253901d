/** Queues whose sides are in different places: greenlets; for `Queue` threads, processes and both, for the other kinds that are shared both at once. */

import { test } from 'node:test';
import { everywhere, inBothForms, isNative } from '../sync/crew.js';
import { families } from './families.js';
import { greenlets, rulesBetween, workers } from './rules-between.js';

for (const family of families) {
  for (const { name, needs = [], holds } of rulesBetween) {
    if (!needs.every((feature) => family.has.has(feature))) continue;
    const title = `${family.name}: ${name}`;
    if (!family.has.has('shared')) test(title, () => holds(family, greenlets));
    else if (family.className === 'Queue') inBothForms(title, (crew, form) => holds(family, workers(crew, form)));
    else {
      everywhere(
        title,
        async (crew) => {
          for (const form of ['async', 'sync'] as const) await holds(family, workers(crew, form));
        },
        isNative ? ['threads and processes'] : ['threads'],
      );
    }
  }
}
