/** A daemon ends when the main program ends, in the middle of its work, and may have no children of its own. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Event, Process } from 'heddle';

const hasBegun = new Event();

const work = async (): Promise<void> => {
  try {
    new Process({ target: () => console.log('never printed') }).start();
  } catch (error) {
    console.log(`daemon: ${(error as Error).message}`);
  }
  console.log('daemon: begins');
  hasBegun.set();
  await sleep(60_000);
  console.log('daemon: never printed, either');
};

new Process({ target: work, daemon: true }).start();
await hasBegun.wait();
console.log('main: ends');
