// A number that two count up at a time.
import { rate } from '../../coroutines/measure.mjs';
import { median } from '../../measure.mjs';

const NS = { unit: 'ns', better: 'lower' };

/** Nanoseconds of one, of both together. */
async function byTwo({ run, close }, quick) {
  try {
    await run(50);
    const results = [];
    for (let i = 0; i < (quick ? 1 : 3); i++) {
      const { pairs, ms } = await run(quick ? 100 : 400);
      results.push((ms / pairs) * 1e6);
    }
    return median(results);
  } finally {
    await close();
  }
}

export const increments = {
  id: 'increments',
  title: 'A shared number counted up under its lock by two at a time',
  reference: 'python-value',
  figures: [{ key: 'ns', title: 'an increment', ...NS }],
  run: async ({ peer, quick }) => ({ figures: { ns: await byTwo(await peer.increments(), quick) } }),
};

export const adds = {
  id: 'adds',
  title: 'A shared number counted up by `add`, without a lock',
  reference: 'heddle-processes',
  figures: [
    { key: 'alone', table: 'by one', title: 'an addition', ...NS },
    { key: 'two', table: 'by two at a time', title: 'an addition', ...NS },
  ],
  async run({ peer, quick }) {
    const alone = 1e9 / (await rate((count) => peer.add(count), quick));
    return { figures: { alone, two: await byTwo(await peer.adds(), quick) } };
  },
};
