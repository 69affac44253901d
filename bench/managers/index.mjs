// heddle's managers and connections over sockets beside Python's.
import { fileURLToPath } from 'node:url';
import { peers, REFERENCE } from './peers/index.mjs';
import { scenarios } from './scenarios/index.mjs';

/** @type {import('../suites.mjs').Suite} */
export const managers = {
  id: 'managers',
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
    return { peer, close: () => peer.close() };
  },
};
