// heddle's queues and values beside what carries messages between processes and threads today, and the least that a wake-up can be: a futex.
import { fileURLToPath } from 'node:url';
import { peers, REFERENCE } from './peers/index.mjs';
import { scenarios } from './scenarios/index.mjs';

/** @type {import('../suites.mjs').Suite} */
export const channels = {
  id: 'channels',
  reference: REFERENCE,
  peers,
  scenarios,
  python: {
    program: fileURLToPath(new URL('./probe.py', import.meta.url)),
    module: 'multiprocessing',
    getIt: 'Any Python 3 will do.',
  },
  context: async ({ library, kind }) => {
    const { open } = await import(`./peers/${library}.mjs`);
    const peer = await open({ kind });
    return { peer, close: () => peer.close?.() };
  },
};
