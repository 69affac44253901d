// Two that wake each other in turn: what a hand-over costs when the other sleeps, or spins.
import { median } from '../../measure.mjs';

/** A scenario for the peer's functions of that name. A round is one of both: there and back. */
function turns(id, title, unit) {
  const figure = { title: unit, unit: 'µs', better: 'lower' };
  return {
    id,
    title,
    figures: [
      { key: 'blocking', table: 'blocking', ...figure },
      { key: 'awaited', table: 'awaited', ...figure },
    ],
    async run({ peer, quick }) {
      const figures = {};
      for (const [key, work] of [
        ['blocking', peer[id]],
        ['awaited', peer[`${id}Awaited`]],
      ]) {
        if (!work) continue;
        const rounds = quick ? 1000 : 4000;
        await work(rounds / 4);
        const results = [];
        for (let i = 0; i < (quick ? 1 : 3); i++) results.push(((await work(rounds)) / rounds) * 1000);
        figures[key] = median(results);
      }
      return { figures };
    },
  };
}

export const event = turns('event', 'Event: two wake each other', 'there and back');
export const condition = turns('condition', 'Condition: two take turns', 'there and back');
export const barrier = turns('barrier', 'Barrier of two', 'a round');
