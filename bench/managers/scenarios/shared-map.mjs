// A hash map that processes share without a server, beside a dictionary of Python's manager and a Map of one thread.
import { rate } from '../../coroutines/measure.mjs';
import { timed } from '../../measure.mjs';

const FIGURES = ['set', 'get'].map((key) => ({ key, title: key, unit: 'calls/s', better: 'higher' }));
const FIRST = 20_000;

/** @param most what Python may have of heddle's rate */
const beside = (way, of, most) =>
  ['set', 'get'].map((key) => ({ title: `Python's ${key} / ${way}`, key, of: 'python-manager', to: of, by: 'ratio', aim: most }));

export const sharedMap = {
  id: 'shared-map',
  title: 'SharedMap: small values of a thousand keys; Sync forms in two processes together, awaited in one; a Map in one thread',
  figures: FIGURES,
  comparisons: [...beside('two processes together', 'heddle-map', 0.024), ...beside('heddle awaited', 'heddle-map-await', 0.025)],
  async run({ peer, quick }) {
    const figures = {};
    for (const verb of ['set', 'get']) {
      await peer[verb](FIRST);
      figures[verb] = await rate((count) => peer[verb](count), quick, timed);
    }
    return { figures };
  },
};
