// There and back: what it costs to wake the other side, where it sleeps, or to be quicker than its sleep.
import { microseconds } from '../../measure.mjs';
import { takeCores } from '../../taken-cores.mjs';

const FIGURE = { title: 'there and back', unit: 'µs', better: 'lower' };

export const blockingTurns = {
  id: 'turns-blocking',
  title: 'A number there and back, both sides blocking',
  reference: 'futex-processes',
  figures: [
    { key: 'free', table: 'with all cores free', ...FIGURE },
    { key: 'taken', table: 'with all cores but one taken by busy loops', ...FIGURE },
  ],
  comparisons: [
    {
      title: 'heddle between processes / a bare futex, a core taken',
      key: 'taken',
      of: 'heddle-processes',
      to: 'futex-processes',
      by: 'ratio',
      aim: 1.3,
    },
    {
      title: 'heddle between threads / `Atomics.wait`, a core taken',
      key: 'taken',
      of: 'heddle-threads',
      to: 'atomics-wait',
      by: 'ratio',
      aim: 1.3,
    },
  ],
  async run({ peer, quick }) {
    const free = await microseconds((rounds) => peer.turns(rounds), quick);
    const giveBack = takeCores();
    try {
      return { figures: { free, taken: await microseconds((rounds) => peer.turns(rounds), quick) } };
    } finally {
      await giveBack();
    }
  },
};

export const awaitedTurns = {
  id: 'turns-awaited',
  title: 'A number there and back, both sides awaiting',
  figures: [{ key: 'awaited', ...FIGURE }],
  run: async ({ peer, quick }) => ({ figures: { awaited: await microseconds((rounds) => peer.awaitedTurns(rounds), quick) } }),
};
