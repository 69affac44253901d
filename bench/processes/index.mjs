// Processes and threads of one function each, beside bare Node's and Python's.
import { fileURLToPath } from 'node:url';
import { peers, REFERENCE } from './peers/index.mjs';
import { scenarios } from './scenarios/index.mjs';

/** @type {import('../suites.mjs').Suite} */
export const processes = {
  id: 'processes',
  reference: REFERENCE,
  peers,
  scenarios,
  program: new URL('./probe.mjs', import.meta.url),
  python: {
    program: fileURLToPath(new URL('./probe.py', import.meta.url)),
    module: 'multiprocessing',
    getIt: 'Any Python 3 will do.',
  },
  context: async ({ library, kind }) => {
    const { open } = await import(`./peers/${library}.mjs`);
    return { kind, peer: await open(kind) };
  },
};
