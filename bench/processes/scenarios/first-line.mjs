import { readFileSync } from 'node:fs';
import { median } from '../../measure.mjs';
import { inFolder } from '../folder.mjs';

/** Starts in a row, of which each finds fewer blank processes than the one before. */
const IN_A_ROW = 3;

const alone = 'one at a time';
const row = `${IN_A_ROW} started at once`;
const difference = { key: 'ms', by: 'difference', unit: 'ms' };

export const firstLine = {
  id: 'first-line',
  title: 'From just before start() to the first line of the function: by the monotonic clock of both',
  figures: [
    { key: 'ms', table: alone, title: 'first line', unit: 'ms', better: 'lower' },
    ...Array.from({ length: IN_A_ROW }, (_, i) => ({
      key: `row${i + 1}`,
      table: row,
      title: `number ${i + 1}`,
      unit: 'ms',
      better: 'lower',
      hasBest: false,
      hasRatio: i === IN_A_ROW - 1,
    })),
  ],
  comparisons: [
    { title: 'one at a time, heddle-forkserver − python-fork', of: 'heddle-forkserver', to: 'python-fork', ...difference },
    { title: 'one at a time, heddle-forkserver-preload − python-fork', of: 'heddle-forkserver-preload', to: 'python-fork', ...difference },
    { title: 'one at a time, heddle-spawn − bare-child', of: 'heddle-spawn', to: 'bare-child', ...difference },
    { title: 'one at a time, heddle-thread − bare-worker', of: 'heddle-thread', to: 'bare-worker', ...difference },
  ],
  run: ({ peer, quick }) =>
    inFolder(async (fileNamed) => {
      let number = 0;
      const prepared = () => {
        const file = fileNamed(`stamp-${number++}`);
        return { file, child: peer.prepare('stamp', file), begun: 0n };
      };
      const begin = (each) => {
        each.begun = process.hrtime.bigint();
        each.child.start();
      };
      const time = async ({ file, child, begun }) => {
        await child.join();
        return Number(BigInt(readFileSync(file, 'utf8')) - begun) / 1e6;
      };

      await peer.warmUp?.();
      const times = [];
      for (let i = 0; i < (quick ? 3 : 7); i++) {
        await peer.settle?.();
        const one = prepared();
        begin(one);
        times.push(await time(one));
      }
      await peer.settle?.();
      const several = Array.from({ length: IN_A_ROW }, prepared);
      for (const each of several) begin(each);
      const inARow = await Promise.all(several.map(time));
      return { figures: { ms: median(times), ...Object.fromEntries(inARow.map((ms, i) => [`row${i + 1}`, ms])) } };
    }),
};
