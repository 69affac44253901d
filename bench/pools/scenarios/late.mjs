import { quantile, warmUp } from '../../measure.mjs';

/** Milliseconds a task takes → how many are timed. */
const COUNTS = new Map([
  [1, 300],
  [5, 100],
  [25, 40],
]);

export const late = {
  id: 'late',
  title: 'Lateness: how much later than its own duration the result of a busy task is there',
  figures: [...COUNTS.keys()].flatMap((ms) => [
    { key: `median${ms}`, table: `tasks of ${ms} ms`, title: 'late (median)', unit: 'µs', better: 'lower' },
    { key: `p99of${ms}`, table: `tasks of ${ms} ms`, title: 'late (p99)', unit: 'µs', better: 'lower' },
  ]),
  async run({ open, quick }) {
    const pool = await open();
    await warmUp(pool);
    const figures = {};
    for (const [ms, full] of COUNTS) {
      const count = quick ? Math.ceil(full / 3) : full;
      const lateness = [];
      for (let i = -2; i < count; i++) {
        const start = performance.now();
        const own = await pool.run('spin', ms);
        if (i >= 0) lateness.push((performance.now() - start - own) * 1000);
      }
      figures[`median${ms}`] = quantile(lateness, 0.5);
      figures[`p99of${ms}`] = quantile(lateness, 0.99);
    }
    return { figures };
  },
};
