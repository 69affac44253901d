// The cost of a program before its first result: heddle's start beside a bare Worker, a bare child process and the other pools.
import { peers, REFERENCE } from './peers/index.mjs';
import { scenarios } from './scenarios/index.mjs';

/** Libraries with a file in `peers/`. */
const OWN = new Set(['heddle', 'bare-worker', 'bare-child']);

/** @type {import('../suites.mjs').Suite} */
export const startup = {
  id: 'startup',
  reference: REFERENCE,
  peers,
  scenarios,
  program: new URL('./probe.mjs', import.meta.url),
  async context({ library, kind, hasOnePool = false }, scenario) {
    const peer = await peerOf(library);
    await peer.prepare?.(library);
    const pools = [];
    return {
      library,
      kind,
      hasOnePool,
      load: () => peer.load(library),
      async opener() {
        const open = await peer.opener(library);
        return (workers) => {
          const pool = open({ kind: scenario.kind, workers });
          pools.push(pool);
          return pool;
        };
      },
      close: () => Promise.all(pools.map((pool) => pool.close())),
    };
  },
};

function peerOf(library) {
  return import(`./peers/${OWN.has(library) ? library : 'others'}.mjs`);
}
