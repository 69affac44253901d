/** Items that a fresh child sends at once. */
export const COLD = 500;

export const cold = {
  id: 'cold',
  title: `A fresh child that sends ${COLD} numbers at once: nothing is warm on either side`,
  figures: [
    { key: 'first', table: 'from the start of the child until the first has come', title: 'first', unit: 'ms', better: 'lower' },
    { key: 'next', table: 'from there until all have', title: 'the others', unit: 'ms', better: 'lower' },
  ],
  run: async ({ peer }) => ({ figures: await peer.cold() }),
};
