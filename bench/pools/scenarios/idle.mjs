import { setTimeout as sleep } from 'node:timers/promises';
import { cpuTime, timed, warmUp } from '../../measure.mjs';
import { cpuOfChildren } from '../../processes.mjs';

export const idle = {
  id: 'idle',
  title: 'Idle: processor time that a warm pool with nothing to do takes (of one core)',
  figures: [{ key: 'share', title: 'CPU', unit: '%', better: 'lower', hasRatio: false }],
  async run({ open, quick, kind }) {
    const pool = await open();
    await warmUp(pool);
    await sleep(300);
    // Reading the children's time costs some of our own: it stays outside our two readings.
    const children = childrenCpu(kind);
    const own = cpuTime();
    const ms = await timed(() => sleep(quick ? 1000 : 2000));
    const used = cpuTime() - own + childrenCpu(kind) - children;
    return { figures: { share: (100 * used) / ms } };
  },
};

const childrenCpu = (kind) => (kind === 'processes' ? cpuOfChildren(process.pid) : 0);
