import { median } from '../../measure.mjs';

const PAIRS = { title: 'of both together', unit: 'pairs/s', better: 'higher' };

export const contended = {
  id: 'contended',
  title: 'A lock that two want all the time',
  figures: [
    { key: 'blocking', table: 'blocking', ...PAIRS },
    { key: 'awaited', table: 'awaited', ...PAIRS },
  ],
  async run({ peer, quick }) {
    const figures = {};
    for (const [key, work] of [
      ['blocking', peer.contended],
      ['awaited', peer.contendedAwaited],
    ]) {
      if (!work) continue;
      await work(100);
      const results = [];
      for (let i = 0; i < (quick ? 1 : 3); i++) {
        const { pairs, ms } = await work(quick ? 300 : 700);
        results.push((pairs / ms) * 1000);
      }
      figures[key] = median(results);
    }
    return { figures };
  },
};
