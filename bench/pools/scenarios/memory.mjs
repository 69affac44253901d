import { startAll } from '../../measure.mjs';
import { anonymousMemory, descendantsOf } from '../../processes.mjs';

const MIB = 1024 * 1024;
/** Time for what a worker still does after its first task. */
const SETTLE_MS = 500;

export const memory = {
  id: 'memory',
  title: 'Memory: anonymous memory of a further idle worker, after its first task',
  figures: [{ key: 'mib', title: 'memory', unit: 'MiB a worker', better: 'lower' }],
  /** The first pool is not counted: with it comes what a program has once. No garbage collection is forced. */
  async run({ openWith, kind }) {
    const settled = async (workers) => {
      await startAll(await openWith(workers), workers);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      return kind === 'threads' ? anonymousMemory(process.pid) : childrenMemory();
    };
    const one = await settled(1);
    const added = kind === 'threads' ? 6 : 3;
    const all = await settled(added);
    return { figures: { mib: (all - one) / added / MIB } };
  },
};

const childrenMemory = () => descendantsOf(process.pid).reduce((sum, pid) => sum + anonymousMemory(pid), 0);
