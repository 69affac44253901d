import { median, microseconds, timed } from '../../measure.mjs';

const turns = (id, title, method) => ({
  id,
  title,
  figures: [{ key: 'turn', title: 'one after the other', unit: 'µs', better: 'lower' }],
  comparisons: [{ title: 'heddle / bare commands', key: 'turn', of: 'heddle', to: 'ioredis', by: 'ratio' }],
  run: async ({ peer, quick }) => ({ figures: { turn: await microseconds((rounds) => peer[method](rounds), quick) } }),
});

const many = {
  id: 'distributed-items',
  title: 'Small objects put, taken and done by one program, many in a request',
  figures: [{ key: 'rate', title: 'items', unit: '/s', better: 'higher' }],
  comparisons: [{ title: 'bare commands / heddle', key: 'rate', of: 'ioredis', to: 'heddle', by: 'ratio' }],
  run: async ({ peer, quick }) => {
    const count = 10_000;
    await peer.manyItems(count);
    const rates = [];
    for (let i = 0; i < (quick ? 1 : 5); i++) rates.push((count / (await timed(() => peer.manyItems(count)))) * 1000);
    return { figures: { rate: median(rates) } };
  },
};

/** @type {import('../../suites.mjs').Scenario[]} */
export const scenarios = [
  turns('distributed-lock', 'A free lock taken and given back', 'locks'),
  turns('distributed-item', 'A small object put, taken and done, each awaited', 'items'),
  many,
  turns('distributed-entry', 'A small object set and read', 'entries'),
];
