import { quantile, timed, warmUp } from '../../measure.mjs';

export const one = {
  id: 'one',
  title: 'One at a time: a no-op task there and back, the next only then',
  figures: [
    { key: 'median', title: 'round trip (median)', unit: 'µs', better: 'lower' },
    { key: 'p99', title: 'round trip (p99)', unit: 'µs', better: 'lower' },
  ],
  async run({ open, quick }) {
    const pool = await open();
    await warmUp(pool);
    const trips = [];
    const count = quick ? 2000 : 5000;
    for (let i = -500; i < count; i++) {
      const ms = await timed(() => pool.run('noop', i));
      if (i >= 0) trips.push(ms * 1000);
    }
    return { figures: { median: quantile(trips, 0.5), p99: quantile(trips, 0.99) } };
  },
};
