import { expect, timed, warmUp } from '../../measure.mjs';
import { countPrimes } from '../peers/tasks.mjs';

const LIMIT = 150_000;
const PRIMES = 13_848;

export const cpu = {
  id: 'cpu',
  title: 'CPU-bound batch: speed-up of 2 workers over the same work in one process',
  figures: [{ key: 'speedup', title: 'speed-up', unit: '×', better: 'higher' }],
  async run({ open, workers, quick }) {
    const tasks = quick ? 20 : 40;
    const pool = await open();
    await warmUp(pool);
    for (let i = 0; i < 2; i++) countPrimes(LIMIT);
    await Promise.all(Array.from({ length: 2 * workers }, () => pool.run('countPrimes', LIMIT)));
    const alone = await timed(() => {
      for (let i = 0; i < tasks; i++) expect(countPrimes(LIMIT), PRIMES, 'the count');
    });
    const pooled = await timed(async () => {
      const counts = await Promise.all(Array.from({ length: tasks }, () => pool.run('countPrimes', LIMIT)));
      for (const count of counts) expect(count, PRIMES, 'the count');
    });
    return { figures: { speedup: alone / pooled } };
  },
};
