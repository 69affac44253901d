// Locks, queues and maps of many machines beside the bare commands of ioredis.
import { peers, REFERENCE } from './peers/index.mjs';
import { scenarios } from './scenarios/index.mjs';
import { startServer } from './server.mjs';

/** @type {import('../suites.mjs').Suite} */
export const distributed = {
  id: 'distributed',
  reference: REFERENCE,
  peers,
  scenarios,
  context: async ({ library }) => {
    const server = await startServer();
    const { open } = await import(`./peers/${library}.mjs`);
    const peer = await open(server);
    return {
      peer,
      close: async () => {
        await peer.close();
        await server.close();
      },
    };
  },
};
