/**
 * First in, first out; last in, first out; lowest first; both ends. And tasks that are counted: a worker says `taskDone()` for each, and `join()` waits for all. All of
 * them are handed to processes.
 */

import { Deque, JoinableQueue, LifoQueue, PriorityQueue, Process, Queue } from 'heddle';

const fifo = new Queue<number>();
await fifo.putMany([1, 2, 3]);
console.log('first in, first out:', await fifo.getMany(3));

const lifo = new LifoQueue<number>();
await lifo.putMany([1, 2, 3]);
console.log('last in, first out:', await lifo.getMany(3));

const orders = new PriorityQueue<[priority: number, order: string]>();
const filling = new Process({
  target: async (): Promise<void> => {
    await orders.put([3, 'a newspaper']);
    await orders.put([1, 'an ambulance']);
    await orders.put([2, 'a taxi']);
    await orders.put([1, 'a fire engine']);
  },
}).start();
await filling.join();
while (!orders.empty()) {
  const [priority, order] = await orders.get();
  console.log(`lowest first: ${priority}, ${order}`);
}

const line = new Deque<string>();
await line.extend(['Ann', 'Ben']);
const cutter = new Process({
  target: async (): Promise<void> => {
    await line.appendLeft('Cleo, at the front');
    await line.append('Dan');
  },
}).start();
await cutter.join();
console.log('both ends:', await line.popLeft(), 'and', await line.pop());
line.rotate(1);
console.log('turned by one:', [...line]);

const latest = new Deque<number>(3);
for (let reading = 1; reading <= 10; reading += 1) await latest.append(reading);
console.log('the last three readings:', [...latest]);

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
