import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { descendantsOf, proportionalMemory } from '../../processes.mjs';
import { inFolder } from '../folder.mjs';

const MIB = 1024 * 1024;
/** Time for what a child still does after its first line. */
const SETTLE_MS = 500;
/** Threads: each costs what the process has more with it. */
const THREADS = 4;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const childMemory = {
  id: 'child-memory',
  title: 'Memory of one idle child (PSS: pages that several processes have are divided among them)',
  figures: [
    { key: 'child', title: 'the child', unit: 'MiB', better: 'lower' },
    { key: 'helpers', title: 'helpers beside it', unit: 'MiB', better: 'lower', hasBest: false, hasRatio: false },
  ],
  comparisons: [
    { title: 'heddle-spawn − bare-child', key: 'child', of: 'heddle-spawn', to: 'bare-child', by: 'difference', unit: 'MiB' },
    { title: 'heddle-thread − bare-worker', key: 'child', of: 'heddle-thread', to: 'bare-worker', by: 'difference', unit: 'MiB' },
  ],
  run: ({ peer }) =>
    inFolder(async (fileNamed) => {
      const children = [];
      const startIdle = async () => {
        const file = fileNamed(`idle-${children.length}`);
        writeFileSync(file, '');
        const child = peer.prepare('idle', file);
        children.push({ file, child });
        child.start();
        while (!existsSync(`${file}.ready`)) await pause(10);
        await pause(SETTLE_MS);
        return child.pid;
      };
      const endAll = async () => {
        for (const { file } of children) rmSync(file);
        await Promise.all(children.map(({ child }) => child.join()));
      };

      await peer.warmUp?.();
      await peer.settle?.();
      const pid = await startIdle();
      if (pid !== undefined && pid !== process.pid) {
        const child = proportionalMemory(pid);
        const all = descendantsOf(process.pid).reduce((sum, each) => sum + proportionalMemory(each), 0);
        await endAll();
        return { figures: { child: child / MIB, helpers: (all - child) / MIB } };
      }
      const one = proportionalMemory(process.pid);
      for (let i = 1; i < THREADS; i++) await startIdle();
      const all = proportionalMemory(process.pid);
      await endAll();
      return { figures: { child: (all - one) / (THREADS - 1) / MIB, helpers: 0 } };
    }),
};
