/** A producer that waits while the queue is full, and a consumer that waits while it is empty. */

import { Empty, Full, Process, Queue } from 'heddle';

const size = 10_000;
const count = 25_000;
const queue = new Queue<number>(size);

const producer = new Process({
  target: (items: number): void => {
    for (let item = 0; item < items; item += 1) queue.putSync(item);
  },
  args: [count],
}).start();

// The producer has put as many as there is room for, and waits.
while (!queue.full()) await new Promise((resolve) => setTimeout(resolve, 1));
console.log(`full: ${queue.full()}, qsize: ${queue.qsize()}`);
try {
  queue.putNowait(-1);
} catch (error) {
  console.log(`putNowait: ${error instanceof Full ? 'Full' : String(error)}`);
}
await queue.put(-1, 5).catch((error: unknown) => console.log(`put within 5 ms: ${error instanceof Full ? 'Full' : String(error)}`));

const consumer = new Process({
  target: (items: number): void => {
    let sum = 0;
    for (let taken = 0; taken < items; taken += 1) sum += queue.getSync();
    console.log(`consumer: ${items} items, their sum is ${sum}`);
  },
  args: [count],
}).start();

await producer.join();
await consumer.join();
console.log(`empty: ${queue.empty()}, qsize: ${queue.qsize()}`);
try {
  queue.getNowait();
} catch (error) {
  console.log(`getNowait: ${error instanceof Empty ? 'Empty' : String(error)}`);
}
await queue.get(5).catch((error: unknown) => console.log(`get within 5 ms: ${error instanceof Empty ? 'Empty' : String(error)}`));
queue.close();
