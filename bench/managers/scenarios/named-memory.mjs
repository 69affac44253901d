// Memory by name: a block is created, closed and unlinked; and what the first one of a program costs, its watcher included.
import { microseconds } from '../../measure.mjs';

export const namedMemory = {
  id: 'named-memory',
  title: 'SharedMemory of 4 KiB: create, close, unlink; by the clock',
  reference: 'python-named',
  figures: [
    { key: 'block', title: 'a block', unit: 'µs', better: 'lower' },
    { key: 'attach', title: 'attach, close', unit: 'µs', better: 'lower' },
    { key: 'first', title: 'the first block', unit: 'µs', better: 'lower' },
  ],
  comparisons: [{ title: "heddle / Python's", key: 'block', of: 'heddle-named', to: 'python-named', by: 'ratio', aim: 1 }],
  async run({ peer, quick }) {
    const first = peer.first();
    const block = await microseconds((rounds) => peer.turns(rounds), quick);
    const attach = await microseconds((rounds) => peer.attach(rounds), quick);
    return { figures: { block, attach, first } };
  },
};
