import { quantile, warmUp } from '../../measure.mjs';

const SHORT_MS = 0.01;
const LONG_MS = 10;
/** Short tasks that are under way at a time; one long task is, too. */
const LANES = 4;

export const mixed = {
  id: 'mixed',
  title: 'Mixed: tasks of 10 µs, 4 at a time, beside tasks of 10 ms, 1 at a time',
  figures: [
    { key: 'median', title: 'a short task (median)', unit: 'µs', better: 'lower' },
    { key: 'p99', title: 'a short task (p99)', unit: 'µs', better: 'lower' },
  ],
  async run({ open, quick }) {
    const pool = await open();
    await warmUp(pool, 'spin', 0.001);
    const until = performance.now() + (quick ? 1000 : 3000);
    const waited = [];
    const long = async () => {
      while (performance.now() < until) await pool.run('spin', LONG_MS);
    };
    const short = async () => {
      while (performance.now() < until) {
        const start = performance.now();
        await pool.run('spin', SHORT_MS);
        waited.push((performance.now() - start) * 1000);
      }
    };
    await Promise.all([long(), ...Array.from({ length: LANES }, short)]);
    return { figures: { median: quantile(waited, 0.5), p99: quantile(waited, 0.99) } };
  },
};
