// heddle's locks beside Python's, multithreading's, and the least that a lock can be: a futex.
import { fileURLToPath } from 'node:url';
import { peers, REFERENCE } from './peers/index.mjs';
import { scenarios } from './scenarios/index.mjs';

/** @type {import('../suites.mjs').Suite} */
export const sync = {
  id: 'sync',
  reference: REFERENCE,
  peers,
  scenarios,
  python: {
    program: fileURLToPath(new URL('./probe.py', import.meta.url)),
    module: 'multiprocessing',
    getIt: 'Any Python 3 will do.',
  },
  context: async ({ library, kind }) => {
    if (kind === 'threads-none') process.env.HEDDLE_PLATFORM = 'none';
    const { open } = await import(`./peers/${library}.mjs`);
    const peer = await open({ kind: kind.split('-')[0] });
    return { peer, close: () => peer.close?.() };
  },
};
