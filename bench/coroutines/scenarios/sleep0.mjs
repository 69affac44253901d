import { timed } from '../../measure.mjs';
import { rate } from '../measure.mjs';

export const sleep0 = {
  id: 'sleep0',
  title: 'sleep(0): two coroutines that let all others run',
  figures: [
    { key: 'rate', title: 'by the clock', unit: 'sleeps/s', better: 'higher' },
    { key: 'work', title: 'processor time', unit: 'µs each', better: 'lower' },
  ],
  run: async ({ peer: { sleepZero }, quick }) => ({
    figures: { rate: await rate(sleepZero, quick, timed), work: 1e6 / (await rate(sleepZero, quick)) },
  }),
};
