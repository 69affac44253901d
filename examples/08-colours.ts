/** A writer puts six colours, a reader takes them while they come. */

import { Process, Queue } from 'heddle';

const queue = new Queue<string>();

const write = async (): Promise<void> => {
  for (const colour of ['red', 'green', 'blue', 'yellow', 'purple', 'black']) {
    console.log(`writer puts ${colour}`);
    await queue.put(colour);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  queue.shutdown();
};

const read = async (): Promise<void> => {
  for await (const colour of queue) console.log(`reader takes ${colour}`);
};

const processes = [write, read].map((target) => new Process({ target }).start());
for (const process of processes) await process.join();
console.log('End of mission');
