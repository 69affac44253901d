/** A child puts, the parent gets: Python's tutorial of `multiprocessing.Queue`. */

import { Process, Queue } from 'heddle';

const queue = new Queue<[number, null, string]>();

const child = new Process({
  target: (): void => {
    queue.putSync([42, null, 'hello']);
  },
}).start();

console.log('parent got', await queue.get());
await child.join();
