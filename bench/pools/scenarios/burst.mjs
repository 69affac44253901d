import { expect, median, timed, warmUp } from '../../measure.mjs';

export const burst = {
  id: 'burst',
  title: 'Burst: 10,000 no-op tasks handed over at once',
  figures: [{ key: 'rate', title: 'rate', unit: 'tasks/s', better: 'higher' }],
  async run({ open, quick }) {
    const count = 10_000;
    const pool = await open();
    await warmUp(pool, 'noop', 1, 2000);
    const rates = [];
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      let results;
      const ms = await timed(async () => {
        results = await Promise.all(Array.from({ length: count }, (_, i) => pool.run('noop', i)));
      });
      expect(results[count - 1], count - 1, 'the last result');
      rates.push((count / ms) * 1000);
    }
    return { figures: { rate: median(rates) } };
  },
};
