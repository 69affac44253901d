/** The attributes of a process before, while and after it runs. */

import { Event, Process } from 'heddle';

const go = new Event();
const child = new Process({ target: () => void go.waitSync() });
child.daemon = true;
const show = (when: string): void =>
  console.log(
    `${when}: ${child.name}, ${child.pid === null ? 'no pid' : 'a pid'}, alive ${child.isAlive()}, daemon ${child.daemon}, exit code ${child.exitCode}`,
  );

show('before start()');
child.start();
show('while it runs');
go.set();
console.log(`joined: ${await child.join()}`);
show('afterwards');
