// Calls of a dictionary that a manager keeps.
import { rate } from '../../coroutines/measure.mjs';
import { timed } from '../../measure.mjs';
import { takeCores } from '../../taken-cores.mjs';

const FIGURES = ['set', 'get'].map((key) => ({ key, title: key, unit: 'calls/s', better: 'higher' }));
/** Before the clock starts: both sides are warm. */
const FIRST = 20_000;

async function callsPerSecond({ peer, quick }) {
  const figures = {};
  for (const verb of ['set', 'get']) {
    await peer[verb](FIRST);
    figures[verb] = await rate((count) => peer[verb](count), quick, timed);
  }
  return { figures };
}

/** @param most what Python may have of heddle's rate */
const beside = (way, of, most) =>
  ['set', 'get'].map((key) => ({ title: `Python's ${key} / ${way}`, key, of: 'python-manager', to: of, by: 'ratio', aim: most }));

export const dict = {
  id: 'dict',
  title: 'A dictionary of a manager: set and get, with all cores free',
  figures: FIGURES,
  comparisons: [
    ...beside('heddle blocking', 'heddle-blocking', 0.25),
    ...beside('heddle awaited', 'heddle-await', 0.25),
    ...beside('heddle with 8 under way', 'heddle-await-8', 0.1),
  ],
  run: callsPerSecond,
};

export const dictTaken = {
  id: 'dict-taken',
  title: 'The same, with all cores but one taken by busy loops',
  figures: FIGURES,
  comparisons: beside('heddle awaited', 'heddle-await', 1),
  async run(context) {
    const giveBack = takeCores();
    try {
      return await callsPerSecond(context);
    } finally {
      await giveBack();
    }
  },
};
