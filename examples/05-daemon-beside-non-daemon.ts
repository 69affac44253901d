/** The end of the main program ends a daemon, and waits for a process that is not a daemon. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Event, Process } from 'heddle';

const hasBegun = new Event();
const work = async (name: string, ms: number): Promise<void> => {
  console.log(`${name}: begins`);
  hasBegun.set();
  await sleep(ms);
  console.log(`${name}: ends`);
};

new Process({ target: work, args: ['daemon', 60_000], daemon: true }).start();
await hasBegun.wait();
new Process({ target: work, args: ['process', 100] }).start();
console.log('main: has nothing more to do');
