// There and back over a socket, between two programs that have proved to each other that they know a key.
import { microseconds } from '../../measure.mjs';

export const client = {
  id: 'client',
  title: 'A number there and back over a connection of a Unix socket',
  reference: 'python-client',
  figures: [{ key: 'turn', title: 'there and back', unit: 'µs', better: 'lower' }],
  comparisons: [
    { title: "heddle blocking / Python's", key: 'turn', of: 'heddle-client', to: 'python-client', by: 'ratio', aim: 1 },
    { title: "heddle awaited / Python's", key: 'turn', of: 'heddle-client-await', to: 'python-client', by: 'ratio' },
  ],
  run: async ({ peer, quick }) => ({ figures: { turn: await microseconds((rounds) => peer.turns(rounds), quick) } }),
};
