import { expect, median } from '../../measure.mjs';
import { collectGarbage, notesOn, spent } from '../measure.mjs';

const COUNT = 100_000;

export const spawn = {
  id: 'spawn',
  title: 'Spawn and join 100,000',
  figures: [
    { key: 'returns', table: 'functions that return at once', title: 'time for 100,000', unit: 'ms', better: 'lower' },
    {
      key: 'waits',
      table: 'functions that sleep(0) once, so that all live at once',
      title: 'time for 100,000',
      unit: 'ms',
      better: 'lower',
    },
  ],
  async run({ peer, quick, atMost: number = COUNT }) {
    const figures = {};
    for (const [key, waits] of [
      ['returns', false],
      ['waits', true],
    ]) {
      const times = [];
      for (let round = -1; round < (quick ? 1 : 3); round++) {
        collectGarbage();
        let sum;
        const ms = await spent(async () => {
          sum = await peer.spawnAll(number, waits);
        });
        expect(sum, (number * (number - 1)) / 2, 'the sum of all values');
        if (round >= 0) times.push((ms / number) * COUNT);
      }
      figures[key] = median(times);
    }
    return { figures, notes: notesOn(number, COUNT) };
  },
};
