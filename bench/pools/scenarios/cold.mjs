import { expect, startAll, timed } from '../../measure.mjs';

/** The last call of each group. */
const GROUPS = [10, 100, 1000];

export const cold = {
  id: 'cold',
  title: 'Cold: the first calls of a program, one at a time (its workers have started)',
  figures: GROUPS.map((last, i) => ({
    key: `to${last}`,
    table: `calls ${i === 0 ? 1 : GROUPS[i - 1] + 1} to ${last}`,
    title: 'a call (mean)',
    unit: 'µs',
    better: 'lower',
  })),
  async run({ open, workers }) {
    const pool = await open();
    await startAll(pool, workers);
    const figures = {};
    let done = 0;
    for (const last of GROUPS) {
      const first = done;
      const ms = await timed(async () => {
        for (; done < last; done++) expect(await pool.run('noop', done), done, 'the result');
      });
      figures[`to${last}`] = (ms * 1000) / (last - first);
    }
    return { figures };
  },
};
