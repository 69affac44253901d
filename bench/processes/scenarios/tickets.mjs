import { readFileSync, writeFileSync } from 'node:fs';
import { expect, timed } from '../../measure.mjs';
import { inFolder } from '../folder.mjs';

const CLIENTS = 100;
const TICKETS = 1;

export const tickets = {
  id: 'tickets',
  title: `Tickets: ${CLIENTS} processes want ${TICKETS} ticket, a file is the database and a lock guards it; until the last has ended. bare-child has no lock: its children are empty`,
  figures: [{ key: 'ms', title: 'all together', unit: 'ms', better: 'lower' }],
  comparisons: [
    { title: 'heddle-spawn / python-spawn', key: 'ms', of: 'heddle-spawn', to: 'python-spawn', by: 'ratio' },
    { title: 'heddle-spawn / bare-child', key: 'ms', of: 'heddle-spawn', to: 'bare-child', by: 'ratio' },
  ],
  run: ({ peer }) =>
    inFolder(async (fileNamed) => {
      const database = fileNamed('database.json');
      writeFileSync(database, JSON.stringify({ tickets: TICKETS, sold: 0 }));
      const lock = peer.makeLock?.();
      const ms = await timed(async () => {
        const children = Array.from({ length: CLIENTS }, () => (lock ? peer.prepare('buy', lock, database) : peer.prepare('nothing')));
        for (const child of children) child.start();
        await Promise.all(children.map((child) => child.join()));
      });
      if (lock) expect(JSON.parse(readFileSync(database, 'utf8')).sold, TICKETS, 'tickets sold');
      return { figures: { ms } };
    }),
};
