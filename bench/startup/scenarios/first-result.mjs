import { expect, median, timed } from '../../measure.mjs';
import { notesOnKoffi } from '../../processes.mjs';

/** Further pools in a program that has one already: the middle one counts. */
const WARM = 3;

export const firstThread = firstResult('first-thread', 'threads', 'First result, thread', 'bare-worker', 25);
export const firstProcess = firstResult('first-process', 'processes', 'First result, process', 'bare-child', 35);

function firstResult(id, kind, what, bare, aim) {
  const cold = 'cold: the first pool of the program';
  const difference = { of: 'heddle', to: bare, by: 'difference', unit: 'ms' };
  return {
    id,
    kind,
    title: `${what}: from making a pool of one worker to the result of a no-op task`,
    figures: [
      { key: 'import', table: cold, title: 'import', unit: 'ms', better: 'lower', hasBest: false, hasRatio: false },
      { key: 'cold', table: cold, title: 'first result', unit: 'ms', better: 'lower' },
      { key: 'sum', table: cold, title: 'both', unit: 'ms', better: 'lower', hasBest: false },
      { key: 'warm', table: 'warm: a further pool of the same program', title: 'first result', unit: 'ms', better: 'lower' },
    ],
    comparisons: [
      { title: `cold, heddle − ${bare}`, key: 'cold', ...difference, aim },
      { title: `warm, heddle − ${bare}`, key: 'warm', ...difference },
    ],
    async run({ library, load, opener, hasOnePool, quick }) {
      const figures = { import: await timed(load) };
      const open = await opener();
      const result = () =>
        timed(async () => {
          expect(await open(1).run('noop', 7), 7, 'the result');
        });
      figures.cold = await result();
      figures.sum = figures.import + figures.cold;
      const notes = notesOnKoffi(library, 'the first result');
      if (!hasOnePool) {
        const warm = [];
        for (let i = 0; i < (quick ? 1 : WARM); i++) warm.push(await result());
        figures.warm = median(warm);
      }
      return { figures, notes };
    },
  };
}
