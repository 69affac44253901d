import { expect, median } from '../../measure.mjs';
import { collectGarbage, notesOn, spent } from '../measure.mjs';

const COUNT = 100_000;
const AN_HOUR = 3_600_000;

export const kill = {
  id: 'kill',
  title: 'Kill 100,000 that wait, until all have ended',
  figures: [
    { key: 'sleeping', table: 'all sleep', title: 'time for 100,000', unit: 'ms', better: 'lower' },
    { key: 'getting', table: 'all wait for the same queue', title: 'time for 100,000', unit: 'ms', better: 'lower' },
  ],
  async run({ peer, quick, atMost: number = COUNT }) {
    const figures = {};
    for (const [key, start] of [
      ['sleeping', () => (peer.sleepAllToBeKilled ?? peer.sleepAll)(number, AN_HOUR)],
      ['getting', peer.getAll && (() => peer.getAll(number))],
    ]) {
      if (!start) continue;
      const times = [];
      for (let round = -1; round < (quick ? 1 : 3); round++) {
        const handle = await start();
        collectGarbage();
        let ended;
        const ms = await spent(async () => {
          ended = await peer.kill(handle);
        });
        expect(ended, number, 'how many ended');
        if (round >= 0) times.push((ms / number) * COUNT);
      }
      figures[key] = median(times);
    }
    return { figures, notes: notesOn(number, COUNT) };
  },
};
