/** A process runs a function; parent and child print. */

import { Process } from 'heddle';

const greet = (name: string, parent: number): void =>
  console.log(`child: hello ${name}, ${process.ppid === parent ? 'my parent is the main program' : 'who started me?'}`);

const child = new Process({ target: greet, args: ['bob', process.pid] });
child.start();
console.log('parent: the child was started');
await child.join();
console.log(`parent: the child has ended with ${child.exitCode}`);
