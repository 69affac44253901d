// heddle's pools beside the pools people use in Node today, and Python's concurrent.futures.
import { fileURLToPath } from 'node:url';
import { peers, REFERENCE } from './peers/index.mjs';
import { scenarios } from './scenarios/index.mjs';

const WORKERS = 2;

/** @type {import('../suites.mjs').Suite} */
export const pools = {
  id: 'pools',
  keepsResults: true,
  minutes: 15,
  reference: REFERENCE,
  peers,
  scenarios,
  python: {
    program: fileURLToPath(new URL('./probe.py', import.meta.url)),
    module: 'concurrent.futures',
    getIt: 'Any Python 3 will do.',
  },
  context({ library, kind }) {
    const opened = [];
    const openWith = async (workers) => {
      const { open: openPeer } = await import(`./peers/${library}.mjs`);
      const pool = await openPeer({ kind, workers });
      opened.push(pool);
      return pool;
    };
    const close = () => Promise.all(opened.map((pool) => pool.close()));
    return { open: () => openWith(WORKERS), openWith, kind, workers: WORKERS, close };
  },
};
