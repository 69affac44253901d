// heddle's pools beside the pools people use in Node today, and Python's concurrent.futures.
import { fileURLToPath } from 'node:url';
import { peers, REFERENCE } from './peers/index.mjs';
import { scenarios } from './scenarios/index.mjs';

const WORKERS = 2;

/** @type {import('../suites.mjs').Suite} */
export const pools = {
  id: 'pools',
  reference: REFERENCE,
  peers,
  scenarios,
  python: {
    program: fileURLToPath(new URL('./probe.py', import.meta.url)),
    module: 'concurrent.futures',
    getIt: 'Any Python 3 will do.',
  },
  context({ library, kind }) {
    let pool;
    const open = async () => {
      const { open: openPeer } = await import(`./peers/${library}.mjs`);
      pool = await openPeer({ kind, workers: WORKERS });
      return pool;
    };
    return { open, kind, workers: WORKERS, close: () => pool?.close() };
  },
};
