import { median, timed } from '../../measure.mjs';

export const startProcess = startAndJoin('start-process', 'Process', [
  { of: 'heddle-spawn', to: 'bare-child', by: 'difference', unit: 'ms', aim: 40 },
  { of: 'heddle-spawn', to: 'python-spawn', by: 'ratio' },
]);
export const startThread = {
  ...startAndJoin('start-thread', 'Thread', [{ of: 'heddle-thread', to: 'bare-worker', by: 'difference', unit: 'ms', aim: 25 }]),
  reference: 'heddle-thread',
};

function startAndJoin(id, what, comparisons) {
  return {
    id,
    title: `${what}: start and join of one that does nothing, one after another`,
    figures: [
      { key: 'first', title: 'first of the program', unit: 'ms', better: 'lower', hasBest: false },
      { key: 'further', title: 'a further one', unit: 'ms', better: 'lower' },
    ],
    comparisons: comparisons.map((each) => ({
      title: `a further one, ${each.of} ${each.by === 'ratio' ? '/' : '−'} ${each.to}`,
      key: 'further',
      ...each,
    })),
    async run({ peer, quick }) {
      const once = async () => {
        await peer.settle?.();
        const child = peer.prepare('nothing');
        return timed(async () => {
          child.start();
          await child.join();
        });
      };
      const first = await once();
      const further = [];
      for (let i = 0; i < (quick ? 3 : 7); i++) further.push(await once());
      return { figures: { first, further: median(further) } };
    },
  };
}
