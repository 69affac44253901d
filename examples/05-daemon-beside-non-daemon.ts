/** The end of the main program ends a daemon, and waits for a process that is none. */

import { Event, Process } from 'heddle';

const hasBegun = new Event();
const work = (name: string, ms: number): Promise<void> => {
  console.log(`${name}: begins`);
  hasBegun.set();
  return new Promise((resolve) =>
    setTimeout(() => {
      console.log(`${name}: ends`);
      resolve();
    }, ms),
  );
};

const daemon = new Process({ target: work, args: ['daemon', 60_000], daemon: true });
daemon.start();
await hasBegun.wait();
const other = new Process({ target: work, args: ['process', 100] });
other.start();
console.log('main: has nothing more to do');
