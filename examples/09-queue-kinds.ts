/** First in, first out; and tasks that are counted: a worker says `taskDone()` for each, and `join()` waits for all. */

import { JoinableQueue, Process, Queue } from 'heddle';

const fifo = new Queue<number>();
await fifo.putMany([1, 2, 3]);
console.log('first in, first out:', await fifo.getMany(3));

const tasks = new JoinableQueue<string>();
const workers = [1, 2].map(() =>
  new Process({
    daemon: true,
    target: async (): Promise<void> => {
      for await (const task of tasks) {
        console.log(`${task} is done`);
        tasks.taskDone();
      }
    },
  }).start(),
);
await tasks.putMany(['wash', 'dry', 'fold']);
await tasks.join();
console.log('all tasks are done');
tasks.shutdown();
for (const worker of workers) await worker.join();
