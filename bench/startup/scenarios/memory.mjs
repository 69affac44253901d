import { startAll } from '../../measure.mjs';
import { anonymousMemory, descendantsOf, notesOnKoffi } from '../../processes.mjs';

const MIB = 1024 * 1024;
/** Time for what a worker still does after its first task. */
const SETTLE_MS = 500;

export const memoryOfThread = memory('memory-thread', 'threads', 'a further idle thread', 8, 'bare-worker', 2.5, () =>
  anonymousMemory(process.pid),
);
export const memoryOfProcess = memory('memory-process', 'processes', 'a further idle worker process', 3, 'bare-child', 3, () =>
  descendantsOf(process.pid).reduce((sum, pid) => sum + anonymousMemory(pid), 0),
);

/** The first worker is not counted: with it comes what a program has once. No garbage collection is forced. */
function memory(id, kind, what, added, bare, aim, measure) {
  return {
    id,
    kind,
    title: `Memory: anonymous memory of ${what}, from 1 worker to ${added + 1}, each after its first task`,
    figures: [{ key: 'mib', title: 'memory', unit: 'MiB a worker', better: 'lower' }],
    comparisons: [{ title: `heddle − ${bare}`, key: 'mib', of: 'heddle', to: bare, by: 'difference', unit: 'MiB', aim }],
    async run({ library, load, opener }) {
      await load();
      const open = await opener();
      const settled = async (workers) => {
        await startAll(open(workers), workers);
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS)); // node:timers/promises would load more of Node
        return measure();
      };
      const one = await settled(1);
      const all = await settled(added);
      return { figures: { mib: (all - one) / added / MIB }, notes: notesOnKoffi(library, 'the measurement') };
    },
  };
}
