import { expect, timed } from '../../measure.mjs';
import { collectGarbage, notesOn, spent } from '../measure.mjs';

const COUNT = 1_000_000;
const IN_QUICK_RUN = 100_000;
const AN_HOUR = 3_600_000;

export const sleepers = {
  id: 'sleepers',
  title: 'A million that sleep',
  figures: [
    { key: 'bytes', table: 'memory', title: 'resident memory', unit: 'bytes each', better: 'lower' },
    { key: 'heap', table: 'memory', title: 'heap', unit: 'bytes each', better: 'lower' },
    { key: 'peak', table: 'memory', title: 'the whole process at most', unit: 'MiB', better: 'lower', hasRatio: false },
    { key: 'start', table: 'time', title: 'start', unit: 'µs each', better: 'lower' },
    { key: 'wake', table: 'time', title: 'wake up, all due at once', unit: 'µs each', better: 'lower' },
    { key: 'kill', table: 'time', title: 'kill', unit: 'µs each', better: 'lower' },
  ],
  async run({ peer, quick, atMost = COUNT }) {
    const number = quick ? Math.min(atMost, IN_QUICK_RUN) : atMost;
    const figures = {};
    const each = (ms) => (ms * 1000) / number;

    const nap = await longEnough(peer, number);
    collectGarbage();
    const before = process.memoryUsage();
    const started = performance.now();
    let handle;
    figures.start = each(
      await spent(async () => {
        handle = await peer.sleepAll(number, nap);
      }),
    );
    if (performance.now() - started > nap) throw new Error(`the first woke up before all were started, after ${Math.round(nap)} ms`);
    collectGarbage();
    const { rss, heapUsed } = process.memoryUsage();
    figures.bytes = (rss - before.rss) / number;
    figures.heap = (heapUsed - before.heapUsed) / number;

    block(nap);
    figures.wake = each(await spent(async () => expect(await peer.join(handle), number, 'how many ended')));

    if (!peer.sleepAllToBeKilled) {
      handle = await peer.sleepAll(number, AN_HOUR);
      collectGarbage();
      figures.kill = each(await spent(async () => expect(await peer.kill(handle), number, 'how many were ended')));
    }
    if (number === COUNT) figures.peak = process.resourceUsage().maxRSS / 1024;
    return { figures, notes: notesOn(number, quick ? IN_QUICK_RUN : COUNT) };
  },
};

/** Milliseconds, so that all are started before the first wakes up: twice what a tenth of them takes. */
async function longEnough(peer, number) {
  let tenth;
  const ms = await timed(async () => {
    tenth = await peer.sleepAll(number / 10, 1);
  });
  await peer.join(tenth);
  return 300 + ms * 20;
}

/** Until the last is due: the thread does nothing, and its event loop neither, so that what remains is the work of waking them. */
function block(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
