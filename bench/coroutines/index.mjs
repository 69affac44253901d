// heddle's coroutines beside what people use instead: plain promises, bare generators, effection; and beside the originals, greenlet and gevent.
import { fileURLToPath } from 'node:url';
import { peers, REFERENCE } from './peers/index.mjs';
import { scenarios } from './scenarios/index.mjs';

/** @type {import('../suites.mjs').Suite} */
export const coroutines = {
  id: 'coroutines',
  reference: REFERENCE,
  peers,
  scenarios,
  python: {
    program: fileURLToPath(new URL('./probe.py', import.meta.url)),
    module: 'gevent',
    getIt: 'Get it by `apt-get install python3-gevent` or `pip install gevent`.',
  },
  context: async ({ library, kind, atMost = {} }, { id }) => ({
    peer: await import(`./peers/${library}${kind ? `-${kind}` : ''}.mjs`),
    atMost: atMost[id],
  }),
};
