// The cost of a consumer that waits for nothing.
import { setTimeout } from 'node:timers/promises';
import { cpuTime } from '../../measure.mjs';
import { cpuOfChildren } from '../../processes.mjs';

const SETTLE_MS = 500;

export const waiting = {
  id: 'waiting',
  title: 'A consumer that waits for an item that does not come',
  figures: [{ key: 'share', title: 'all processor time', unit: '% of a core', better: 'lower', hasRatio: false }],
  async run({ peer, quick }) {
    const end = await peer.wait();
    await setTimeout(quick ? SETTLE_MS / 2 : SETTLE_MS);
    // Own time last, and first afterwards: to ask for that of children takes some.
    const childrenBefore = cpuOfChildren(process.pid);
    const [ownBefore, begin] = [cpuTime(), performance.now()];
    await setTimeout(quick ? 500 : 4000);
    const [own, ms] = [cpuTime() - ownBefore, performance.now() - begin];
    const children = cpuOfChildren(process.pid) - childrenBefore;
    await end();
    return { figures: { share: ((own + children) / ms) * 100 } };
  },
};
