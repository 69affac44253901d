import { expect } from '../../measure.mjs';

export const startup = {
  id: 'startup',
  title: 'Start-up: from the import of the library to the first result, in a fresh process',
  figures: [{ key: 'ms', title: 'time', unit: 'ms', better: 'lower' }],
  async run({ open }) {
    const start = performance.now();
    const pool = await open();
    const result = await pool.run('noop', 7);
    const ms = performance.now() - start;
    expect(result, 7, 'the result');
    return { figures: { ms } };
  },
};
